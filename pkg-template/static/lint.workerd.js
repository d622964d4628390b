// Cloudflare Workers and workerd: wasm is imported compiled, since compiling bytes is forbidden there.
import module from './wasm/lint.wasm';
import { engine } from './lint.js';

engine.start(module);

export * from './lint.js';
export { default } from './lint.js';
