import type { Engine, Glue } from './engine.js';
import type * as wasm from './wasm/lint.js';

type DockerfileGlue = Glue & typeof wasm;

/** The functions about Dockerfiles, bound to one engine. */
export function dockerfileApi<G extends DockerfileGlue>(engine: Engine<G>) {
  return {
    /** The version of the package. */
    version: (): string => engine.call((g) => g.version()),
  };
}
