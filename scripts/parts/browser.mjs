// The boundary, the package and the page in real browsers.
import path from 'node:path';
import { build } from '../build.mjs';
import { buildPage } from '../lib/page.mjs';
import { tapCounts } from '../lib/counts.mjs';
import { capture, inRoot, step } from '../lib/shell.mjs';
import { chromedriver, chromium, firefox } from '../lib/tools.mjs';
import { boundaryTests, webdriverConfig } from './boundary.mjs';
import { installed } from '../lib/installed.mjs';

export default async function browser(tally) {
  await build();
  const { folder } = await installed();
  const binary = await chromium();
  if (!binary) return tally.skip('browser', 'No Chromium was found and none could be installed: install it, or name it in CHROMIUM.');
  const driver = await chromedriver();
  if (driver) {
    const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
    const clean = webdriverConfig(binary, args);
    try {
      await boundaryTests(tally, 'Chromium', { CHROMEDRIVER: driver, WASM_BINDGEN_USE_BROWSER: '1' });
    } finally {
      clean();
    }
  } else tally.skip('wasm-bindgen-test in Chromium', 'chromedriver is missing: install it, or name it in CHROMEDRIVER.');
  await buildPage();
  const fox = firefox();
  if (!(await fox)) tally.skip('Firefox', 'It is tested where firefox or firefox-esr is installed.');
  const began = performance.now();
  const env = { CHROMIUM: binary, FIREFOX: (await fox) ?? '', LAYERWRIGHT_INSTALLED: folder, LAYERWRIGHT_REPOSITORY: inRoot() };
  const result = await step('Tests in browsers', () => capture(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=tap', path.join('tests', 'browser', 'package.test.mjs'), path.join('tests', 'browser', 'codemirror.test.mjs'), path.join('tests', 'browser', 'page.test.mjs')], { env }));
  const { passed, failed } = tapCounts(result);
  tally.counts('Package and page in browsers', passed, failed, result.output, (performance.now() - began) / 1000);
}
