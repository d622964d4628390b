// The language server: it turns what the editing functions answer into the protocol, and decides nothing itself.
// The build bundles this file with the libraries that it needs, so that the package has no dependencies.
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type CodeAction,
  CodeActionKind,
  CodeActionTriggerKind,
  type CompletionItem,
  CompletionItemKind,
  createConnection,
  type Diagnostic,
  DiagnosticSeverity,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticReportKind,
  DocumentHighlightKind,
  type DocumentSymbol,
  ErrorCodes,
  type FoldingRange,
  FoldingRangeKind,
  InsertTextFormat,
  MarkupKind,
  ProposedFeatures,
  type Range,
  ResponseError,
  SemanticTokensBuilder,
  SymbolKind,
  TextDocuments,
  TextDocumentSyncKind,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { ignoreFile, isDockerfileName } from './cli/input.js';
import { Configuration } from './config/load.js';
import { LayerwrightError } from './errors.js';
import type { Completion, DocumentSymbol as Symbol, Finding, FormatOptions, LintOptions, SemanticToken } from './index.js';
import * as lw from './index.node.js';
import { webAddress } from './report/report.js';

/** What a client can set, all of it optional. */
interface Settings {
  /** Whether to lint at all. Default: true. */
  lint?: boolean;
  profile?: LintOptions['profile'];
  enable?: string[];
  ignore?: string[];
  /** The path of a .hadolint.yaml. Default: the nearest above the file, then where hadolint looks. */
  config?: string;
  buildArgs?: Record<string, string>;
  target?: string;
  platform?: string;
  /** How to format; the indent is the editor's where it is not given. */
  format?: FormatOptions;
}

const SECTION = 'layerwright';
const FIX_ALL = `${CodeActionKind.SourceFixAll}.layerwright`;
const SEVERITIES = { error: DiagnosticSeverity.Error, warning: DiagnosticSeverity.Warning, info: DiagnosticSeverity.Information, style: DiagnosticSeverity.Hint };
const COMPLETIONS: Record<Completion['kind'], CompletionItemKind> = {
  instruction: CompletionItemKind.Keyword,
  flag: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
  stage: CompletionItemKind.Class,
  variable: CompletionItemKind.Variable,
  image: CompletionItemKind.Module,
  directive: CompletionItemKind.Keyword,
  rule: CompletionItemKind.Constant,
};
const SYMBOLS: Record<Symbol['kind'], SymbolKind> = { directive: SymbolKind.Property, stage: SymbolKind.Class, instruction: SymbolKind.Method, argument: SymbolKind.Variable, heredoc: SymbolKind.String };
const TOKEN_TYPES: SemanticToken['type'][] = ['keyword', 'parameter', 'variable', 'string', 'operator', 'comment', 'class', 'type', 'number', 'property', 'macro', 'function'];
const TOKEN_MODIFIERS = ['declaration'];

/** How long the text has to rest before it is linted, where diagnostics are pushed: milliseconds. */
const REST = 150;
/** How long a client may take to tell its settings: milliseconds. */
const PATIENCE = 2000;

/** Serves until the client ends it. Answers the exit status. */
export function serve(input: Readable, output: Writable): Promise<number> {
  const connection = createConnection(ProposedFeatures.all, input, output);
  const documents = new TextDocuments(TextDocument);
  let settings: Settings = {};
  let folders: string[] = [];
  /** Nothing is linted before the client has told its settings. */
  let ready: Promise<void> = Promise.resolve();
  const can = { pull: false, refresh: false, configuration: false, configurationChanges: false, watch: false, hierarchy: false };
  const waiting = new Map<string, NodeJS.Timeout>();

  connection.onInitialize(({ capabilities, initializationOptions, workspaceFolders, rootUri }) => {
    const { textDocument, workspace } = capabilities;
    can.pull = textDocument?.diagnostic !== undefined;
    can.refresh = workspace?.diagnostics?.refreshSupport === true;
    can.configuration = workspace?.configuration === true;
    can.configurationChanges = workspace?.didChangeConfiguration?.dynamicRegistration === true;
    can.watch = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    can.hierarchy = textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport === true;
    settings = settingsOf(initializationOptions);
    folders = (workspaceFolders?.map((f) => f.uri) ?? (rootUri ? [rootUri] : [])).map(fileOf).filter((f) => f !== undefined);
    return {
      serverInfo: { name: 'layerwright', version: lw.version() },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
        documentFormattingProvider: true,
        completionProvider: { triggerCharacters: ['-', '=', '$', '{', ','] },
        hoverProvider: true,
        documentSymbolProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        renameProvider: { prepareProvider: true },
        foldingRangeProvider: true,
        semanticTokensProvider: { legend: { tokenTypes: TOKEN_TYPES, tokenModifiers: TOKEN_MODIFIERS }, full: true, range: true },
        ...(can.pull ? { diagnosticProvider: { identifier: 'layerwright', interFileDependencies: false, workspaceDiagnostics: false } } : {}),
        workspace: { workspaceFolders: { supported: true } },
      },
    };
  });

  connection.onInitialized(async () => {
    if (can.configurationChanges) void connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION });
    if (can.watch) {
      const watchers = ['**/.hadolint.{yaml,yml}', '**/*.dockerignore'].map((globPattern) => ({ globPattern }));
      void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    ready = Promise.race([pullSettings(), new Promise<void>((resolve) => setTimeout(resolve, PATIENCE).unref())]);
    await ready;
  });

  /** The client's own settings go over those of the start. */
  async function pullSettings(): Promise<void> {
    if (!can.configuration) return;
    try {
      const pulled: unknown = await connection.workspace.getConfiguration(SECTION);
      if (pulled && typeof pulled === 'object' && Object.keys(pulled).length) settings = settingsOf(pulled);
    } catch (error) {
      connection.console.warn(`The settings could not be asked for: ${(error as Error).message}`);
    }
    lintAll();
  }

  connection.onDidChangeConfiguration(async ({ settings: given }) => {
    if (given && typeof given === 'object' && Object.keys(given as object).length) {
      settings = settingsOf(given);
      lintAll();
    } else await pullSettings();
  });
  connection.onDidChangeWatchedFiles(() => lintAll());

  function lintAll(): void {
    if (can.pull) {
      if (can.refresh) connection.languages.diagnostics.refresh();
      return;
    }
    for (const document of documents.all()) void push(document);
  }

  const ours = ({ uri, languageId }: TextDocument): boolean => /^(dockerfile|containerfile)$/i.test(languageId) || isDockerfileName(path.posix.basename(decodeURIComponent(new URL(uri).pathname)));
  const known = (uri: string): TextDocument | undefined => {
    const document = documents.get(uri);
    return document && ours(document) ? document : undefined;
  };

  /** Options for a file: the settings, the nearest configuration and the ignore file. */
  async function optionsFor({ uri }: TextDocument): Promise<LintOptions> {
    const file = fileOf(uri);
    const { profile, enable, ignore, buildArgs, target, platform, config } = settings;
    const above = file === undefined ? [] : upTo(path.dirname(file), folders);
    const named = config !== undefined && !path.isAbsolute(config) ? path.join(folders[0] ?? '.', config) : config;
    // Made anew each time: its files change while the editor is open.
    const configuration = new Configuration({
      core: Promise.resolve(lw),
      cwd: folders[0] ?? process.cwd(),
      env: process.env,
      config: named,
      hadolintFolders: above,
      commandLine: { profile, enable, ignore, 'build-args': buildArgs, target, platform },
    });
    const held = await configuration.for(file ?? '-');
    return {
      ...held.settings.options,
      dockerignore: file === undefined ? undefined : await ignoreFile(file),
    };
  }

  /** The findings of a file. A configuration that cannot be read is a finding too. */
  async function findingsOf(document: TextDocument): Promise<{ findings: Finding[]; problem?: string }> {
    await ready;
    if (settings.lint === false) return { findings: [] };
    try {
      return { findings: lw.lint(document.getText(), await optionsFor(document)).findings };
    } catch (error) {
      if (!(error instanceof LayerwrightError)) throw error;
      return { findings: [], problem: `${error.message} (${error.code})` };
    }
  }

  async function diagnosticsOf(document: TextDocument): Promise<Diagnostic[]> {
    const { findings, problem } = await findingsOf(document);
    const found = findings.map((finding) => diagnostic(document, finding));
    if (problem !== undefined) found.unshift({ range: range(document, { start: 0, end: 0 }), severity: DiagnosticSeverity.Error, source: 'layerwright', message: problem });
    return found;
  }

  async function push(document: TextDocument): Promise<void> {
    if (!ours(document)) return;
    const { version, uri } = document;
    const diagnostics = await diagnosticsOf(document);
    if (documents.get(uri)?.version === version) await connection.sendDiagnostics({ uri, version, diagnostics });
  }

  documents.onDidChangeContent(({ document }) => {
    if (can.pull) return;
    clearTimeout(waiting.get(document.uri));
    waiting.set(document.uri, setTimeout(() => void push(document), REST));
  });
  documents.onDidClose(({ document }) => {
    clearTimeout(waiting.get(document.uri));
    waiting.delete(document.uri);
    if (!can.pull && ours(document)) void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });

  if (connection.languages.diagnostics)
    connection.languages.diagnostics.on(async ({ textDocument }) => {
      const document = known(textDocument.uri);
      return { kind: DocumentDiagnosticReportKind.Full, items: document ? await diagnosticsOf(document) : [] };
    });

  connection.onCodeAction(async ({ textDocument, range: { start, end }, context }): Promise<CodeAction[]> => {
    const document = known(textDocument.uri);
    if (!document) return [];
    const wants = (kind: string) => !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
    const edits = (list: TextEdit[]): WorkspaceEdit => ({ changes: { [document.uri]: list } });
    const actions: CodeAction[] = [];
    const { findings } = await findingsOf(document);
    if (wants(CodeActionKind.QuickFix)) {
      const [from, to] = [document.offsetAt(start), document.offsetAt(end)];
      const here = findings.filter((f) => f.start <= to && f.end >= from);
      for (const finding of here) {
        if (!finding.fix) continue;
        const changes = finding.fix.edits.map((e) => ({ range: range(document, e), newText: e.text }));
        actions.push({ title: finding.fix.title, kind: CodeActionKind.QuickFix, isPreferred: finding.fix.safe, diagnostics: [diagnostic(document, finding)], edit: edits(changes) });
      }
      for (const [code, finding] of new Map(here.map((f) => [`${f.code}:${f.lines.from}`, f])))
        actions.push({ title: `Ignore ${finding.code} here`, kind: CodeActionKind.QuickFix, diagnostics: here.filter((f) => `${f.code}:${f.lines.from}` === code).map((f) => diagnostic(document, f)), edit: edits([suppression(document, finding)]) });
    }
    const asked = context.only !== undefined || context.triggerKind === CodeActionTriggerKind.Automatic;
    if (wants(FIX_ALL) && (asked || findings.filter((f) => f.fix?.safe).length > 1)) {
      const fixed = lw.fix(document.getText(), await optionsFor(document));
      if (fixed.applied.length) actions.push({ title: 'Fix all that is safe to fix', kind: FIX_ALL, edit: edits([replacement(document, fixed.text)]) });
    }
    return actions;
  });

  connection.onDocumentFormatting(({ textDocument, options }) => {
    const document = known(textDocument.uri);
    if (!document) return [];
    const made = lw.format(document.getText(), { indent: Math.max(0, Math.min(16, options.tabSize)), ...settings.format });
    return made === document.getText() ? [] : [replacement(document, made)];
  });

  connection.onCompletion(({ textDocument, position }): CompletionItem[] => {
    const document = known(textDocument.uri);
    if (!document) return [];
    const { buildArgs, platform } = settings;
    const found = lw.completions(document.getText(), document.offsetAt(position), { buildArgs, platform });
    return found.map((c, i) => ({
      label: c.label,
      kind: COMPLETIONS[c.kind],
      detail: c.detail,
      documentation: c.documentation === undefined ? undefined : { kind: MarkupKind.Markdown, value: c.documentation },
      insertTextFormat: InsertTextFormat.PlainText,
      sortText: String(i).padStart(5, '0'),
      filterText: c.insert.startsWith(document.getText().slice(c.start, document.offsetAt(position))) ? c.insert : c.label,
      textEdit: { range: range(document, c), newText: c.insert },
    }));
  });

  connection.onHover(({ textDocument, position }) => {
    const document = known(textDocument.uri);
    const hover = document && lw.hover(document.getText(), document.offsetAt(position));
    return document && hover ? { contents: { kind: MarkupKind.Markdown, value: hover.contents }, range: range(document, hover) } : null;
  });

  connection.onDocumentSymbol(({ textDocument }) => {
    const document = known(textDocument.uri);
    if (!document) return [];
    const symbol = (s: Symbol): DocumentSymbol => ({
      name: s.name || '?',
      detail: s.detail,
      kind: SYMBOLS[s.kind],
      range: range(document, s),
      selectionRange: range(document, { start: s.nameStart, end: s.nameEnd }),
      children: s.children?.map(symbol),
    });
    const outline = lw.symbols(document.getText()).map(symbol);
    if (can.hierarchy) return outline;
    const flat = (list: DocumentSymbol[], containerName?: string): { name: string; kind: SymbolKind; location: { uri: string; range: Range }; containerName?: string }[] =>
      list.flatMap((s) => [{ name: s.name, kind: s.kind, location: { uri: document.uri, range: s.range }, containerName }, ...flat(s.children ?? [], s.name)]);
    return flat(outline);
  });

  connection.onDefinition(({ textDocument, position }) => {
    const document = known(textDocument.uri);
    const place = document && lw.definition(document.getText(), document.offsetAt(position));
    return document && place ? { uri: document.uri, range: range(document, place) } : null;
  });

  connection.onReferences(({ textDocument, position, context }) => {
    const document = known(textDocument.uri);
    if (!document) return [];
    const places = lw.references(document.getText(), document.offsetAt(position)).filter((r) => context.includeDeclaration || !r.definition);
    return places.map((r) => ({ uri: document.uri, range: range(document, r) }));
  });

  connection.onDocumentHighlight(({ textDocument, position }) => {
    const document = known(textDocument.uri);
    if (!document) return [];
    return lw.references(document.getText(), document.offsetAt(position)).map((r) => ({ range: range(document, r), kind: r.definition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read }));
  });

  connection.onPrepareRename(({ textDocument, position }) => {
    const document = known(textDocument.uri);
    const target = document && lw.prepareRename(document.getText(), document.offsetAt(position));
    return document && target ? { range: range(document, target), placeholder: target.name } : null;
  });

  connection.onRenameRequest(({ textDocument, position, newName }) => {
    const document = known(textDocument.uri);
    if (!document) return null;
    try {
      const edits = lw.rename(document.getText(), document.offsetAt(position), newName);
      return { changes: { [document.uri]: edits.map((e) => ({ range: range(document, e), newText: e.text })) } };
    } catch (error) {
      if (error instanceof LayerwrightError) throw new ResponseError(ErrorCodes.InvalidRequest, error.message, { code: error.code });
      throw error;
    }
  });

  connection.onFoldingRanges(({ textDocument }): FoldingRange[] => {
    const document = known(textDocument.uri);
    if (!document) return [];
    return lw.folding(document.getText()).map(({ start, end, kind }) => ({ startLine: document.positionAt(start).line, endLine: document.positionAt(end).line, kind: kind === 'comment' ? FoldingRangeKind.Comment : FoldingRangeKind.Region }));
  });

  const tokens = (document: TextDocument, from = 0, to = Infinity) => {
    const builder = new SemanticTokensBuilder();
    for (const { start, end, type, modifiers } of lw.semanticTokens(document.getText())) {
      if (end < from || start > to) continue;
      const { line, character } = document.positionAt(start);
      const bits = (modifiers ?? []).reduce((sum, m) => sum | (1 << TOKEN_MODIFIERS.indexOf(m)), 0);
      builder.push(line, character, end - start, TOKEN_TYPES.indexOf(type), bits);
    }
    return builder.build();
  };
  connection.languages.semanticTokens.on(({ textDocument }) => {
    const document = known(textDocument.uri);
    return document ? tokens(document) : { data: [] };
  });
  connection.languages.semanticTokens.onRange(({ textDocument, range: { start, end } }) => {
    const document = known(textDocument.uri);
    return document ? tokens(document, document.offsetAt(start), document.offsetAt(end)) : { data: [] };
  });

  documents.listen(connection);
  connection.listen();
  return new Promise((resolve) => {
    connection.onShutdown(() => waiting.forEach(clearTimeout));
    connection.onExit(() => resolve(0));
  });
}

/** Settings as a client gives them: alone, or under the name of the server. What is no setting is left out. */
function settingsOf(given: unknown): Settings {
  const object = (value: unknown): Record<string, unknown> => (value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {});
  const own = SECTION in object(given) ? object(object(given)[SECTION]) : object(given);
  const text = (key: string) => (typeof own[key] === 'string' && own[key] !== '' ? own[key] : undefined);
  const texts = (key: string) => (Array.isArray(own[key]) ? own[key].filter((v) => typeof v === 'string') : undefined);
  return {
    lint: own.lint !== false,
    profile: text('profile') as Settings['profile'],
    enable: texts('enable'),
    ignore: texts('ignore'),
    config: text('config'),
    buildArgs: Object.fromEntries(Object.entries(object(own.buildArgs)).map(([key, value]) => [key, String(value)])),
    target: text('target'),
    platform: text('platform'),
    format: object(own.format) as FormatOptions,
  };
}

function fileOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** A folder and those above it, up to the workspace folder that it is in, or to the root. */
function upTo(folder: string, roots: string[]): string[] {
  const real = (dir: string) => {
    try {
      return realpathSync(dir);
    } catch {
      return path.resolve(dir);
    }
  };
  const ends = new Set(roots.map(real));
  const found: string[] = [];
  for (let at = real(folder); ; at = path.dirname(at)) {
    found.push(at);
    if (ends.has(at) || at === path.dirname(at)) return found;
  }
}

const range = (document: TextDocument, { start, end }: { start: number; end: number }): Range => ({ start: document.positionAt(start), end: document.positionAt(end) });

function diagnostic(document: TextDocument, finding: Finding): Diagnostic {
  const { code, level, message, help, url } = finding;
  return {
    range: range(document, finding),
    severity: SEVERITIES[level],
    code,
    ...(webAddress(url) ? { codeDescription: { href: url! } } : {}),
    source: 'layerwright',
    message: help === undefined ? message : `${message}\n${help}`,
  };
}

/** The comment that silences a finding, above its instruction; an ignore comment that is there gets one more code. */
function suppression(document: TextDocument, { code, lines }: Finding): TextEdit {
  const line = lines.from - 1;
  const above = line > 0 ? document.getText({ start: { line: line - 1, character: 0 }, end: { line, character: 0 } }) : '';
  const there = /^\s*#\s*layerwright\s+ignore\s*=\s*\w+(?:\s*,\s*\w+)*/.exec(above);
  const at = there ? { line: line - 1, character: there[0].length } : { line, character: 0 };
  const ending = document.getText().includes('\r\n') ? '\r\n' : '\n';
  return { range: { start: at, end: at }, newText: there ? `,${code}` : `# layerwright ignore=${code}${ending}` };
}

/** One edit that makes a document into `made`, no larger than what differs. */
function replacement(document: TextDocument, made: string): TextEdit {
  const text = document.getText();
  let start = 0;
  while (start < text.length && start < made.length && text[start] === made[start]) start++;
  let tail = 0;
  while (tail < text.length - start && tail < made.length - start && text[text.length - 1 - tail] === made[made.length - 1 - tail]) tail++;
  // A line end or a character of two units is not cut.
  if (start > 0 && /[\r\ud800-\udbff]/.test(text[start - 1]!)) start--;
  if (tail > 0 && /[\n\udc00-\udfff]/.test(text[text.length - tail]!)) tail--;
  return { range: range(document, { start, end: text.length - tail }), newText: made.slice(start, made.length - tail) };
}
