import type { Engine, Glue } from './engine.js';
import type * as wasm from './wasm/layerwright.js';

type PlanGlue = Glue & typeof wasm;

/** What a build would make, bound to one engine. */
export function planApi<G extends PlanGlue>(engine: Engine<G>) {
  return {
    /** Plans a build: stages, steps, the image it gives. Throws where BuildKit would refuse it, unless `partial` is set. */
    plan: (text: wasm.Text, options?: wasm.PlanOptions): wasm.PlanReport => engine.call((g) => g.plan(text, options)),
  };
}
