// A thread of `layerwright lint`: lints what it is handed.
import { parentPort, workerData } from 'node:worker_threads';
import { engine, lint } from '../lint.js';
import type { Answer, Batch } from './pool.js';

engine.start(workerData as WebAssembly.Module);

parentPort!.on('message', ({ first, jobs }: Batch) => {
  const answer: Answer = { first };
  try {
    answer.findings = JSON.stringify(jobs.map(({ source, options }) => lint(source, options).findings));
  } catch {
    // The main thread tries again, and meets the error where it can be told.
  }
  parentPort!.postMessage(answer);
});
