// Deno: the module is part of the module graph, so no permission is asked for.
import { createHash } from 'node:crypto';
import source module from './wasm/layerwright.wasm';
import { engine } from './index.js';
import { useNodeFiles } from './files.node.js';

useNodeFiles();
engine.useHost({ createHash });
engine.start(module);

export * from './index.js';
export { default } from './index.js';
