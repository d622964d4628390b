// Deno: the module is part of the module graph, so no permission is asked for.
import source module from './wasm/lint.wasm';
import { engine } from './lint.js';

engine.start(module);

export * from './lint.js';
export { default } from './lint.js';
