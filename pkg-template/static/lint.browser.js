// Browsers and bundlers: `await init()` once.
import { engine } from './lint.js';

engine.loadFrom(() => new URL('./wasm/lint.wasm', import.meta.url));

export * from './lint.js';
export { default } from './lint.js';
