// Browsers and bundlers: `await init()` once.
import { engine } from './index.js';

engine.loadFrom(() => new URL('./wasm/layerwright.wasm', import.meta.url));

export * from './index.js';
export { default } from './index.js';
