// Linting many files in several threads. Each has its own instance of the one compiled module, so that what the engine
// has compiled well for one serves all.
import type { Finding, LintOptions, Text } from '../lint.js';

/** One file to lint. */
export interface Job {
  source: Text;
  options: LintOptions;
}

/** What the main thread hands to another one, and what comes back. */
export interface Batch {
  first: number;
  jobs: Job[];
}
export interface Answer {
  first: number;
  /** `Finding[][]` as JSON text, which is cheaper to pass on than the objects; absent where a file could not be linted. */
  findings?: string;
}

/** Files for which another thread is worth its start, and files handed over at a time. */
const FILES_A_THREAD = 150;
const BATCH = 32;

/** The findings of each job, in order. What `lint` throws is thrown. */
export async function lintAll(jobs: Job[], lint: (job: Job) => Finding[]): Promise<Finding[][]> {
  // Bun and Deno do not post modules to each other's threads.
  const own = process.versions.bun || process.versions.deno ? 1 : Infinity;
  const threads = Math.min(own, Math.floor(jobs.length / FILES_A_THREAD) + 1);
  if (threads === 1) return jobs.map(lint);
  const [{ Worker }, { availableParallelism }, { engine }] = await Promise.all([import('node:worker_threads'), import('node:os'), import('../lint.js')]);
  const found: Finding[][] = new Array(jobs.length);
  let next = 0;
  const take = (): Batch | undefined => {
    const first = next;
    next += BATCH;
    return first < jobs.length ? { first, jobs: jobs.slice(first, next) } : undefined;
  };
  const here = ({ first, jobs: batch }: Batch) => batch.forEach((job, i) => (found[first + i] = lint(job)));

  // The bundle puts every file of the command line beside this one.
  const address = new URL('./cli-lint.worker.js', import.meta.url);
  const elsewhere = Array.from({ length: Math.min(threads, availableParallelism()) - 1 }, () => {
    const worker = new Worker(address, { workerData: engine.module });
    return new Promise<void>((resolve, reject) => {
      const ask = () => {
        const batch = take();
        if (batch) worker.postMessage({ first: batch.first, jobs: batch.jobs.map(alone) });
        else resolve(void worker.terminate());
      };
      worker.on('error', reject);
      // Once its work is done, this changes nothing.
      worker.on('exit', () => reject(new Error('A thread of the linter ended before its work was done.')));
      worker.on('message', ({ first, findings }: Answer) => {
        try {
          if (findings === undefined) here({ first, jobs: jobs.slice(first, first + BATCH) });
          else (JSON.parse(findings) as Finding[][]).forEach((list, i) => (found[first + i] = list));
          ask();
        } catch (error) {
          reject(error);
          void worker.terminate();
        }
      });
      worker.once('online', ask);
    });
  });
  const finished = Promise.all(elsewhere);
  // This thread works too, and looks at its messages between two batches.
  let failed: unknown;
  finished.catch((error) => (failed = error));
  for (let batch = take(); batch && failed === undefined; batch = take()) {
    here(batch);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await finished;
  return found;
}

/** A job whose bytes have a buffer of their own: posting a view would copy all of the buffer that it looks at. */
const alone = ({ source, options }: Job): Job => ({ source: typeof source === 'string' ? source : source.slice(), options });
