// The package and its edge worker in a real workerd.
import path from 'node:path';
import { build } from '../build.mjs';
import { tapCounts } from '../lib/counts.mjs';
import { capture, inRoot } from '../lib/shell.mjs';
import { installed } from '../lib/installed.mjs';
import { startWorkerd } from '../lib/workerd.mjs';

export default async function edge(tally) {
  await build();
  const { folder } = await installed();
  const worker = await startWorkerd(path.join(folder, 'node_modules', 'layerwright'), inRoot('tests', 'edge', 'common.mjs'), { 'common-cases.mjs': inRoot('tests', 'js', 'common.mjs') });
  try {
    const began = performance.now();
    const { passed, failed, output } = await (await fetch(worker.url, { method: 'POST' })).json();
    tally.counts('Common tests in workerd', passed, failed, output, (performance.now() - began) / 1000);
  } finally {
    worker.stop();
  }
  const began = performance.now();
  const result = await capture(process.execPath, ['--test', '--test-reporter=tap', 'tests/edge/worker.test.mjs'], { env: { LAYERWRIGHT_PACKAGE: path.join(folder, 'node_modules', 'layerwright') } });
  const { passed, failed } = tapCounts(result);
  tally.counts('Edge worker in workerd', passed, failed, result.output, (performance.now() - began) / 1000);
}
