// The language server as an editor meets it: a process, spoken to over its standard input and output.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.LAYERWRIGHT_REPOSITORY, 'package.json'));
const rpc = await import(pathToFileURL(require.resolve('vscode-jsonrpc/node')));
const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = rpc.default ?? rpc;

const cli = path.resolve('node_modules', '.bin', 'layerwright');
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-lsp-')));
const children = [];
after(() => children.forEach((child) => child.kill()));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const TEXT = `# syntax=docker/dockerfile:1
ARG VERSION=1
FROM alpine:3.20 as build
RUN apk add --no-cache \\
    curl
COPY <<EOF /x
a
b
EOF
FROM scratch
COPY --from=build /x /x
ADD a.txt /a.txt
`;

/** Starts a server; `ask` and `tell` speak with it. */
async function start({ capabilities = {}, initializationOptions, settings } = {}) {
  const child = spawn(process.execPath, [fs.realpathSync(cli), 'lsp', '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  const pushed = [];
  const registered = [];
  connection.onNotification('textDocument/publishDiagnostics', (p) => pushed.push(p));
  connection.onRequest('client/registerCapability', (p) => void registered.push(...p.registrations.map((r) => r.method)));
  connection.onRequest('workspace/configuration', (p) => p.items.map(() => settings ?? null));
  connection.onRequest('workspace/diagnostic/refresh', () => null);
  connection.listen();
  const root = pathToFileURL(folder).href;
  const { capabilities: server } = await connection.sendRequest('initialize', { processId: process.pid, rootUri: root, capabilities, initializationOptions, workspaceFolders: [{ uri: root, name: 'x' }] });
  await connection.sendNotification('initialized', {});
  let version = 0;
  return {
    server,
    pushed,
    registered,
    ask: (method, params) => connection.sendRequest(method, params),
    tell: (method, params) => connection.sendNotification(method, params),
    async open(text = TEXT, name = 'Dockerfile', languageId = 'dockerfile') {
      const uri = pathToFileURL(path.join(folder, name)).href;
      await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: ++version, text } });
      return { textDocument: { uri } };
    },
    async diagnostics(count = 1) {
      for (let i = 0; i < 100 && pushed.length < count; i++) await new Promise((r) => setTimeout(r, 50));
      assert.ok(pushed.length >= count, 'diagnostics are pushed');
      return pushed.at(-1);
    },
    async stop() {
      const gone = once(child, 'exit');
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      const [code] = await gone;
      connection.dispose();
      assert.equal(code, 0, 'exit status');
    },
  };
}

/** Where `needle` begins in a text, `skip` units later. */
function place(needle, skip = 0, text = TEXT) {
  const at = text.indexOf(needle) + skip;
  const before = text.slice(0, at).split('\n');
  return { line: before.length - 1, character: before.at(-1).length };
}

const offset = (text, { line, character }) => text.split('\n').slice(0, line).reduce((sum, l) => sum + l.length + 1, 0) + character;

/** A text after edits. */
function edited(text, edits) {
  const sorted = [...edits].sort((a, b) => offset(text, b.range.start) - offset(text, a.range.start));
  return sorted.reduce((t, e) => t.slice(0, offset(text, e.range.start)) + e.newText + t.slice(offset(text, e.range.end)), text);
}

const textOf = (text, { start, end }) => text.slice(offset(text, start), offset(text, end));

test('diagnostics are pushed on open and after a change, and taken back on close', async () => {
  const server = await start();
  const { textDocument } = await server.open();
  const first = await server.diagnostics();
  const casing = first.diagnostics.find((d) => d.code === 'FromAsCasing');
  assert.equal(casing.source, 'layerwright');
  assert.equal(casing.severity, 2);
  assert.equal(casing.range.start.line, 2);
  assert.match(casing.codeDescription.href, /^https:/);
  await server.tell('textDocument/didChange', { textDocument: { ...textDocument, version: 2 }, contentChanges: [{ range: { start: place('as build'), end: place('as build', 2) }, text: 'AS' }] });
  const second = await server.diagnostics(2);
  assert.equal(second.version, 2);
  assert.ok(!second.diagnostics.some((d) => d.code === 'FromAsCasing'));
  await server.tell('textDocument/didClose', { textDocument });
  assert.deepEqual((await server.diagnostics(3)).diagnostics, []);
  await server.stop();
});

test('diagnostics can be asked for, with the configuration of the folder', async () => {
  fs.mkdirSync(path.join(folder, 'a', 'b'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'a', '.hadolint.yaml'), 'ignored: [FromAsCasing]\n');
  const server = await start({ capabilities: { textDocument: { diagnostic: {} }, workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true }, didChangeWatchedFiles: { dynamicRegistration: true } } }, settings: { ignore: ['DL3020'] } });
  assert.ok(server.server.diagnosticProvider);
  const codes = async (where) => (await server.ask('textDocument/diagnostic', where)).items.map((d) => d.code);
  const plain = await codes(await server.open());
  assert.ok(plain.includes('FromAsCasing') && !plain.includes('DL3020'), String(plain));
  const configured = await codes(await server.open(TEXT, 'a/b/x.dockerfile', 'plaintext'));
  assert.ok(configured.length && !configured.includes('FromAsCasing'));
  await server.tell('workspace/didChangeConfiguration', { settings: { layerwright: { lint: false } } });
  assert.deepEqual(await codes(await server.open(TEXT, 'Containerfile', 'containerfile')), []);
  await server.tell('workspace/didChangeConfiguration', { settings: { layerwright: { config: 'absent.yaml' } } });
  const { items } = await server.ask('textDocument/diagnostic', await server.open(TEXT, 'Dockerfile.dev'));
  assert.match(items[0].message, /absent\.yaml.*CONFIG_UNREADABLE/);
  assert.deepEqual(new Set(server.registered), new Set(['workspace/didChangeConfiguration', 'workspace/didChangeWatchedFiles']));
  assert.deepEqual(server.pushed, []);
  assert.deepEqual((await server.ask('textDocument/diagnostic', await server.open('FROM a as b\n', 'notes.md', 'markdown'))).items, []);
  await server.stop();
});

test('code actions fix a finding, silence it, and fix all', async () => {
  const server = await start({ initializationOptions: { profile: 'recommended' } });
  const where = await server.open();
  const range = { start: place('as build'), end: place('as build') };
  const actions = await server.ask('textDocument/codeAction', { ...where, range, context: { diagnostics: [] } });
  const fix = actions.find((a) => a.diagnostics?.[0].code === 'FromAsCasing' && a.isPreferred);
  assert.equal(fix.kind, 'quickfix');
  const [uri] = Object.keys(fix.edit.changes);
  assert.equal(uri, where.textDocument.uri);
  assert.match(edited(TEXT, fix.edit.changes[uri]), /FROM alpine:3\.20 AS build/);
  const ignore = actions.find((a) => a.title === 'Ignore FromAsCasing here');
  const silenced = edited(TEXT, ignore.edit.changes[uri]);
  assert.match(silenced, /ARG VERSION=1\n# layerwright ignore=FromAsCasing\nFROM alpine/);
  const again = await server.open(silenced, 'second.Dockerfile');
  const at = { start: place('FROM alpine', 0, silenced), end: place('as build', 0, silenced) };
  const more = await server.ask('textDocument/codeAction', { ...again, range: at, context: { diagnostics: [] } });
  assert.ok(!more.some((a) => a.title === 'Ignore FromAsCasing here'));
  const other = more.find((a) => a.title.startsWith('Ignore '));
  if (other) assert.match(edited(silenced, other.edit.changes[again.textDocument.uri]), /# layerwright ignore=FromAsCasing,\w+\nFROM/);
  const all = await server.ask('textDocument/codeAction', { ...where, range: { start: place('ARG'), end: place('ARG') }, context: { diagnostics: [], only: ['source.fixAll'] } });
  assert.deepEqual(all.map((a) => a.kind), ['source.fixAll.layerwright']);
  assert.match(edited(TEXT, all[0].edit.changes[uri]), /FROM alpine:3\.20 AS build/);
  await server.stop();
});

test('formatting takes the indent of the editor', async () => {
  const server = await start();
  const text = 'from a\r\nrun x \\\r\n y\r\n';
  const where = await server.open(text);
  const edits = await server.ask('textDocument/formatting', { ...where, options: { tabSize: 2, insertSpaces: true } });
  const lines = (t) => t.replaceAll('\r\n', '\r\n');
  assert.equal(edited(lines(text), edits), 'FROM a\r\nRUN x \\\r\n  y\r\n');
  await server.tell('textDocument/didChange', { textDocument: { ...where.textDocument, version: 2 }, contentChanges: [{ text: 'FROM a\n' }] });
  assert.deepEqual(await server.ask('textDocument/formatting', { ...where, options: { tabSize: 2, insertSpaces: true } }), []);
  await server.stop();
});

test('completion, hover and outline', async () => {
  const server = await start({ capabilities: { textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true } } } });
  const text = `${TEXT}C`;
  const where = await server.open(text);
  const items = await server.ask('textDocument/completion', { ...where, position: { line: text.split('\n').length - 1, character: 1 } });
  const copy = items.find((i) => i.label === 'COPY');
  assert.equal(textOf(text, copy.textEdit.range), 'C');
  assert.ok(copy.textEdit.newText.startsWith('COPY'));
  assert.equal(copy.kind, 14);
  const stages = await server.ask('textDocument/completion', { ...where, position: place('--from=build', 7, text) });
  assert.ok(stages.some((i) => i.label === 'build' && i.kind === 7));
  const hover = await server.ask('textDocument/hover', { ...where, position: place('--from=build', 8, text) });
  assert.match(hover.contents.value, /alpine:3\.20/);
  assert.equal(textOf(text, hover.range), 'build');
  assert.equal(await server.ask('textDocument/hover', { ...where, position: place('\nb\nEOF', 1, text) }), null);
  const outline = await server.ask('textDocument/documentSymbol', where);
  const stage = outline.find((s) => s.name === 'build');
  assert.equal(stage.kind, 5);
  assert.equal(textOf(text, stage.selectionRange), 'build');
  assert.ok(stage.children.some((c) => c.name === 'RUN'));
  await server.stop();
});

test('definition, references, highlights and rename of a stage', async () => {
  const server = await start();
  const where = await server.open();
  const position = place('--from=build', 9);
  const { uri, range } = await server.ask('textDocument/definition', { ...where, position });
  assert.equal(uri, where.textDocument.uri);
  assert.deepEqual(range.start, place('as build', 3));
  assert.equal((await server.ask('textDocument/references', { ...where, position, context: { includeDeclaration: true } })).length, 2);
  assert.equal((await server.ask('textDocument/references', { ...where, position, context: { includeDeclaration: false } })).length, 1);
  assert.deepEqual((await server.ask('textDocument/documentHighlight', { ...where, position })).map((h) => h.kind), [3, 2]);
  const prepared = await server.ask('textDocument/prepareRename', { ...where, position });
  assert.deepEqual([prepared.placeholder, textOf(TEXT, prepared.range)], ['build', 'build']);
  assert.equal(await server.ask('textDocument/prepareRename', { ...where, position: place('a.txt') }), null);
  const { changes } = await server.ask('textDocument/rename', { ...where, position, newName: 'tools' });
  const renamed = edited(TEXT, changes[uri]);
  assert.match(renamed, /as tools\n[^]*--from=tools /);
  await assert.rejects(server.ask('textDocument/rename', { ...where, position, newName: 'no name' }), (error) => error.data.code.startsWith('EDIT_RENAME_') && error.message.length > 10);
  await server.stop();
});

test('folding and semantic tokens', async () => {
  const server = await start();
  const where = await server.open();
  const folds = await server.ask('textDocument/foldingRange', where);
  assert.ok(folds.some((f) => f.startLine === 3 && f.endLine === 4), 'the RUN');
  assert.ok(folds.some((f) => f.startLine === 5 && f.endLine >= 7), 'the here-document');
  const { legend } = server.server.semanticTokensProvider;
  const decode = ({ data }) => {
    let [line, character] = [0, 0];
    const found = [];
    for (let i = 0; i < data.length; i += 5) {
      character = data[i] ? data[i + 1] : character + data[i + 1];
      line += data[i];
      found.push([textOf(TEXT, { start: { line, character }, end: { line, character: character + data[i + 2] } }), legend.tokenTypes[data[i + 3]], data[i + 4]]);
    }
    return found;
  };
  const all = decode(await server.ask('textDocument/semanticTokens/full', where));
  assert.ok(all.some(([text, type]) => text === 'FROM' && type === 'keyword'));
  assert.ok(all.some(([text, type, modifiers]) => text === 'build' && type === 'class' && modifiers === 1), 'a definition');
  assert.ok(all.some(([text, type, modifiers]) => text === 'build' && type === 'class' && modifiers === 0), 'a use');
  const part = decode(await server.ask('textDocument/semanticTokens/range', { ...where, range: { start: place('FROM scratch'), end: place('COPY --from') } }));
  assert.ok(part.length > 0 && part.length < all.length);
  await server.stop();
});
