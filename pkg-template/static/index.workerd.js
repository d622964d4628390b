// Cloudflare Workers and workerd: wasm is imported compiled, since compiling bytes is forbidden there.
import module from './wasm/layerwright.wasm';
import { engine } from './index.js';

engine.start(module);
// With the flag nodejs_compat there is a hash that can be asked at once, faster than one in wasm. DigestStream tells its
// digest later only.
try {
  const { createHash } = await import('node:crypto');
  engine.useHost({ createHash });
} catch {
  // Without the flag the hash in wasm serves.
}

export * from './index.js';
export { default } from './index.js';
