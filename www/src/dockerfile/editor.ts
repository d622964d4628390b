// CodeMirror in a shadow root: there it adopts constructed style sheets; in the document it would write <style>
// elements, which the page's policy blocks.
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory, redo, undo } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorSelection, EditorState, Prec, RangeSet, RangeSetBuilder, StateEffect, StateField, type Extension } from '@codemirror/state';
import {
  Decoration, EditorView, GutterMarker, crosshairCursor, drawSelection, dropCursor, gutter, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, hoverTooltip, keymap, lineNumbers, rectangularSelection, type DecorationSet, type Tooltip,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Edit, Finding } from '../engine/types.ts';
import { SEVERITY_PATHS, type Severity } from '../ui/parts.tsx';
import { dockerfileFolding, dockerfileHover, dockerfileLanguage, dockerfileNavigation, goToDefinition, renameSymbol } from '../engine/editing.ts';
import { engine, severityOf } from './model.ts';
import own from '../styles/editor.css?inline';
import shared from '../styles/shared.css?inline';

export interface EditorEvents {
  onText(text: string): void;
  onCursor(line: number): void;
  onFix(): void;
  onFormat(): void;
  onSave(): void;
  /** The content of the box that opens over a finding. */
  tooltip(findings: Finding[]): HTMLElement;
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

class Mark extends GutterMarker {
  constructor(readonly level: Severity) {
    super();
  }
  override eq(other: GutterMarker): boolean {
    return other instanceof Mark && other.level === this.level;
  }
  override toDOM(): Node {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('class', `sev ${this.level}`);
    svg.setAttribute('viewBox', '0 0 14 14');
    svg.setAttribute('aria-hidden', 'true');
    SEVERITY_PATHS[this.level].forEach((d, i) => {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      path.setAttribute('class', i === 0 ? 'ground' : 'sign');
      path.setAttribute('d', d);
      svg.append(path);
    });
    return svg;
  }
}

const MARKS: Record<Severity, Mark> = { error: new Mark('error'), warning: new Mark('warning'), info: new Mark('info') };
const SQUIGGLES: Record<Severity, Decoration> = {
  error: Decoration.mark({ class: 'sq error' }),
  warning: Decoration.mark({ class: 'sq warning' }),
  info: Decoration.mark({ class: 'sq info' }),
};

interface Findings {
  list: readonly Finding[];
  squiggles: DecorationSet;
  marks: RangeSet<GutterMarker>;
}

const setFindings = StateEffect.define<readonly Finding[]>();

/** The findings as they were given, moved along with the text until new ones come. */
const findingsField = StateField.define<Findings>({
  create: () => ({ list: [], squiggles: Decoration.none, marks: RangeSet.empty }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setFindings)) return build(transaction.state, effect.value);
    if (!transaction.docChanged) return value;
    return { list: value.list, squiggles: value.squiggles.map(transaction.changes), marks: value.marks.map(transaction.changes) };
  },
  provide: (field) => EditorView.decorations.from(field, ({ squiggles }) => squiggles),
});

function build(state: EditorState, list: readonly Finding[]): Findings {
  const length = state.doc.length;
  const lines = new Map<number, Severity>();
  const squiggles = [];
  for (const finding of list) {
    const start = Math.min(finding.start, length);
    let end = Math.min(Math.max(finding.end, start), length);
    const line = state.doc.lineAt(start);
    const level = severityOf(finding);
    const there = lines.get(line.from);
    if (!there || RANK[level] < RANK[there]) lines.set(line.from, level);
    if (end === start) end = Math.min(start + 1, line.to);
    if (end > start) squiggles.push(SQUIGGLES[level].range(start, end));
  }
  const marks = new RangeSetBuilder<GutterMarker>();
  for (const [from, level] of [...lines].sort(([a], [b]) => a - b)) marks.add(from, from, MARKS[level]);
  return { list, squiggles: Decoration.set(squiggles, true), marks: marks.finish() };
}

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--sheet)', fontSize: 'var(--text-s)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-code)', fontVariationSettings: 'var(--mono-code)', lineHeight: 'var(--lead-s)', scrollbarWidth: 'thin', scrollbarColor: 'var(--line) transparent' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 12px 0 0' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--ink-3)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '38px', padding: '0 6px 0 0', fontSize: 'var(--text-xs)' },
  '.cm-findings': { width: '26px' },
  // No padding here: the hidden spacer of the gutter would push all marks down by it.
  '.cm-findings .cm-gutterElement': { display: 'grid', justifyItems: 'center', alignItems: 'start' },
  '.cm-findings .sev': { marginTop: '3px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--accent-wash)', color: 'inherit' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection': { background: 'color-mix(in oklch, var(--accent) 26%, transparent) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '1.5px' },
  '.cm-matchingBracket': { backgroundColor: 'var(--well)', outline: '1px solid var(--line)' },
  '.cm-specialChar': { color: 'var(--changed)', fontWeight: 'var(--wght-strong)' },
  '.sq': { textDecoration: 'underline wavy 1px', textUnderlineOffset: '3px', textDecorationSkipInk: 'none' },
  '.sq.info': { textDecoration: 'underline dotted 2px', textUnderlineOffset: '3px', textDecorationColor: 'var(--sev-low)' },
  '.sq.warning': { textDecoration: 'underline wavy 1px', textUnderlineOffset: '3px', textDecorationColor: 'var(--sev-medium)' },
  '.sq.error': { textDecoration: 'underline wavy 1px', textUnderlineOffset: '3px', textDecorationColor: 'var(--sev-high)' },
  '.cm-tooltip': { border: 'none', background: 'var(--sheet)', borderRadius: 'var(--r3)', boxShadow: 'var(--pop)', zIndex: '20' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-code)', fontVariationSettings: 'var(--mono-code)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 10px', lineHeight: '20px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--accent-wash)', color: 'var(--ink)' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-completionDetail': { color: 'var(--ink-3)', fontStyle: 'normal' },
  '.cm-panels': { background: 'var(--paper)', color: 'var(--ink)', borderColor: 'var(--rule)' },
  '.cm-panels.cm-panels-bottom': { borderTop: 'var(--hair)' },
  '.cm-search': { padding: '6px 12px', fontSize: 'var(--text-s)', fontFamily: 'var(--font)', fontVariationSettings: 'var(--mono-ui)' },
  '.cm-textfield': { background: 'var(--sheet)', color: 'var(--ink)', border: '1px solid var(--edge)', borderRadius: 'var(--r2)', fontSize: 'inherit', padding: '2px 6px' },
  '.cm-button': { background: 'var(--sheet)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: 'var(--r2)', fontSize: 'inherit', padding: '2px 8px' },
  '.cm-panel button[name=close]': { color: 'var(--ink-2)', fontSize: '18px', padding: '0 6px' },
  '.cm-searchMatch': { backgroundColor: 'var(--changed-wash)', outline: '1px solid var(--changed)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-wash)', outline: '2px solid var(--accent)' },
  '.cm-dockerfile-hover, .cm-dockerfile-info': { fontFamily: 'var(--font)', fontVariationSettings: 'var(--mono-ui)', fontSize: 'var(--text-s)', lineHeight: 'var(--lead-s)' },
  '.cm-dockerfile-hover code, .cm-dockerfile-info code': { fontFamily: 'var(--font-code)', fontVariationSettings: 'var(--mono-code)' },
  '.cm-dockerfile-hover a, .cm-dockerfile-info a': { color: 'var(--accent)' },
  '.cm-tooltip.cm-completionInfo': { padding: '4px 12px', maxWidth: '44ch' },
  '.cm-dockerfile-rename': { fontFamily: 'var(--font)', fontVariationSettings: 'var(--mono-ui)', fontSize: 'var(--text-s)' },
  '.cm-dockerfile-rename [role=alert]': { color: 'var(--removed)' },
  '.cm-foldPlaceholder': { background: 'var(--well)', border: '1px solid var(--line)', color: 'var(--ink-2)', padding: '0 4px' },
  '.cm-placeholder': { color: 'var(--ink-3)' },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, fontWeight: 'var(--wght-strong)' },
  { tag: tags.variableName, color: 'var(--syn-var)' },
  { tag: tags.string, color: 'var(--syn-str)' },
  { tag: tags.comment, color: 'var(--syn-com)' },
  { tag: tags.attributeName, color: 'var(--ink-2)' },
  { tag: tags.className, color: 'var(--accent)' },
]);

/** What only Dockerfiles have: the worker reads them properly. */
const languageSupport: Extension = [
  dockerfileLanguage,
  syntaxHighlighting(colours),
  dockerfileHover(engine),
  dockerfileFolding(engine, { gutter: false }),
  dockerfileNavigation,
  keymap.of([
    { key: 'Alt-F12', run: goToDefinition(engine) },
    { key: 'F2', run: renameSymbol(engine) },
  ]),
];

const narrow = matchMedia('(max-width: 899px)');
const wrapping = (): Extension => (narrow.matches ? EditorView.lineWrapping : []);
const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

export class DockerfileEditor {
  readonly view: EditorView;
  #events: EditorEvents;
  #wrap = new Compartment();
  #tab = new Compartment();
  #extra = new Compartment();
  #label = new Compartment();
  #tabIndents = false;
  #unlisten: () => void;
  #silent = false;
  #extras: typeof import('./editor-extras.ts') | undefined;
  /** Whether the file that is shown is a Dockerfile. */
  #isDockerfile: boolean;
  #file: string;
  #kept = new Map<string, EditorState>();

  constructor(host: HTMLElement, file: string, text: string, highlighted: boolean, events: EditorEvents) {
    this.#events = events;
    this.#file = file;
    this.#isDockerfile = highlighted;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    root.replaceChildren();
    const box = document.createElement('div');
    box.className = 'box';
    root.append(box);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`${shared}\n${own}`);
    root.adoptedStyleSheets = [sheet];
    this.view = new EditorView({
      root,
      parent: box,
      state: this.#newState(text, highlighted),
    });
    const rewrap = () => this.view.dispatch({ effects: this.#wrap.reconfigure(wrapping()) });
    narrow.addEventListener('change', rewrap);
    this.#unlisten = () => narrow.removeEventListener('change', rewrap);
    // Completion and search come when the editor is used, not with the first load.
    this.view.contentDOM.addEventListener('focus', () => void this.#loadExtras(), { once: true });
  }

  #newState(text: string, highlighted: boolean): EditorState {
    const run = (action: () => void) => () => {
      action();
      return true;
    };
    return EditorState.create({
      doc: text,
      extensions: [
        // The gutter order of the design: numbers, then the shapes of findings.
        lineNumbers(),
        gutter({ class: 'cm-findings', markers: (view) => view.state.field(findingsField).marks, initialSpacer: () => MARKS.info }),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        dropCursor(),
        EditorState.allowMultipleSelections.of(true),
        rectangularSelection(),
        crosshairCursor(),
        bracketMatching(),
        indentUnit.of('    '),
        findingsField,
        hoverTooltip((view, at) => this.#hover(view, at), { hideOnChange: true }),
        highlighted ? languageSupport : [],
        this.#wrap.of(wrapping()),
        this.#tab.of([]),
        this.#extra.of([]),
        this.#label.of(EditorView.contentAttributes.of({ 'aria-label': 'Dockerfile' })),
        EditorView.contentAttributes.of({ tabindex: '0', spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off', translate: 'no' }),
        Prec.high(
          keymap.of([
            { key: 'Mod-.', run: run(() => this.#events.onFix()) },
            { key: 'Alt-Enter', run: run(() => this.#events.onFix()) },
            { key: 'Shift-Alt-f', run: run(() => this.#events.onFormat()) },
            { key: 'Mod-s', run: run(() => this.#events.onSave()) },
            { key: mac ? 'Shift-Alt-m' : 'Ctrl-m', run: run(() => this.#toggleTab()) },
            { key: 'Mod-f', run: run(() => void this.#loadExtras().then(({ search }) => search(this.view))) },
            { key: 'Ctrl-Space', run: run(() => void this.#loadExtras().then(({ complete }) => complete(this.view))) },
          ]),
        ),
        keymap.of([...historyKeymap, ...defaultKeymap.filter(({ key }) => key !== 'Ctrl-m' && key !== 'Mod-Alt-\\')]),
        theme,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !this.#silent) this.#events.onText(update.state.doc.toString());
          if (update.selectionSet || update.docChanged) this.#events.onCursor(update.state.doc.lineAt(update.state.selection.main.head).number);
        }),
      ],
    });
  }

  destroy(): void {
    this.#unlisten();
    this.view.destroy();
  }

  setFindings(findings: readonly Finding[]): void {
    this.view.dispatch({ effects: setFindings.of(findings) });
  }

  setLabel(label: string): void {
    this.view.dispatch({ effects: this.#label.reconfigure(EditorView.contentAttributes.of({ 'aria-label': label })) });
  }

  /** Shows another file; each keeps its own history, cursor and findings. */
  open(file: string, text: string, highlighted: boolean): void {
    if (file === this.#file) return;
    this.#kept.set(this.#file, this.view.state);
    this.#file = file;
    this.#isDockerfile = highlighted;
    const kept = this.#kept.get(file);
    this.#silent = true;
    this.view.setState(kept ?? this.#newState(text, highlighted));
    this.view.dispatch({ effects: [this.#wrap.reconfigure(wrapping()), ...(this.#extras ? [this.#extra.reconfigure(this.#extrasNow(this.#extras))] : [])] });
    if (kept) this.replace(text);
    this.#silent = false;
  }

  /** Replaces the text as one step of the history, touching only what differs. */
  replace(text: string): void {
    const before = this.view.state.doc.toString();
    if (before === text) return;
    let from = 0;
    while (from < before.length && from < text.length && before[from] === text[from]) from += 1;
    let back = 0;
    while (back < before.length - from && back < text.length - from && before[before.length - 1 - back] === text[text.length - 1 - back]) back += 1;
    this.view.dispatch({ changes: { from, to: before.length - back, insert: text.slice(from, text.length - back) }, annotations: isolateHistory.of('full'), userEvent: 'input.replace' });
  }

  edit(edits: readonly Edit[]): void {
    const length = this.view.state.doc.length;
    this.view.dispatch({
      changes: edits.filter(({ start, end }) => start <= end && end <= length).map(({ start, end, text }) => ({ from: start, to: end, insert: text })),
      annotations: isolateHistory.of('full'),
      userEvent: 'input.fix',
    });
  }

  undo(): void {
    undo(this.view);
  }

  redo(): void {
    redo(this.view);
  }

  goTo(line: number, column = 1, focus = true): void {
    const at = this.view.state.doc.line(Math.max(1, Math.min(line, this.view.state.doc.lines)));
    const position = Math.min(at.from + Math.max(0, column - 1), at.to);
    this.view.dispatch({ selection: EditorSelection.cursor(position), effects: EditorView.scrollIntoView(position, { y: 'nearest', yMargin: 40 }) });
    if (focus) this.view.focus();
  }

  focus(): void {
    this.view.focus();
  }

  #toggleTab(): void {
    this.#tabIndents = !this.#tabIndents;
    this.view.dispatch({ effects: this.#tab.reconfigure(this.#tabIndents ? keymap.of([indentWithTab]) : []) });
  }

  #extrasNow({ extras }: typeof import('./editor-extras.ts')): Extension {
    return extras(this.#isDockerfile ? engine : undefined);
  }

  async #loadExtras() {
    const extras = await import('./editor-extras.ts');
    if (!this.#extras) {
      this.#extras = extras;
      this.view.dispatch({ effects: this.#extra.reconfigure(this.#extrasNow(extras)) });
    }
    return extras;
  }

  #hover(view: EditorView, at: number): Tooltip | null {
    const { list, squiggles } = view.state.field(findingsField);
    let start = -1;
    let end = -1;
    squiggles.between(at, at, (from, to) => {
      start = start < 0 ? from : Math.min(start, from);
      end = Math.max(end, to);
    });
    if (start < 0) return null;
    const here = list.filter((finding) => finding.start <= at && at <= Math.max(finding.end, finding.start + 1));
    if (here.length === 0) return null;
    return { pos: start, end, above: true, create: () => ({ dom: this.#events.tooltip(here) }) };
  }
}
