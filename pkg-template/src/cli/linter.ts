// The lint module for the command line: compiled by another thread while this one finds and reads what it will lint.
import { readFileSync } from 'node:fs';
import * as lw from '../lint.js';

/** Begins to load the module; the API once it is ready. */
export async function linter(): Promise<typeof lw> {
  // The bundle puts this file beside the folder of the modules.
  await lw.init(await WebAssembly.compile(readFileSync(new URL('./wasm/lint.wasm', import.meta.url))));
  return lw;
}
