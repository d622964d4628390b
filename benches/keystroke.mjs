// A keystroke in the page, in Chromium: every letter typed into real Dockerfiles of about 200 lines makes a whole lint.
// `lint` is the call itself; `round trip` asks the page's own worker for all that the page shows: findings and plan.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { buildPage } from '../scripts/lib/page.mjs';
import { serve } from '../scripts/lib/serve.mjs';
import { inRoot } from '../scripts/lib/shell.mjs';
import { corpus } from './corpus.mjs';

const TYPED = 'RUN apt-get update && apt-get install -y curl $PACKAGES\n';
const FILES = 8;
/** Keystrokes before the first that counts: the engine compiles the module's functions well once they have run a while. */
const WARM_UP = 60;

export default async function keystroke() {
  await buildPage();
  const texts = longTexts();
  const lines = texts.map((t) => t.split('\n').length);
  return {
    title: `keystroke: ${texts.length} Dockerfiles of ${Math.min(...lines)} to ${Math.max(...lines)} lines, in Chromium`,
    times: async () => {
      const dist = await serve(inRoot('dist'));
      const built = await serve(inRoot('www', 'dist'));
      const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
      try {
        const steps = texts.flatMap(typing);
        // The page's own rules let no one else start its worker.
        const page = await browser.newPage({ bypassCSP: true });
        await page.goto(`${dist.url}package.json`);
        const lint = await page.evaluate(lintAll, { steps, warmUp: WARM_UP });
        const worker = fs.readdirSync(inRoot('www', 'dist', 'assets')).find((f) => /^lint\.worker.*\.js$/.test(f));
        if (!worker) throw new Error('the page has no lint worker');
        await page.goto(built.url);
        const trips = await page.evaluate(askAll, { steps, warmUp: WARM_UP, worker: path.posix.join('assets', worker) });
        return { lint, 'round trip': trips };
      } finally {
        await browser.close();
        await Promise.all([dist.close(), built.close()]);
      }
    },
  };
}

/** The texts nearest to 200 lines. */
function longTexts() {
  const far = (text) => Math.abs(text.split('\n').length - 200);
  const { texts } = corpus();
  if (texts.some((t) => far(t) < 40)) return texts.sort((a, b) => far(a) - far(b)).slice(0, FILES);
  const one = texts[0].trimEnd().split('\n');
  return [Array.from({ length: Math.ceil(200 / one.length) }, () => one).flat().slice(0, 200).join('\n')];
}

/** The text after each keystroke, typed in its middle. */
function typing(text) {
  const lines = text.split('\n');
  const middle = Math.floor(lines.length / 2);
  const before = `${lines.slice(0, middle).join('\n')}\n`;
  const after = lines.slice(middle).join('\n');
  return Array.from(TYPED, (_, i) => before + TYPED.slice(0, i + 1) + after);
}

// The functions below run in the page.

async function lintAll({ steps, warmUp }) {
  const lw = await import('/lint.browser.js');
  await lw.init();
  const once = (text) => {
    const began = performance.now();
    lw.lint(text);
    return performance.now() - began;
  };
  for (const text of steps.slice(0, warmUp)) once(text);
  return steps.map(once);
}

async function askAll({ steps, warmUp, worker }) {
  const asked = new Worker(worker, { type: 'module' });
  let id = 0;
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      asked.onmessage = ({ data }) => (data.error ? reject(new Error(data.error.message)) : resolve(performance.now() - began));
      asked.onerror = () => reject(new Error('the worker did not start'));
      asked.postMessage({ id: id++, method, params });
    });
  const once = (text) => ask('analyse', { text, dockerignore: '', profile: 'recommended', target: '', platform: 'linux/amd64', buildArgs: {} });
  await ask('planner', {});
  for (const text of steps.slice(0, warmUp)) await once(text);
  const times = [];
  for (const text of steps) times.push(await once(text));
  asked.terminate();
  return times;
}
