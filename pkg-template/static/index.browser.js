// Browsers and bundlers: `await init()` once.
import { HashThreads } from './hashing.js';
import { engine } from './index.js';

engine.loadFrom(() => new URL('./wasm/layerwright.wasm', import.meta.url));


// What is long is hashed in workers, beside inflating: the blob in one, what is in it in another. Where none can be had,
// it is hashed here.
if (typeof Worker !== 'undefined') {
  const start = (said, failed) => {
    const worker = new Worker(new URL('./hash.worker.js', import.meta.url), { type: 'module', name: 'layerwright-hash' });
    worker.onmessage = ({ data }) => said(data);
    worker.onerror = (event) => failed(event.message ?? 'it cannot be loaded');
    worker.postMessage({ module: engine.module });
    return { post: (message, transfer) => worker.postMessage(message, transfer), stop: () => worker.terminate() };
  };
  engine.useHost({ elsewhere: new HashThreads(start, { threads: 2, from: 8 << 20 }) });
}

export * from './index.js';
export { default } from './index.js';
