import type * as lw from '../index.js';

type Answer<T> = T | Promise<T>;

/**
 * What answers: the module `layerwright`, whose calls run on the page's thread, or an object with some of its
 * functions, which may answer later, such as calls to a worker. What it lacks, the editor does without:
 * with the smaller `layerwright/lint` there are findings, fixes and formatting.
 */
export interface DockerfileEngine {
  /** Awaited once before the first call. */
  init?(): Promise<void>;
  lint?(text: string, options?: lw.LintOptions): Answer<Pick<lw.LintResult, 'findings'>>;
  completions?(text: string, offset: number, options?: lw.CompletionOptions): Answer<readonly lw.Completion[]>;
  hover?(text: string, offset: number): Answer<lw.Hover | undefined>;
  folding?(text: string): Answer<readonly lw.FoldingRange[]>;
  definition?(text: string, offset: number): Answer<lw.TextRange | undefined>;
  prepareRename?(text: string, offset: number): Answer<lw.RenameTarget | undefined>;
  rename?(text: string, offset: number, newName: string): Answer<readonly lw.TextEdit[]>;
  format?(text: string, options?: lw.FormatOptions): Answer<string>;
}

const ready = new WeakMap<DockerfileEngine, Promise<void>>();

/** Waits for the engine's `init`. One that failed is tried again. */
export async function prepared<E extends DockerfileEngine>(engine: E): Promise<E> {
  if (!engine.init) return engine;
  let waiting = ready.get(engine);
  if (!waiting) {
    waiting = engine.init();
    ready.set(engine, waiting);
    waiting.catch(() => ready.delete(engine));
  }
  await waiting;
  return engine;
}
