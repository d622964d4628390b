// The page as it is built, in Chromium: the tasks a person comes for, by keyboard too, offline, and for everyone (axe).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { serve } from '../../scripts/lib/serve.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A tar of `[name, content]` or `[name, { type, link, mode, uid, content }]`. */
function tar(entries) {
  const blocks = [];
  for (const [name, given] of entries) {
    const { type = '0', link = '', mode = type === '5' ? 0o755 : 0o644, uid = 0, mtime = 1_763_458_867, content = given } = typeof given === 'string' || Buffer.isBuffer(given) ? {} : { content: '', ...given };
    const body = Buffer.from(content);
    const head = Buffer.alloc(512);
    const text = (value, at) => head.write(value, at, 'utf8');
    const octal = (value, at, length) => text(value.toString(8).padStart(length - 1, '0'), at);
    text(name, 0);
    octal(mode, 100, 8);
    octal(uid, 108, 8);
    octal(uid, 116, 8);
    octal(body.length, 124, 12);
    octal(mtime, 136, 12);
    text('        ', 148);
    text(type, 156);
    text(link, 157);
    text('ustar\0' + '00', 257);
    text(uid ? 'node' : 'root', 265);
    text(uid ? 'node' : 'root', 297);
    octal(head.reduce((sum, byte) => sum + byte, 0), 148, 7);
    head[155] = 0x20;
    blocks.push(head, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A docker-archive of three layers: a base, an application, and a layer that changes an owner and removes a folder. */
function dockerArchive(more = [], { tag = 'shop/api:2.8.1', cmd = ['node', 'server.js'], server = 'console.log("one");\nconsole.log("two");\n', mtime } = {}) {
  const layers = [
    tar([['etc/', { type: '5' }], ['etc/passwd', 'root:x:0:0::/root:/bin/sh\n'], ['bin/', { type: '5' }], ['bin/sh', Buffer.from('7f454c4602010100', 'hex')]]),
    tar([['app/', { type: '5' }], ['app/server.js', 'console.log("one");\nconsole.log("two");\n'], ['var/cache/list', 'x'.repeat(3000)], ['app/in\u202evoice.txt', 'hidden turn\n'], ['app/current', { type: '2', link: 'server.js' }], ...more]),
    tar([['app/', { type: '5' }], ['app/server.js', { uid: 1000, content: server, mtime }], ['var/.wh.cache', '']]),
  ];
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-11-18T09:41:07Z',
      config: { Cmd: cmd, Env: ['PATH=/usr/bin:/bin'], WorkingDir: '/app' },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: [
        { created: '2026-11-18T09:41:07Z', created_by: '/bin/sh -c #(nop) ADD file:base in / ' },
        { created: '2026-11-18T09:41:07Z', created_by: 'CMD ["sh"]', empty_layer: true },
        { created: '2026-11-18T09:41:07Z', created_by: 'COPY app /app # buildkit' },
        { created: '2026-11-18T09:41:07Z', created_by: 'RUN /bin/sh -c chown node /app/server.js && rm -rf /var/cache # buildkit' },
      ],
    }),
  );
  const name = `${sha256(config)}.json`;
  const manifest = JSON.stringify([{ Config: name, RepoTags: [tag], Layers: layers.map((_, i) => `${i}/layer.tar`) }]);
  return tar([[name, config], ...layers.map((layer, i) => [`${i}/layer.tar`, layer]), ['manifest.json', manifest]]);
}

const DOCKERFILE = 'FROM alpine:3.20 as build\nADD entrypoint.sh /usr/local/bin/\nCMD node server.js\n';

let server;
let browser;

before(async () => {
  server = await serve(`${root}www/dist`);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page; what it logs as an error, throws or asks of other hosts is kept, and must stay empty. */
async function open(hash = '', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 840 }, serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  context.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('blob:') && !request.url().startsWith('data:')) wrong.push(`asked ${request.url()}`);
  });
  await page.goto(server.url + hash);
  return { page, context, wrong };
}

const type = async (page, text) => {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
};

const textOf = (page) => page.locator('.cm-content').evaluate((element) => [...element.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));

async function openImage(page, more) {
  await page.goto(`${server.url}#/image`);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: /^Choose (a|another) file$/ }).click()]);
  await chooser.setFiles({ name: 'api.tar', mimeType: 'application/x-tar', buffer: dockerArchive(more) });
  await page.locator('[role="treeitem"]').first().waitFor({ state: 'attached' });
}

test('typing a Dockerfile shows findings, and a fix changes the text and can be undone', async () => {
  const { page, context, wrong } = await open('#/dockerfile');
  await type(page, DOCKERFILE);
  const finding = page.locator('.fd', { hasText: 'DL3020' });
  await finding.waitFor();
  assert.ok((await page.locator('.sq.error').count()) >= 1, 'a squiggle under the ADD');
  assert.ok((await page.locator('.cm-findings .sev.error').count()) >= 1, 'an octagon in the gutter');
  // The first press shows what would change, the second one changes it.
  await finding.locator('.fix-button button').click();
  assert.match(await finding.locator('.diff').textContent(), /removed: ADD entrypoint\.sh.*added: COPY entrypoint\.sh/);
  await finding.getByRole('button', { name: /^Apply/ }).click();
  await page.waitForFunction(() => document.querySelector('.editor-host').shadowRoot.querySelector('.cm-content').textContent.includes('COPY entrypoint.sh'));
  await finding.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await finding.waitFor();
  assert.match(await textOf(page), /ADD entrypoint\.sh/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the editor completes, explains, folds, goes to a definition and renames', async () => {
  const { page, context, wrong } = await open('#/dockerfile');
  await type(page, 'FROM alpine:3.20 AS build\nRUN x \\\n  y\nFROM scratch\nCOPY --from=build /x /x\n');
  await page.keyboard.press('Control+End');
  // Completion comes with the first focus, a moment later: asking for it waits until it is there.
  await page.keyboard.type('E');
  await page.keyboard.press('Control+Space');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'ENTRYPOINT' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Backspace');
  const word = page.locator('.cm-line', { hasText: '--from=build' });
  const place = await word.evaluate((line) => {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent.lastIndexOf('build');
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at + 1);
      range.setEnd(node, at + 3);
      const { left, top, width, height } = range.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }
  });
  await page.mouse.move(place.x, place.y);
  await page.locator('.cm-dockerfile-hover', { hasText: 'alpine:3.20' }).waitFor();
  await page.mouse.move(10, 10);
  await page.mouse.click(place.x, place.y);
  await page.keyboard.press('Alt+F12');
  await page.locator('.cm-activeLine', { hasText: 'FROM alpine' }).waitFor();
  await page.keyboard.press('F2');
  const input = page.getByLabel('Rename build to');
  await input.fill('tools');
  await page.keyboard.press('Enter');
  await page.locator('.cm-line', { hasText: '--from=tools' }).waitFor();
  assert.match(await textOf(page), /AS tools/);
  // What the mouse rests on is explained, and would lie over the line.
  await page.mouse.move(10, 10);
  await page.locator('.cm-tooltip-hover').waitFor({ state: 'detached' });
  await page.locator('.cm-line', { hasText: 'RUN x' }).click();
  await page.keyboard.press('Control+Shift+{');
  await page.locator('.cm-foldPlaceholder').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the plan follows the text, and its layers lead to their lines', async () => {
  const { page, context, wrong } = await open('#/dockerfile');
  await type(page, 'FROM scratch AS site\nCOPY a.txt /a.txt\n\nFROM site\nWORKDIR /srv\nENV A=b\n');
  await page.locator('.plan-layers .ly').nth(1).waitFor();
  assert.match(await page.locator('.graph svg').getAttribute('aria-label'), /Stage graph: site from scratch/);
  assert.match(await page.locator('.facts').first().textContent(), /\/srv/);
  await page.locator('.plan-layers .ly button').nth(1).click();
  await page.waitForFunction(() => new URLSearchParams(location.hash.split('?')[1]).get('L') === '5');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the address restores the text in another browser, and nothing else is kept of it in the query', async () => {
  const first = await open('#/dockerfile');
  await type(first.page, DOCKERFILE);
  await first.page.waitForFunction(() => location.hash.includes('d='));
  await first.page.waitForTimeout(600);
  const address = first.page.url();
  assert.equal(new URL(address).search, '');
  await first.context.close();
  const second = await open(address.slice(server.url.length));
  await second.page.locator('.cm-content', { hasText: 'ADD entrypoint.sh' }).waitFor();
  assert.equal(await textOf(second.page), DOCKERFILE);
  assert.deepEqual(second.wrong, []);
  await second.context.close();
});

test('an image opens, is verified, and its tree is walked by keyboard to a file', async () => {
  const { page, context, wrong } = await open();
  await openImage(page);
  assert.equal(await page.locator('h1').textContent(), 'shop/api:2.8.1');
  await page.locator('.shield', { hasText: /(\d+) of \1 digests verified/ }).waitFor();
  // Layer 3 changed an owner and hid a folder.
  await page.locator('[role="option"]', { hasText: 'chown node' }).click();
  await page.locator('[role="treeitem"] .mk.removed').first().waitFor();
  assert.match(await page.locator('.stats').textContent(), /wasted/);
  const tree = page.locator('[role="treeitem"][tabindex="0"]');
  await tree.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('s');
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('server.js'));
  const panel = page.locator('.file-pane');
  await panel.locator('.prov li').nth(1).waitFor();
  const history = await panel.locator('.prov').textContent();
  assert.match(history, /Layer 2 added it/);
  assert.match(history, /Layer 3 changed its owner, root to node/);
  await panel.locator('.lines', { hasText: 'console.log("two");' }).waitFor();
  assert.match(await panel.locator('.digest').textContent(), new RegExp(`sha256:${sha256('console.log("one");\nconsole.log("two");\n').slice(0, 4)}`));
  await panel.getByRole('tab', { name: 'Hex' }).click();
  await panel.locator('.lines', { hasText: '63 6f 6e 73' }).waitFor();
  assert.match(page.url(), /f=app\/server\.js/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the analysis says what is wasted, and a copy with the same bytes is said to be one', async () => {
  const { page, context, wrong } = await open();
  await openImage(page, [['app/one.js', 'same text\n'], ['app/two.js', 'same text\n']]);
  await page.getByRole('tab', { name: 'Analysis' }).click();
  await page.locator('.lead', { hasText: 'are there more than once' }).waitFor();
  assert.match(await page.locator('.lead').textContent(), /3\.\d kB, 9\d %, are wasted/);
  const wasted = page.getByRole('region', { name: 'Wasted copies' });
  assert.match(await wasted.textContent(), /var\/cache\/list3\.0 kB2removed by 3/);
  assert.match(await page.getByRole('region', { name: 'Contents that are there more than once' }).textContent(), /app\/one\.js.*app\/two\.js.*10 B/);
  await wasted.getByRole('button', { name: 'app/server.js' }).click();
  await page.locator('.file-pane .prov', { hasText: 'Same bytes, stored a second time' }).waitFor();
  assert.match(page.url(), /l=2/);
  await page.getByRole('button', { name: 'step 4 of the history' }).click();
  await page.locator('tr.sel', { hasText: 'chown node' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a step of the history leads to the line of the Dockerfile that says the same', async () => {
  const { page, context, wrong } = await open('#/dockerfile');
  await type(page, 'FROM base\nCOPY app /app\nRUN chown node /app/server.js \\\n  && rm -rf /var/cache\n');
  await openImage(page);
  await page.locator('[role="treeitem"]', { hasText: 'app/' }).first().waitFor();
  await page.evaluate(() => void (location.hash = `${location.hash}&f=app/server.js`));
  await page.getByRole('button', { name: 'line 3 of the Dockerfile' }).click();
  await page.locator('.cm-activeLine', { hasText: 'RUN chown' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a finding about an image names its code, its place and the clause it is against', async () => {
  const { page, context, wrong } = await open();
  const archive = dockerArchive();
  // One byte of a file in the first layer: its digest is no longer that of the configuration.
  archive[archive.indexOf('root:x:0:0')] = 0x52;
  await page.goto(`${server.url}#/image`);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click()]);
  await chooser.setFiles({ name: 'api.tar', mimeType: 'application/x-tar', buffer: archive });
  await page.locator('.shield.fail').click();
  const finding = page.locator('.oddities li', { hasText: 'DIFF_ID_MISMATCH' });
  await finding.waitFor();
  assert.match(await finding.textContent(), /Layer.*Layer 1.*Clauseimage-spec config\.md/);
  await finding.getByRole('button', { name: 'Layer 1' }).click();
  await page.locator('.layers [role="option"][aria-selected="true"]', { hasText: 'ADD file:base' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a search goes through the texts of the files, in one layer or in all, and can be stopped', async () => {
  const { page, context, wrong } = await open();
  await openImage(page, [...Array.from({ length: 500 }, (_, i) => [`logs/${i}.log`, `line\nTODO ${i}\n`]), ['logs/big.bin', 'x'.repeat(5000)]]);
  const field = page.getByLabel('Filter files by name, size, text and more');
  await field.fill('*.log text:TODO');
  const list = page.getByRole('listbox', { name: 'Found, 500 files' });
  await list.waitFor();
  assert.ok((await list.locator('[role="option"]').count()) < 200, 'only rows near the window exist');
  assert.match(await list.locator('[role="option"]').first().textContent(), /^logs\/0\.log2 TODO 0/);
  await field.press('ArrowDown');
  await page.keyboard.press('End');
  await page.waitForFunction(() => location.hash.includes('f=logs/99.log'));
  await page.locator('.file-pane .line.found', { hasText: 'TODO 99' }).waitFor();
  await field.fill('layer:1 type:file');
  await page.getByRole('listbox', { name: 'Found, 2 files' }).waitFor();
  await field.fill('type:nothing');
  await page.getByText(/"nothing" is no type/).waitFor();
  await page.locator('.layers [role="option"]').nth(2).click();
  await field.fill('text:TODO');
  await page.getByText('No file matches text:TODO in layer 3.').waitFor();
  await page.getByRole('button', { name: 'Search all layers' }).click();
  await page.getByRole('listbox', { name: 'Found, 500 files' }).waitFor();
  // Plain words stay in the tree, and can be a list too.
  await field.fill('big');
  await page.locator('[role="treeitem"]', { hasText: 'big.bin' }).waitFor();
  await page.getByRole('button', { name: 'List' }).click();
  await page.getByRole('listbox', { name: 'Found, 1 file' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the map is walked by keyboard, zooms, and is a table too', async () => {
  const { page, context, wrong } = await open();
  await openImage(page, [['opt/tool/data/a.bin', 'a'.repeat(40_000)], ['opt/tool/data/b.bin', 'b'.repeat(20_000)]]);
  const map = page.getByRole('listbox', { name: /^Map of/ });
  await map.locator('[role="option"]').first().waitFor();
  const active = () => map.evaluate((list) => document.getElementById(list.getAttribute('aria-activedescendant')).getAttribute('aria-label'));
  await map.focus();
  assert.match(await active(), /^opt\/tool\/data\/, 60 kB, yours/);
  assert.equal(await map.locator('[role="option"][aria-label^="wasted, "]').count(), 1, 'the list that layer 3 hid');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => new URLSearchParams(location.hash.split('?')[1]).get('z') === 'opt/tool/data');
  assert.match(await active(), /^a\.bin, 40 kB/);
  await page.keyboard.press('ArrowRight');
  assert.match(await active(), /^b\.bin, 20 kB/);
  await page.keyboard.press('Enter');
  await page.locator('.file-pane .prov', { hasText: 'Layer 2 added it' }).waitFor();
  await map.focus();
  await page.keyboard.press('Backspace');
  await page.waitForFunction(() => !location.hash.includes('z='));
  await page.locator('.map-part').getByRole('button', { name: 'Table' }).click();
  const table = page.locator('.map-table');
  assert.deepEqual(await table.locator('tbody tr').evaluateAll((rows) => rows.slice(0, 2).map((row) => row.textContent)), ['opt/tool/data/60 kB95 %yours, mostly layer 2', 'wasted3.0 kB5 %wasted, mostly layer 2']);
  await table.getByRole('button', { name: 'wasted' }).click();
  await page.locator('.crumbs', { hasText: 'wasted' }).waitFor();
  assert.match(page.url(), /z=~|z=%7E/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the focus stays on its row through a tree longer than the window', async () => {
  const { page, context, wrong } = await open();
  await openImage(page, Array.from({ length: 3000 }, (_, i) => [`many/f${String(i).padStart(4, '0')}`, 'x']));
  await page.locator('[role="treeitem"]', { hasText: 'many/' }).click();
  const drawn = () => page.locator('[role="treeitem"]').count();
  const focused = () => page.evaluate(() => document.activeElement?.querySelector('.nm')?.textContent);
  await page.keyboard.press('End');
  await page.waitForTimeout(200);
  assert.equal(await focused(), 'var/');
  await page.keyboard.press('ArrowUp');
  await page.waitForTimeout(200);
  assert.equal(await focused(), 'f2999');
  await page.keyboard.press('Home');
  await page.waitForTimeout(200);
  assert.equal(await focused(), 'app/');
  assert.ok((await drawn()) < 200, 'only rows near the window exist');
  // The focused row stays in the document when it is scrolled away.
  await page.locator('.tree-scroll').evaluate((box) => (box.scrollTop = 30_000));
  await page.waitForTimeout(200);
  assert.equal(await focused(), 'app/');
  assert.deepEqual(wrong, []);
  await context.close();
});

/** Chooses two images at once in the Compare view. */
async function openTwo(page, first, second) {
  await page.goto('about:blank');
  await page.goto(`${server.url}#/compare`);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose A' }).click()]);
  await chooser.setFiles([
    { name: 'before.tar', mimeType: 'application/x-tar', buffer: first },
    { name: 'after.tar', mimeType: 'application/x-tar', buffer: second },
  ]);
  await page.locator('.verdict').waitFor();
}

test('two images are compared: verdict, layers, settings, files, and the lines of one', async () => {
  const { page, context, wrong } = await open();
  await openTwo(page, dockerArchive(), dockerArchive([['app/new.txt', 'new\n']], { tag: 'shop/api:2.9.0', cmd: ['node', 'main.js'], server: 'console.log("one");\nconsole.log("three");\n' }));
  assert.equal(await page.locator('h1').textContent(), 'shop/api 2.8.1 to 2.9.0');
  assert.match(await page.locator('.verdict').textContent(), /^Different\. .*1 file added, 1 file with other content and 1 setting of the configuration differs/);
  assert.equal(await page.locator('.pair-cell.shared').count(), 2, 'the base layer stands on both sides');
  assert.match(await page.locator('.config-table').textContent(), /Cmd.*\["node","server\.js"\].*\["node","main\.js"\]/);
  const list = page.getByRole('listbox', { name: 'Files that differ, 2 files' });
  assert.deepEqual(await list.locator('[role="option"]').evaluateAll((rows) => rows.map((row) => row.querySelector('.name').textContent)), ['app/new.txt', 'app/server.js']);
  // By keyboard: the focus goes down, and the panel follows it.
  await list.focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => location.hash.includes('f=app/server.js'));
  const lines = page.locator('.lines-diff');
  await lines.locator('.removed', { hasText: 'two' }).waitFor();
  await lines.locator('.added', { hasText: 'three' }).waitFor();
  await page.getByRole('button', { name: 'One column' }).click();
  assert.deepEqual(await lines.locator('.diff-row').evaluateAll((rows) => rows.map((row) => row.lastElementChild.className)), ['same', 'removed', 'added']);
  await page.getByLabel('Filter files by path, size or reason').fill('is:content');
  await page.getByRole('listbox', { name: 'Files that differ, 1 file' }).waitFor();
  await page.getByRole('button', { name: 'Swap' }).click();
  await page.locator('h1', { hasText: 'shop/api 2.9.0 to 2.8.1' }).waitFor();
  await page.locator('.chip .mk.removed').waitFor();
  assert.equal(await page.title(), 'shop/api:2.9.0 to shop/api:2.8.1 - Layerwright');
  assert.match(page.url(), /#\/compare\?.*a=sha256:[0-9a-f]{64}.*b=sha256:[0-9a-f]{64}/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a file that differs is opened in either image, where its layers are listed', async () => {
  const { page, context, wrong } = await open();
  await openTwo(page, dockerArchive(), dockerArchive([], { tag: 'shop/api:2.9.0', server: 'console.log("three");\n' }));
  await page.locator('.vrow', { hasText: 'app/server.js' }).click();
  await page.getByRole('button', { name: 'Open in B' }).click();
  await page.locator('h1', { hasText: 'shop/api:2.9.0' }).waitFor();
  await page.locator('.file-pane .prov', { hasText: 'Layer 2 added it' }).waitFor();
  await page.goBack();
  await page.locator('.verdict').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a rebuild is told from a change, and one image from itself', async () => {
  const { page, context, wrong } = await open();
  await openTwo(page, dockerArchive(), dockerArchive([], { mtime: 1_800_000_000 }));
  assert.match(await page.locator('.verdict').textContent(), /^Semantically identical\. .*1 file that differs in its time alone/);
  await page.locator('.pair-why', { hasText: 'other times' }).waitFor();
  await openTwo(page, dockerArchive(), dockerArchive());
  await page.locator('.verdict.identical', { hasText: /^Identical/ }).waitFor();
  await page.getByText(/^All \d+ files are the same\.$/).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

const FIXTURES = `${root}../shared/fixtures/small/`;

test('real images: a rebuild that is compressed otherwise, and every tab of images that tools wrote', { skip: !fs.existsSync(FIXTURES) && 'the fixtures are not beside this checkout' }, async () => {
  const { page, context, wrong } = await open();
  await openTwo(page, fs.readFileSync(`${FIXTURES}ext-dive-oci-gzip.tar`), fs.readFileSync(`${FIXTURES}ext-dive-oci-uncompressed.tar`));
  assert.match(await page.locator('.verdict').textContent(), /^Semantically identical\..*1 layer compressed otherwise/);
  // A name that is no UTF-8 has a link of its own.
  await page.goto(`${server.url}#/image`);
  const [picker] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click()]);
  await picker.setFiles(`${FIXTURES}names-non-utf8-pax.tar`);
  const odd = page.locator('[role="treeitem"]', { has: page.locator('.tag') }).first();
  await odd.click();
  await page.locator('.file-pane .prov').waitFor();
  const address = page.url();
  assert.match(address, /f=[^&]*%[89A-F][0-9A-F]/);
  await page.evaluate((hash) => void (location.hash = hash), new URL(address).hash.replace(/f=[^&]*/, 'f=x'));
  await page.evaluate((hash) => void (location.hash = hash), new URL(address).hash);
  await page.locator('.file-pane .prov').waitFor();
  for (const name of ['app-java-jib.tar', 'real-skopeo-all-platforms.tar', 'oci-130-layers.tar', 'names-odd.tar', 'docker-no-layers.tar']) {
    await page.goto('about:blank');
    await page.goto(`${server.url}#/image`);
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click()]);
    await chooser.setFiles(`${FIXTURES}${name}`);
    await page.locator('.shield', { hasText: 'verified' }).waitFor();
    await page.getByRole('tab', { name: 'Analysis' }).click();
    await page.locator('.lead', { hasText: /of files are stored/ }).waitFor();
    await page.getByRole('tab', { name: /^Verify/ }).click();
    await page.locator('.verify-line', { hasText: 'It passes' }).waitFor();
  }
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a name that turns the text around is shown as a tag', async () => {
  const { page, context, wrong } = await open();
  await openImage(page);
  await page.getByLabel('Filter files by name, size, text and more').fill('voice');
  const row = page.locator('[role="treeitem"]', { hasText: 'voice' });
  await row.waitFor();
  assert.equal(await row.locator('.tag').textContent(), 'U+202E');
  assert.ok(!(await row.textContent()).includes('\u202e'));
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the palette goes to a file, a finding and a command', async () => {
  const { page, context, wrong } = await open();
  await openImage(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.insertText('server');
  await page.locator('[role="group"][aria-label="Files"] .option', { hasText: 'app/server.js' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash.includes('f=app/server.js'));
  await page.keyboard.press('Control+k');
  await page.keyboard.insertText('>dark');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('what is no image is refused with a reason, and the page goes on', async () => {
  const { page, context } = await open('#/image');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a file' }).click()]);
  await chooser.setFiles({ name: 'notes.tar', mimeType: 'application/x-tar', buffer: tar([['notes.txt', 'nothing\n']]) });
  const box = page.getByRole('alert');
  await box.waitFor();
  assert.match(await box.textContent(), /notes\.tar could not be opened/);
  await openImage(page);
  assert.equal(await page.locator('h1').textContent(), 'shop/api:2.8.1');
  await context.close();
});

test('after one load the page works without a network', async () => {
  const { page, context, wrong } = await open('#/dockerfile', { serviceWorkers: 'allow' });
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
  });
  await type(page, DOCKERFILE);
  await page.waitForTimeout(600);
  await context.setOffline(true);
  const asked = server.requests.length;
  await page.reload();
  await page.locator('.fd', { hasText: 'DL3020' }).waitFor();
  await openImage(page);
  await page.locator('.shield', { hasText: 'verified' }).waitFor();
  assert.equal(server.requests.length, asked, 'the server was asked nothing');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('first load stays under 150 kB of script, gzip', async () => {
  const { gzipSync } = await import('node:zlib');
  const { page, context } = await open('', {});
  // What workers load is behind the first view: their own scripts, and the package.
  const files = new Set();
  page.on('response', (response) => /\.js$/.test(new URL(response.url()).pathname) && !/worker|index\.browser/.test(response.url()) && files.add(new URL(response.url()).pathname));
  await page.goto('about:blank');
  await page.goto(`${server.url}#/dockerfile`);
  await page.locator('.cm-content').waitFor();
  const size = [...files].reduce((sum, file) => sum + gzipSync(fs.readFileSync(`${root}www/dist${file}`), { level: 9 }).length, 0);
  assert.ok(size > 20_000 && size < 150_000, `${size} bytes`);
  await context.close();
});

for (const colorScheme of ['light', 'dark'])
  for (const [width, height] of [[1280, 840], [360, 740]])
    test(`axe finds nothing: ${colorScheme}, ${width}`, async () => {
      const { page, context, wrong } = await open('', { viewport: { width, height }, colorScheme, reducedMotion: 'reduce', hasTouch: width < 900 });
      // Playwright's evaluate is not bound by the page's policy.
      await page.evaluate(axe);
      const check = async (what) => {
        const violations = await page.evaluate(async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.flat().join(' ')} ${node.any[0]?.message ?? node.failureSummary}`).slice(0, 4).join(' | ')}`));
        assert.deepEqual(violations, [], what);
      };
      const narrow = width < 900;
      await check('start');
      await page.getByRole('button', { name: 'Example', exact: true }).click();
      await page.locator('.fd').first().waitFor({ state: 'attached' });
      await check('Dockerfile');
      if (narrow) {
        await page.getByRole('button', { name: /^Findings/ }).click();
        await check('findings');
      }
      await page.locator('.fd .msg').first().click();
      if (narrow) await page.getByRole('button', { name: /^Findings/ }).click();
      await page.locator('.fd.sel').waitFor();
      await check('a finding, selected');
      await page.keyboard.press('Control+k');
      await check('palette');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Help and keys' }).click();
      await check('help');
      await page.keyboard.press('Escape');
      if (narrow) {
        await page.getByRole('button', { name: /^Preview/ }).click();
        await check('preview');
      }
      for (const tab of ['Config', 'Arguments', 'Context']) {
        await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
        await check(tab);
      }
      await page.goto(`${server.url}#/image`);
      await page.getByRole('button', { name: 'Choose a file' }).waitFor();
      await check('no image');
      await openImage(page);
      await page.locator('.shield', { hasText: 'verified' }).waitFor();
      await check('image');
      await page.locator('.map-part button', { hasText: 'Table' }).evaluate((button) => button.click());
      await page.locator('.map-table').waitFor({ state: 'attached' });
      await check('the map as a table');
      await page.evaluate(() => void (location.hash = `${location.hash}${location.hash.includes('?') ? '&' : '?'}q=text:console`));
      await page.locator('.found-list .vrow').first().waitFor({ state: 'attached' });
      await check('search');
      await page.evaluate(() => void (location.hash = location.hash.replace(/&?q=[^&]*/, '')));
      await page.locator('.map-part .seg button', { hasText: 'Map' }).evaluate((button) => button.click());
      await page.evaluate(() => void (location.hash = `${location.hash}${location.hash.includes('?') ? '&' : '?'}l=3&f=app/server.js`));
      await page.locator('.file-pane .prov').waitFor({ state: 'attached' });
      await check('a file');
      if (narrow)
        for (const pane of ['Layers', 'Map', 'File']) {
          await page.getByRole('button', { name: pane, exact: true }).click();
          await check(pane);
        }
      for (const tab of ['Analysis', 'Config', 'History', 'Verify']) {
        await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
        await check(`image ${tab}`);
      }
      await page.goto(`${server.url}#/compare`);
      await page.getByRole('button', { name: 'Choose A' }).waitFor();
      await check('nothing to compare');
      await page.getByRole('button', { name: 'Example' }).click();
      await page.locator('.vrow', { hasText: 'index.html' }).click();
      await page.locator('.lines-diff .added').first().waitFor({ state: 'attached' });
      await check('compare');
      if (narrow)
        for (const pane of ['Layers', 'Config', 'Files']) {
          await page.locator('.pane-bar').getByRole('button', { name: new RegExp(`^${pane}`) }).click();
          await check(`compare, ${pane}`);
        }
      assert.deepEqual(wrong, []);
      await context.close();
    });

test('the example image is assembled in the tab, opened and verified', async () => {
  const { page, context, wrong } = await open();
  await page.getByRole('button', { name: 'Example image' }).click();
  await page.locator('h1', { hasText: 'static-site:1.0.0' }).waitFor();
  await page.locator('.shield', { hasText: /(\d+) of \1 digests verified/ }).waitFor();
  await page.getByLabel('Filter files by name, size, text and more').fill('index.html');
  await page.locator('[role="treeitem"]', { hasText: 'index.html' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('formatting changes the text once, and can be undone', async () => {
  const { page, context, wrong } = await open('#/dockerfile');
  await type(page, 'from alpine:3.20\nrun echo a\n');
  await page.getByRole('button', { name: 'Format' }).click();
  await page.getByText('Formatted.').waitFor();
  assert.match(await textOf(page), /^FROM alpine:3\.20\n/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.waitForFunction(() => document.querySelector('.editor-host').shadowRoot.querySelector('.cm-content').textContent.startsWith('from'));
  assert.deepEqual(wrong, []);
  await context.close();
});

test('Firefox shows findings, the example image verified and mapped, and two images compared', { skip: !process.env.FIREFOX }, async () => {
  const firefox = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX, headless: true });
  try {
    const page = await firefox.newPage();
    await page.setViewport({ width: 1280, height: 840 });
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    const press = (text) => page.evaluate((label) => [...document.querySelectorAll('main button')].find((button) => button.textContent === label).click(), text);
    await page.goto(server.url);
    await page.waitForSelector('h1');
    await press('Example');
    await page.waitForSelector('.fd', { timeout: 30_000 });
    await page.evaluate(() => void (location.hash = '#/image'));
    await page.waitForSelector('.empty');
    await press('Example');
    await page.waitForFunction(() => / digests verified$/.test(document.querySelector('.shield')?.textContent ?? ''), { timeout: 30_000 });
    await page.waitForSelector('.map-list [role="option"]');
    await page.evaluate(() => void (location.hash = '#/compare'));
    await page.waitForSelector('.slots');
    await press('Example');
    await page.waitForFunction(() => /^Different\. .*1 file added/.test(document.querySelector('.verdict')?.textContent ?? ''), { timeout: 30_000 });
    await page.evaluate(() => [...document.querySelectorAll('.changes .vrow')].find((row) => row.textContent.includes('index.html')).click());
    await page.waitForSelector('.lines-diff .added');
    assert.deepEqual(wrong, []);
  } finally {
    await firefox.close();
  }
});
