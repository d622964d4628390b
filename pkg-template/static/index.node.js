// Node and Bun: the module is read and ready at import.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';
import { engine } from './index.js';
import { useNodeFiles } from './files.node.js';

useNodeFiles();
// Both use the processor's own instructions. Older versions of Node have no crc32.
engine.useHost({ createHash, crc32: zlib.crc32 });
engine.start(new WebAssembly.Module(readFileSync(new URL('./wasm/layerwright.wasm', import.meta.url))));

export * from './index.js';
export { default } from './index.js';
