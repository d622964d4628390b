// Node and Bun: the module is read and ready at import.
import { readFileSync } from 'node:fs';
import { engine } from './lint.js';

engine.start(new WebAssembly.Module(readFileSync(new URL('./wasm/lint.wasm', import.meta.url))));

export * from './lint.js';
export { default } from './lint.js';
