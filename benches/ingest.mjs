// Reading a gzip layer: digest of the blob, inflate, diffID, index of the members.
// Reference: `gzip -dc | tee >(sha256sum) | tar t`, which itself uses several processors, and then `sha256sum` of the blob; for
// comparison also both at once; and the same core compiled for the machine.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium as playwright } from 'playwright-core';
import { capture, inRoot, Remedy, run } from '../scripts/lib/shell.mjs';
import { serve } from '../scripts/lib/serve.mjs';
import { chromium } from '../scripts/lib/tools.mjs';
import { manyFiles, realLayer } from './layers.mjs';
import { compiled } from './native.mjs';

export default async function ingest() {
  const { readLayer } = await import(pathToFileURL(inRoot('dist', 'index.node.js')));
  const blob = await realLayer();
  const tar = await manyFiles();
  const tarBytes = fs.readFileSync(tar);
  const native = await compiled('ingest');
  const browser = await inChromium(blob);
  const work = Number((await capture('bash', ['-c', `gzip -dc ${blob} | wc -c`])).stdout);
  const ours = async () => whole(await readLayer(blob));
  // The pipeline has ended when the diffID is there too.
  const pass = `gzip -dc ${blob} | tee >(sha256sum >/dev/null) | tar t >/dev/null; wait $!`;
  const pipeline = () => run('bash', ['-c', `${pass}; sha256sum ${blob} >/dev/null`]);
  const atOnce = () => run('bash', ['-c', `sha256sum ${blob} >/dev/null & blob=$!; ${pass}; wait $blob`]);
  return {
    title: `ingest: one gzip layer, ${(fs.statSync(blob).size / 1e6).toFixed(0)} MB compressed, ${(work / 1e6).toFixed(0)} MB in all`,
    pairs: [
      { name: 'in Node, beside gzip, tee, sha256sum and tar, then sha256sum of the blob', work, ours, reference: pipeline },
      { name: 'in Node, beside the same with sha256sum of the blob at the same time', work, ours, reference: atOnce },
      { name: 'in Node, beside the same core compiled for this machine', work, ours, reference: () => run(native, ['ingest', blob]) },
      ...(browser ? [
            { name: 'in Chromium, beside gzip, tee, sha256sum and tar, then sha256sum of the blob', work, ours: async () => whole(await browser.read()), reference: pipeline },
            { name: 'in Chromium, beside the same with sha256sum of the blob at the same time', work, ours: async () => whole(await browser.read()), reference: atOnce },
          ] : []),
      {
        name: 'the index alone of 60,000 small files, in Node, beside `tar t`',
        work: tarBytes.length,
        ours: async () => whole(await readLayer(tarBytes, { digests: false })),
        reference: () => run('tar', ['tf', tar]),
      },
    ],
    close: () => browser?.close(),
  };
}

function whole(facts) {
  if (facts.problem || facts.entries < 1000) throw new Remedy(`The layer could not be read: ${JSON.stringify(facts)}`);
}

/** A page that reads the layer from a file that the browser is given. */
async function inChromium(blob) {
  const executablePath = await chromium();
  if (!executablePath) return console.log('There is no Chromium: its row is left out.');
  const folder = inRoot('.tools', 'bench', 'page');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(inRoot('dist'), path.join(folder, 'layerwright'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><title>bench</title><input type="file"><script type="module" src="page.js"></script>');
  fs.writeFileSync(path.join(folder, 'page.js'), `import init, { readLayer } from './layerwright/index.browser.js';
await init();
globalThis.read = () => readLayer(document.querySelector('input').files[0]);
`);
  const server = await serve(folder);
  const browser = await playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => globalThis.read);
  await page.setInputFiles('input', blob);
  return {
    read: () => page.evaluate(() => globalThis.read()),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
