// Runs the common cases with the installed package: node run.mjs, deno run run.mjs, bun run.mjs.
import * as lw from 'layerwright';
import * as small from 'layerwright/lint';
import { runCases } from './common.mjs';

const { passed, failed, output } = await runCases(lw, small);
if (output) console.log(output);
console.log(`${passed} passed, ${failed} failed`);
if (failed) (globalThis.process ?? globalThis.Deno).exit(1);
