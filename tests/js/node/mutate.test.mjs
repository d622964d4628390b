// Changing images from the command line: what comes out, and what is said when it cannot be done.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const cli = path.resolve('node_modules', '.bin', 'layerwright');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-mutate-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const run = (...args) =>
  new Promise((resolve) => {
    execFile(cli, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
const json = async (...args) => {
  const { code, stdout, stderr } = await run(...args, '--format', 'json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
};

fs.mkdirSync(path.join(folder, 'ctx'));
fs.writeFileSync(path.join(folder, 'ctx', 'Dockerfile'), 'FROM scratch\nENV A=1 B=2\nCOPY a /data/a\nCOPY b /data/b\nCMD ["/x"]\n');
for (const name of ['a', 'b']) fs.writeFileSync(path.join(folder, 'ctx', name), name);
fs.mkdirSync(path.join(folder, 'more'));
fs.writeFileSync(path.join(folder, 'more', 'c'), 'c');
const built = run('build', '-t', 'app:1', '-o', 'app.tar', 'ctx');

test('configuration is set and cleared, layers keep their bytes', async () => {
  assert.equal((await built).code, 0);
  const { images } = await json('mutate', 'app.tar', '--env', 'C=3', '--clear', 'env:A', '--cmd', '["/y","-v"]', '--label', 'l=1', '--port', '80/tcp', '-o', 'config.tar');
  assert.deepEqual([images[0].kept, images[0].made], [2, 0]);
  const [image] = (await json('inspect', 'config.tar')).images;
  const { Env, Cmd, Labels, ExposedPorts } = image.config.config;
  assert.deepEqual(Env.filter((e) => !e.startsWith('PATH=')), ['B=2', 'C=3']);
  assert.deepEqual([Cmd, Labels, ExposedPorts], [['/y', '-v'], { l: '1' }, { '80/tcp': {} }]);
});

test('a folder and a tar are appended, all made one, and it verifies', async () => {
  await built;
  fs.writeFileSync(path.join(folder, 'layer.tar'), await layerTar());
  await json('mutate', 'app.tar', '--append', 'more=/data', '--append', 'layer.tar', '--flatten', '--compression', 'zstd', '-o', 'flat.tar');
  assert.equal((await run('verify', 'flat.tar')).code, 0);
  const files = (await json('ls', 'flat.tar')).map((f) => f.path);
  assert.deepEqual(files.filter((f) => f.startsWith('data/')), ['data/a', 'data/b', 'data/c']);
});

test('platforms are put together, taken apart, and written as a folder', async () => {
  await built;
  await json('build', '--platform', 'linux/arm64', '-o', 'arm.tar', 'ctx');
  const both = await json('index', 'app.tar', 'arm.tar', '-t', 'app:2', '-o', 'both.tar');
  assert.deepEqual(both.images.map((i) => i.platform), ['linux/amd64', 'linux/arm64']);
  await json('mutate', 'both.tar', '--platform', 'linux/arm64', '--type', 'oci-dir', '-o', 'layout');
  assert.deepEqual(fs.readdirSync(path.join(folder, 'layout')).sort(), ['blobs', 'index.json', 'oci-layout']);
  assert.equal((await run('verify', 'layout')).code, 0);
  const { images } = await json('save', 'app.tar', 'layout', '--type', 'docker-archive', '-o', 'two.tar');
  assert.equal(images.length, 2);
  // A folder that holds something is left alone.
  const refused = await run('save', 'app.tar', '--type', 'oci-dir', '-o', 'layout');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /not empty/);
});

test('a file gets another content, a layer another compression, the rest of the configuration is set', async () => {
  await built;
  fs.writeFileSync(path.join(folder, 'new'), 'other\n');
  await json('mutate', 'app.tar', '--edit', '/data/a=new', '--compression', 'zstd:12', '--healthcheck', '["CMD","/ok"]', '--shell', '["/sh","-c"]', '--created', '2026-01-31T12:00:00Z', '-o', 'edited.tar');
  assert.equal((await run('verify', 'edited.tar')).code, 0);
  assert.equal((await run('cat', 'edited.tar', 'data/a')).stdout, 'other\n');
  assert.equal((await run('cat', 'edited.tar', 'data/b')).stdout, 'b');
  const [image] = (await json('inspect', 'edited.tar')).images;
  assert.deepEqual([image.config.config.Healthcheck, image.config.config.Shell, image.config.created], [{ Test: ['CMD', '/ok'] }, ['/sh', '-c'], '2026-01-31T12:00:00Z']);
  for (const [args, what] of [
    [['--edit', 'data/none=new'], /no layer has a file `data\/none`/],
    [['--compression', 'gzip:10'], /from 1 to 9/],
    [['--compression', 'xz'], /gzip, zstd or none/],
  ]) {
    const { code, stderr } = await run('mutate', 'app.tar', ...args, '-o', 'no.tar');
    assert.equal(code, 2);
    assert.match(stderr, what);
  }
});

test('what cannot be done is said, and leaves nothing behind', async () => {
  await built;
  for (const [args, what] of [
    [['--squash', '9'], /has 2/],
    [['--owner', 'root'], /UID:GID/],
    [['--append', 'absent.tar'], /absent\.tar/],
    [['--entrypoint', '["a"'], /JSON list/],
    [['--clear', 'cmd:x'], /have names/],
    [['--rebase', 'arm.tar'], /OLD=NEW/],
    [['--media-types', 'docker', '--compression', 'zstd'], /gzip/],
  ]) {
    const { code, stderr } = await run('mutate', 'app.tar', ...args, '-o', 'never.tar');
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, what);
  }
  assert.deepEqual(fs.readdirSync(folder).filter((f) => f.startsWith('never')), []);
});

test('a full disk is an error that says so', { skip: fs.existsSync('/dev/full') ? false : 'there is no /dev/full here' }, async () => {
  await built;
  const full = fs.openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(cli, ['save', 'app.tar', '-o', '-'], { cwd: folder, stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  fs.closeSync(full);
  assert.equal(status, 2);
  assert.match(stderr, /no space left/);
});

/** The first layer of the built image, unpacked. */
async function layerTar() {
  const { openImage } = await import('layerwright');
  const image = await openImage(path.join(folder, 'app.tar'));
  const { createGunzip } = await import('node:zlib');
  const { execFileSync } = await import('node:child_process');
  const blob = execFileSync('tar', ['-xOf', path.join(folder, 'app.tar'), image.manifest.layers[0].file]);
  const gunzip = createGunzip();
  gunzip.end(blob);
  const parts = [];
  for await (const part of gunzip) parts.push(part);
  image[Symbol.dispose]();
  return Buffer.concat(parts);
}
