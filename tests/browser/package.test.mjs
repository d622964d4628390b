// The installed package in browsers without a bundler: the common cases, in Chromium and in Firefox where it is installed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { serve } from '../../scripts/lib/serve.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const installed = process.env.LAYERWRIGHT_INSTALLED;

/** A page that imports the package by its own address and runs the cases. */
function host() {
  fs.writeFileSync(path.join(installed, 'cases.html'), '<!doctype html><meta charset="utf-8"><title>cases</title><script type="module" src="cases.js"></script>');
  fs.writeFileSync(
    path.join(installed, 'cases.js'),
    `import init, * as lw from './node_modules/layerwright/index.browser.js';
import initLint, * as small from './node_modules/layerwright/lint.browser.js';
import { runCases } from './common.mjs';
try { lw.version(); globalThis.early = 'ready'; } catch (e) { globalThis.early = e.code; }
await Promise.all([init(), init(), initLint()]);
await init();
globalThis.result = await runCases(lw, small);
`,
  );
  return serve(installed);
}

test('the common cases in Chromium', async () => {
  const server = await host();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (e) => errors.push(String(e)));
    await page.goto(`${server.url}cases.html`);
    await page.waitForFunction(() => globalThis.result, null, { timeout: 120_000 }).catch((e) => assert.fail(`${e.message} ${errors.join(' ')}`));
    const { early, result } = await page.evaluate(() => ({ early: globalThis.early, result: globalThis.result }));
    assert.equal(early, 'NOT_READY');
    assert.equal(result.failed, 0, result.output);
    assert.ok(result.passed > 5);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('the common cases in Firefox', { skip: !process.env.FIREFOX }, async () => {
  const server = await host();
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}cases.html`);
    await page.waitForFunction(() => globalThis.result, { timeout: 120_000 });
    const result = await page.evaluate(() => globalThis.result);
    assert.equal(result.failed, 0, result.output);
    assert.ok(result.passed > 5);
  } finally {
    await browser.close();
    await server.close();
  }
});
