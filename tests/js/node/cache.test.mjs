// Layers of earlier builds: what is found again, what is not, and what becomes of damage.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { buildImage, memoryCache, openImage } from 'layerwright';
import { folderCache } from 'layerwright/run';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-cache-test-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const FILES = (change = {}) => Object.entries({ a: 'one', b: 'two', c: 'three', ...change }).map(([path, bytes]) => ({ path, bytes, mtime: 1e9 }));
const DOCKERFILE = 'FROM scratch\nCOPY a /a\nRUN x\nCOPY b /b\nENV X=1\nCOPY c /c\n';

/** A command that notes each time that it is run. */
const counting = () => {
  const executor = { name: 'counting', runs: 0, run: (step) => (executor.runs++, { changes: [{ path: 'ran', bytes: step.args.join(' ') }, { path: 'a', type: 'removed' }] }) };
  return executor;
};

async function build(cache, { change, dockerfile = DOCKERFILE, executor = counting(), ...request } = {}) {
  const states = [];
  const image = await buildImage({ dockerfile, context: FILES(change), ...request }, { cache, executors: [executor], onStep: ({ state, step, text }) => state !== 'begun' && step > 1 && states.push(`${text.split(' ').slice(0, 2).join(' ')} ${state}`) });
  const digests = image.manifest.layers.map((layer) => layer.digest);
  const paths = (await image.files()).map((f) => f.path);
  const { verdict } = await image.verify();
  assert.equal(verdict, 'ok');
  image[Symbol.dispose]();
  return { states, digests, paths, runs: executor.runs };
}
const ALL = (state) => ['COPY a', 'RUN x', 'COPY b', 'COPY c'].map((text) => `${text} ${state}`);

for (const [name, make] of [['memory', () => memoryCache()], ['folder', () => folderCache(fs.mkdtempSync(path.join(folder, 'c-')))]]) {
  test(`${name}: a second build makes nothing, and a change what follows from it`, async () => {
    const cache = make();
    const first = await build(cache);
    assert.deepEqual(first.states, ALL('done'));
    const second = await build(cache);
    assert.deepEqual([second.states, second.digests, second.paths, second.runs], [ALL('cached'), first.digests, first.paths, 0]);
    assert.deepEqual(second.paths, ['b', 'c', 'ran']);
    const later = await build(cache, { change: { b: 'TWO' } });
    assert.deepEqual(later.states, ['COPY a cached', 'RUN x cached', 'COPY b done', 'COPY c done']);
    assert.deepEqual(later.digests.slice(0, 2), first.digests.slice(0, 2));
    assert.notEqual(later.digests[2], first.digests[2]);
    // What is not copied does not matter, what a command is given does.
    assert.deepEqual((await build(cache, { change: { d: 'more' } })).states, ALL('cached'));
    assert.deepEqual((await build(cache, { dockerfile: DOCKERFILE.replace('RUN x', 'RUN y') })).states[1], 'RUN y done');
    assert.deepEqual((await build(cache, { dockerfile: DOCKERFILE.replace('RUN x', 'ARG V\nRUN x'), buildArgs: { V: '1' } })).states[1], 'RUN x done');
    assert.deepEqual((await build(cache, { compression: 'zstd' })).states, ALL('done'));
    // Without a cache the same bytes come out.
    assert.deepEqual((await build(undefined)).digests, first.digests);
  });
}

test('a stage that is no part of the image is not run again', async () => {
  const cache = memoryCache();
  const dockerfile = 'FROM scratch AS made\nRUN x\nFROM scratch\nCOPY --from=made /ran /got\n';
  const first = await build(cache, { dockerfile });
  const second = await build(cache, { dockerfile });
  assert.deepEqual([first.runs, second.runs, second.digests, second.states], [1, 0, first.digests, ['RUN x cached', 'COPY --from=made cached']]);
});

test('damage is found and made anew', async () => {
  const place = fs.mkdtempSync(path.join(folder, 'damaged-'));
  const first = await build(folderCache(place));
  const blobs = fs.readdirSync(path.join(place, 'blobs')).map((name) => path.join(place, 'blobs', name));
  assert.equal(blobs.length, 4);
  for (const blob of blobs) {
    const bytes = fs.readFileSync(blob);
    bytes[20] ^= 1;
    fs.writeFileSync(blob, bytes);
  }
  const second = await build(folderCache(place));
  assert.deepEqual([second.states, second.digests], [ALL('done'), first.digests]);
  assert.deepEqual((await build(folderCache(place))).states, ALL('cached'));
  for (const name of fs.readdirSync(path.join(place, 'layers'))) fs.writeFileSync(path.join(place, 'layers', name), '{');
  assert.deepEqual((await build(folderCache(place))).states, ALL('done'));
});

test('what was used longest ago goes first', async () => {
  const place = fs.mkdtempSync(path.join(folder, 'limited-'));
  const bytes = (n) => ({ digest: `sha256:${String(n).repeat(64)}`, diffId: 'sha256:x', bytes: new Uint8Array(1000) });
  const cache = folderCache(place, { limit: 2500 });
  for (const n of [1, 2, 3]) {
    await cache.put(`sha256:k${n}`, bytes(n));
    fs.utimesSync(path.join(place, 'layers', `sha256-k${n}`), n, n);
  }
  await cache.settle();
  assert.deepEqual(fs.readdirSync(path.join(place, 'layers')), ['sha256-k2', 'sha256-k3']);
  assert.deepEqual(fs.readdirSync(path.join(place, 'blobs')).length, 2);
  const memory = memoryCache({ limit: 2500 });
  for (const n of [1, 2]) await memory.put(`k${n}`, bytes(n));
  await memory.get('k1');
  await memory.put('k3', bytes(3));
  assert.deepEqual(await Promise.all(['k1', 'k2', 'k3'].map(async (key) => Boolean(await memory.get(key)))), [true, false, true]);
});

test('processes share a folder, and the command line says what was there', async () => {
  const place = path.join(folder, 'shared');
  const context = path.join(folder, 'ctx');
  fs.mkdirSync(context);
  for (const name of ['a', 'b']) fs.writeFileSync(path.join(context, name), name.repeat(100_000));
  fs.writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch AS one\nCOPY a /a\nFROM one\nCOPY b /b\n');
  const cli = path.resolve('node_modules', '.bin', 'layerwright');
  const run = (output, ...more) =>
    new Promise((resolve) => execFile(cli, ['build', '--cache-dir', place, '-o', path.join(folder, output), ...more, context], { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })));
  const first = await Promise.all([1, 2, 3].map((n) => run(`${n}.tar`)));
  assert.deepEqual(first.map(({ code, stderr }) => (code ? stderr : 0)), [0, 0, 0]);
  const bytes = [1, 2, 3].map((n) => fs.readFileSync(path.join(folder, `${n}.tar`)));
  assert.ok(bytes.every((other) => other.equals(bytes[0])));
  const again = await run('4.tar');
  assert.match(again.stderr, /#1 \[one 1\/2\] FROM scratch\n#1 DONE .*\n\n#2 \[one 2\/2\] COPY a \/a\n#2 CACHED\n\n#3 \[stage-1 1\/2\] FROM .*\n#3 DONE .*\n\n#4 \[stage-1 2\/2\] COPY b \/b\n#4 CACHED\n/);
  assert.ok(fs.readFileSync(path.join(folder, '4.tar')).equals(bytes[0]));
  assert.doesNotMatch((await run('5.tar', '--no-cache')).stderr, /CACHED/);
  const json = (await run('6.tar', '--progress', 'json')).stderr.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(json.filter(({ state }) => state === 'cached').length, 2);
  assert.equal((await run('7.tar', '--progress=quiet')).stderr, '');
  assert.deepEqual(fs.readdirSync(place).filter((name) => name.endsWith('.partial')), []);
  const image = await openImage(path.join(folder, '4.tar'));
  assert.equal((await image.verify()).verdict, 'ok');
  image[Symbol.dispose]();
});
