// Cloudflare Workers and workerd: wasm is imported compiled, since compiling bytes is forbidden there.
import module from './wasm/layerwright.wasm';
import { engine } from './index.js';

engine.start(module);

export * from './index.js';
export { default } from './index.js';
