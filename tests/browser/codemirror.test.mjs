// `layerwright/codemirror` on a page of its own, in Chromium: with the module on the page's thread, and with an engine that answers later.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';
import { serve } from '../../scripts/lib/serve.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = process.env.LAYERWRIGHT_INSTALLED;

const ENTRY = `
import { completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { lintGutter, lintKeymap } from '@codemirror/lint';
import { EditorView, keymap } from '@codemirror/view';
import * as lw from 'layerwright';
import { dockerfile } from 'layerwright/codemirror';

const later = new URLSearchParams(location.search).has('later');
const slow = (work) => later ? async (...args) => { await new Promise((r) => setTimeout(r, 20)); return work(...args); } : work;
const names = ['lint', 'completions', 'hover', 'folding', 'definition', 'prepareRename', 'rename', 'format'];
const engine = { init: () => lw.init('/node_modules/layerwright/wasm/layerwright.wasm'), ...Object.fromEntries(names.map((n) => [n, slow(lw[n])])) };
globalThis.view = new EditorView({
  parent: document.body,
  doc: 'FROM alpine:3.20 as build\\nRUN apk add \\\\\\n    curl\\n\\nFROM scratch\\nCOPY --from=build /x /x\\n',
  extensions: [history(), dockerfile({ engine, profile: 'recommended' }), lintGutter(), keymap.of([...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap])],
});
`;

let server;
let browser;

before(async () => {
  fs.writeFileSync(path.join(installed, 'codemirror.entry.js'), ENTRY);
  const packages = ['@codemirror', '@lezer'].flatMap((scope) => fs.readdirSync(path.join(root, 'node_modules', scope)).map((name) => `${scope}/${name}`));
  const alias = Object.fromEntries(packages.map((name) => [name, path.join(root, 'node_modules', name)]));
  const bundle = await rolldown({ input: path.join(installed, 'codemirror.entry.js'), platform: 'browser', resolve: { alias } });
  await bundle.write({ file: path.join(installed, 'codemirror.js'), format: 'esm', codeSplitting: false });
  fs.writeFileSync(path.join(installed, 'codemirror.html'), '<!doctype html><html lang="en"><meta charset="utf-8"><title>editor</title><script type="module" src="codemirror.js"></script></html>');
  server = await serve(installed);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

for (const later of [false, true]) {
  const how = later ? 'with an engine that answers later' : "on the page's own thread";
  const open = async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && !message.text().includes('favicon') && !message.text().includes('404') && wrong.push(message.text()));
    await page.goto(`${server.url}codemirror.html${later ? '?later' : ''}`);
    await page.locator('.cm-content').waitFor();
    const text = () => page.evaluate(() => view.state.doc.toString());
    const put = (needle, skip = 0) => page.evaluate(([n, s]) => { const at = view.state.doc.toString().indexOf(n) + s; view.dispatch({ selection: { anchor: at } }); view.focus(); }, [needle, skip]);
    return { page, wrong, text, put };
  };

  test(`completion, ${how}`, async () => {
    const { page, wrong, text, put } = await open();
    await put('\n\nFROM scratch', 1);
    await page.keyboard.type('F');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'FROM' }).first().waitFor();
    await page.waitForTimeout(120);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => view.state.doc.toString().includes('curl\nFROM'));
    await put('COPY --from=', 12);
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'build' }).first().waitFor();
    await page.keyboard.press('Escape');
    assert.match(await text(), /--from=build/);
    assert.deepEqual(wrong, []);
    await page.close();
  });

  test(`findings, a quick fix and an ignore comment, ${how}`, async () => {
    const { page, wrong, text } = await open();
    await page.locator('.cm-lintRange-warning').first().waitFor();
    await page.locator('.cm-lintRange', { hasText: 'as' }).first().hover();
    const box = page.locator('.cm-diagnostic', { hasText: 'FromAsCasing' });
    await box.waitFor();
    assert.equal(await box.getByRole('button').count(), 2);
    await box.getByRole('button').first().click();
    await page.waitForFunction(() => view.state.doc.toString().startsWith('FROM alpine:3.20 AS build'));
    await page.keyboard.press('Control+z');
    assert.match(await text(), /^FROM alpine:3\.20 as build/);
    await page.mouse.move(5, 500);
    await box.waitFor({ state: 'detached' });
    await page.locator('.cm-lintRange', { hasText: 'as' }).first().waitFor();
    await page.waitForTimeout(1000);
    await page.locator('.cm-lintRange', { hasText: 'as' }).first().hover();
    await box.getByRole('button', { name: 'Ignore FromAsCasing' }).click();
    await page.waitForFunction(() => view.state.doc.toString().startsWith('# layerwright ignore=FromAsCasing\nFROM'));
    await box.waitFor({ state: 'detached' });
    assert.deepEqual(wrong, []);
    await page.close();
  });

  test(`hover, definition and rename of a stage, ${how}`, async () => {
    const { page, wrong, text, put } = await open();
    const at = await page.evaluate(() => { const { left, top } = view.coordsAtPos(view.state.doc.toString().indexOf('--from=build') + 9); return { x: left + 2, y: top + 5 }; });
    await page.mouse.move(at.x, at.y);
    await page.locator('.cm-dockerfile-hover', { hasText: 'alpine:3.20' }).waitFor();
    await put('--from=build', 9);
    await page.keyboard.press('F12');
    await page.waitForFunction(() => view.state.selection.main.from === view.state.doc.toString().indexOf('build'));
    await page.keyboard.press('F2');
    const input = page.getByLabel('Rename build to');
    await input.waitFor();
    await input.fill('no name');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.cm-dockerfile-rename [role=alert]').textContent.length > 10);
    await input.fill('tools');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => view.state.doc.toString().includes('--from=tools'));
    assert.match(await text(), /as tools\n/);
    assert.equal(await page.locator('.cm-dockerfile-rename').count(), 0);
    assert.ok(await page.evaluate(() => view.hasFocus), 'the editor has the focus again');
    assert.deepEqual(wrong, []);
    await page.close();
  });

  test(`folding and format, ${how}`, async () => {
    const { page, wrong, text, put } = await open();
    await page.locator('.cm-foldGutter .cm-gutterElement', { hasText: '⌄' }).first().waitFor();
    await put('RUN apk', 2);
    await page.keyboard.press('Control+Shift+{');
    await page.locator('.cm-foldPlaceholder').waitFor();
    assert.ok(!(await page.locator('.cm-content').textContent()).includes('curl'));
    await page.keyboard.press('Control+Shift+}');
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('\n\n\nrun  x');
    await page.keyboard.press('Shift+Alt+f');
    await page.waitForFunction(() => view.state.doc.toString().endsWith('\n\nRUN x\n'));
    assert.ok((await text()).startsWith('FROM alpine:3.20 AS build'));
    assert.deepEqual(wrong, []);
    await page.close();
  });
}
