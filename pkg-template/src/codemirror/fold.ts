import { foldGutter, foldKeymap, foldService } from '@codemirror/language';
import { type Extension, StateEffect, StateField } from '@codemirror/state';
import { type EditorView, keymap, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { type DockerfileEngine, prepared } from './engine.js';

interface Fold {
  start: number;
  end: number;
}

const setFolds = StateEffect.define<readonly Fold[]>();

/** What can be folded, moved along with the text until the engine has read it again. */
const folds = StateField.define<readonly Fold[]>({
  create: () => [],
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setFolds)) return effect.value;
    if (!transaction.docChanged) return value;
    return value.map(({ start, end }) => ({ start: transaction.changes.mapPos(start, 1), end: transaction.changes.mapPos(end, -1) })).filter(({ start, end }) => start < end);
  },
});

/** Whether the engine has said anew what can be folded. */
const isNews = ({ transactions }: ViewUpdate): boolean => transactions.some(({ effects }) => effects.some((effect) => effect.is(setFolds)));

/** How long the text has to rest before it is read again: milliseconds. */
const REST = 150;

/** Folds stages, instructions, here-documents and comments. With `gutter`, arrows beside the lines. */
export function dockerfileFolding(engine: DockerfileEngine, { gutter = true }: { gutter?: boolean } = {}): Extension {
  const asking = ViewPlugin.fromClass(
    class {
      #timer: ReturnType<typeof setTimeout> | undefined;
      #view: EditorView;
      constructor(view: EditorView) {
        this.#view = view;
        this.#ask(0);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.#ask(REST);
      }
      destroy(): void {
        clearTimeout(this.#timer);
      }
      #ask(wait: number): void {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(async () => {
          const { doc } = this.#view.state;
          try {
            const found = await (await prepared(engine)).folding?.(doc.toString());
            const sorted = found?.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start || b.end - a.end);
            if (sorted && this.#view.state.doc === doc) this.#view.dispatch({ effects: setFolds.of(sorted) });
          } catch (error) {
            console.error(error);
          }
        }, wait);
      }
    },
  );
  const service = foldService.of((state, lineStart, lineEnd) => {
    const list = state.field(folds, false) ?? [];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.start < lineStart) low = middle + 1;
      else high = middle;
    }
    let end = 0;
    for (let at = low; at < list.length && list[at]!.start <= lineEnd; at++) end = Math.max(end, list[at]!.end);
    return end > lineEnd ? { from: lineEnd, to: Math.min(end, state.doc.length) } : null;
  });
  return [folds, asking, service, keymap.of(foldKeymap), gutter ? foldGutter({ foldingChanged: isNews }) : []];
}
