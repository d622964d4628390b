import { autocompletion, type Completion, type CompletionContext, type CompletionResult, type CompletionSource } from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import type * as lw from '../index.js';
import { type DockerfileEngine, prepared } from './engine.js';
import { markdown } from './markdown.js';

const TYPES: Record<lw.CompletionKind, string> = { instruction: 'keyword', flag: 'property', value: 'constant', stage: 'class', variable: 'variable', image: 'namespace', directive: 'keyword', rule: 'constant' };

/** A completion source that asks the engine. */
export function dockerfileCompletionSource(engine: DockerfileEngine, options?: lw.CompletionOptions): CompletionSource {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { state, pos, explicit } = context;
    // Nothing is offered after white space unless it is asked for.
    if (!engine.completions || (!explicit && !/[\w$\-={.,:/]/.test(state.sliceDoc(pos - 1, pos)))) return null;
    const list = await (await prepared(engine)).completions!(state.doc.toString(), pos, options);
    const first = list[0];
    if (!first || context.aborted) return null;
    const typed = state.sliceDoc(first.start, pos).toLowerCase();
    const item = (c: lw.Completion, i: number): Completion => ({
      // The list is filtered by what is typed, which may be the beginning of what is written, as in `${NAME}`.
      label: typed && c.insert.toLowerCase().startsWith(typed) ? c.insert : c.label,
      displayLabel: c.label,
      type: TYPES[c.kind],
      detail: c.detail,
      boost: Math.max(-99, 99 - i),
      apply: c.start === first.start ? c.insert : (view, _completion, _from, to) => view.dispatch({ changes: { from: c.start, to, insert: c.insert }, selection: { anchor: c.start + c.insert.length }, userEvent: 'input.complete' }),
      ...(c.documentation === undefined ? {} : { info: () => explained(c.documentation!) }),
    });
    return { from: first.start, options: list.map(item), validFor: /^[\w${}.-]*$/ };
  };
}

function explained(text: string): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-dockerfile-info';
  box.append(markdown(text));
  return box;
}

/** Completion of instructions, flags, values, stages and variables. `config` is that of `autocompletion`. */
export function dockerfileCompletion(engine: DockerfileEngine, options?: lw.CompletionOptions, config?: Parameters<typeof autocompletion>[0]): Extension {
  return autocompletion({ ...config, override: [dockerfileCompletionSource(engine, options)] });
}
