// Node and Bun: the module is read and ready at import.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';
import { HashThreads } from './hashing.js';
import { engine } from './index.js';
import { useNodeFiles } from './files.node.js';

useNodeFiles();
// A hash takes a third of a large layer's time, so it goes to a thread of its own where there is a processor for it.
const start = (said, failed) => {
  const worker = new Worker(new URL('./hash.node.worker.js', import.meta.url), { name: 'layerwright-hash' });
  worker.on('message', said);
  worker.on('error', failed);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    busy: (busy) => (busy ? worker.ref() : worker.unref()),
    stop: () => void worker.terminate(),
  };
};
const elsewhere = availableParallelism() > 1 ? new HashThreads(start, { threads: 1, from: 32 << 20 }) : undefined;
// Both functions use the processor's own instructions. Older versions of Node have no crc32.
engine.useHost({ createHash, crc32: zlib.crc32, elsewhere });
engine.start(new WebAssembly.Module(readFileSync(new URL('./wasm/layerwright.wasm', import.meta.url))));

export * from './index.js';
export { default } from './index.js';
