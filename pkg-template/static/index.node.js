// Node and Bun: the module is read and ready at import.
import { readFileSync } from 'node:fs';
import { engine } from './index.js';
import { useNodeFiles } from './files.node.js';

useNodeFiles();
engine.start(new WebAssembly.Module(readFileSync(new URL('./wasm/layerwright.wasm', import.meta.url))));

export * from './index.js';
export { default } from './index.js';
