import { EditorSelection, type Extension, StateEffect, StateField } from '@codemirror/state';
import { type Command, EditorView, keymap, type Panel, showPanel } from '@codemirror/view';
import type { RenameTarget } from '../index.js';
import { type DockerfileEngine, prepared } from './engine.js';

const say = (view: EditorView, text: string): void => view.dispatch({ effects: EditorView.announce.of(text) });

/** Goes to where the stage or variable at the cursor is defined. */
export const goToDefinition =
  (engine: DockerfileEngine): Command =>
  (view) => {
    const { doc, selection } = view.state;
    void prepared(engine)
      .then((e) => e.definition?.(doc.toString(), selection.main.head))
      .then((place) => {
        if (view.state.doc !== doc) return;
        if (!place) return say(view, 'No stage or variable is here.');
        view.dispatch({ selection: EditorSelection.range(place.start, place.end), effects: EditorView.scrollIntoView(place.start, { y: 'nearest', yMargin: 40 }), userEvent: 'select.definition' });
        view.focus();
      })
      .catch(console.error);
    return true;
  };

/** Asks for a new name for the stage or variable at the cursor, in a panel, and gives it everywhere. */
export const renameSymbol =
  (engine: DockerfileEngine): Command =>
  (view) => {
    const { doc, selection } = view.state;
    const at = selection.main.head;
    void prepared(engine)
      .then((e) => e.prepareRename?.(doc.toString(), at))
      .then((target) => {
        if (view.state.doc !== doc) return;
        if (!target) return say(view, 'Nothing here can be renamed.');
        view.dispatch({ effects: setRename.of({ engine, target, at }) });
      })
      .catch(console.error);
    return true;
  };

interface Renaming {
  engine: DockerfileEngine;
  target: RenameTarget;
  at: number;
}

const setRename = StateEffect.define<Renaming | null>();

const renaming = StateField.define<Renaming | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setRename)) return effect.value;
    // What was asked about may be somewhere else now.
    return transaction.docChanged ? null : value;
  },
  provide: (field) => showPanel.from(field, (value) => (value ? (view) => panel(view, value) : null)),
});

function panel(view: EditorView, { engine, target, at }: Renaming): Panel {
  const form = document.createElement('form');
  form.className = 'cm-dockerfile-rename';
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { className: 'cm-textfield', value: target.name, spellcheck: false, autocapitalize: 'off' });
  label.append(`Rename ${target.name} to `, input);
  const apply = Object.assign(document.createElement('button'), { className: 'cm-button', type: 'submit', textContent: 'Rename' });
  const cancel = Object.assign(document.createElement('button'), { className: 'cm-button', type: 'button', textContent: 'Cancel' });
  const problem = document.createElement('span');
  problem.setAttribute('role', 'alert');
  form.append(label, apply, cancel, problem);
  const close = () => {
    view.dispatch({ effects: setRename.of(null) });
    view.focus();
  };
  cancel.onclick = close;
  form.onkeydown = (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value === target.name) return close();
    const { doc } = view.state;
    void prepared(engine)
      .then((e) => e.rename?.(doc.toString(), at, input.value))
      .then((edits) => {
        if (!edits || view.state.doc !== doc) return;
        view.dispatch({ changes: edits.map(({ start, end, text }) => ({ from: start, to: end, insert: text })), effects: [setRename.of(null), EditorView.announce.of(`Renamed in ${edits.length} ${edits.length === 1 ? 'place' : 'places'}.`)], userEvent: 'input.rename' });
        view.focus();
      })
      .catch((error: unknown) => {
        problem.textContent = error instanceof Error ? error.message : String(error);
        input.focus();
      });
  };
  return {
    dom: form,
    mount: () => input.select(),
  };
}

const theme = EditorView.baseTheme({
  '.cm-dockerfile-rename': { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', padding: '6px 12px' },
});

/** Formats the whole text. */
export const formatDockerfile =
  (engine: DockerfileEngine, options?: Parameters<NonNullable<DockerfileEngine['format']>>[1]): Command =>
  (view) => {
    const { doc } = view.state;
    void prepared(engine)
      .then((e) => e.format?.(doc.toString(), options))
      .then((made) => {
        const text = doc.toString();
        if (made === undefined || made === text || view.state.doc !== doc) return;
        let from = 0;
        while (from < text.length && from < made.length && text[from] === made[from]) from++;
        let tail = 0;
        while (tail < text.length - from && tail < made.length - from && text[text.length - 1 - tail] === made[made.length - 1 - tail]) tail++;
        view.dispatch({ changes: { from, to: text.length - tail, insert: made.slice(from, made.length - tail) }, userEvent: 'input.format' });
      })
      .catch(console.error);
    return true;
  };

/** What the commands of this file need in an editor. */
export const dockerfileNavigation: Extension = [renaming, theme];

/** F12: definition. F2: rename. Shift-Alt-F: format. */
export const dockerfileKeymap = (engine: DockerfileEngine): Extension =>
  keymap.of([
    { key: 'F12', run: goToDefinition(engine) },
    { key: 'F2', run: renameSymbol(engine) },
    { key: 'Shift-Alt-f', run: formatDockerfile(engine) },
  ]);
