// Builds the page into www/dist.
import { digestOf, unlessFresh } from './fresh.mjs';
import { inRoot, run, step } from './shell.mjs';
import { npmBinary } from './tools.mjs';

/** Type-checks and bundles the page; skipped when neither it nor the package has changed. */
export async function buildPage() {
  await unlessFresh('page', digestOf(['www', 'dist', 'examples', 'package-lock.json']), ['www/dist/index.html'], () =>
    step('Building the page', async () => {
      await run(process.execPath, [npmBinary('typescript/bin/tsc'), '-p', inRoot('www'), '--noEmit']);
      await run(process.execPath, [npmBinary('vite/bin/vite.js'), 'build', inRoot('www'), '--logLevel', 'warn']);
    }));
}
