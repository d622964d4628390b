// What others make of the images that are written here: skopeo, umoci, podman and buildah, where they are installed.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const cli = path.resolve('node_modules', '.bin', 'layerwright');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-others-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const run = (command, ...args) =>
  new Promise((resolve, reject) => {
    execFile(command, args, { cwd: folder, maxBuffer: 1 << 26, timeout: 120_000 }, (error, stdout, stderr) => (error ? reject(new Error(`${command} ${args.join(' ')}: ${stderr || stdout || error.message}`)) : resolve(stdout)));
  });

function missing(tool) {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return `there is no ${tool}: install it from your distribution to try what it makes of our images`;
  }
}

fs.mkdirSync(path.join(folder, 'ctx', 'dir'), { recursive: true });
fs.writeFileSync(path.join(folder, 'ctx', 'Dockerfile'), 'FROM scratch\nCOPY dir /data/\nCOPY --chown=7:8 --chmod=4755 dir/a /bin/a\nWORKDIR /work\nENV A=1\nLABEL l=2\nCMD ["/bin/a"]\n');
fs.writeFileSync(path.join(folder, 'ctx', 'dir', 'a'), 'a'.repeat(100_000));
fs.writeFileSync(path.join(folder, 'ctx', 'dir', 'é'), 'accent');
fs.symlinkSync('a', path.join(folder, 'ctx', 'dir', 'link'));

const KINDS = [
  ['gzip.tar', '--compression', 'gzip:9'],
  ['zstd.tar', '--compression', 'zstd:3'],
  ['plain.tar', '--compression', 'none'],
];
const built = (async () => {
  for (const [name, ...args] of KINDS) {
    await run(cli, 'build', '-t', 'others:1', ...args, '-o', name, 'ctx');
    await run(cli, 'save', name, '--type', 'docker-archive', '-o', `docker-${name}`);
    await run(cli, 'save', name, '--type', 'hybrid', '-o', `hybrid-${name}`);
    await run(cli, 'save', name, '--type', 'oci-dir', '-o', `dir-${name}`);
  }
})();
const forms = (name) => [`oci-archive:${name}`, `docker-archive:docker-${name}`, `docker-archive:hybrid-${name}`, `oci-archive:hybrid-${name}`, `oci:dir-${name}`];

test('our own strict check has nothing to say', async () => {
  await built;
  for (const [name] of KINDS) for (const form of ['', 'docker-', 'hybrid-', 'dir-']) await run(cli, 'verify', '--strict', `${form}${name}`);
});

test('skopeo inspects every form, copies it there and back', { skip: missing('skopeo') }, async () => {
  await built;
  for (const [name] of KINDS) {
    for (const form of forms(name)) {
      const { Labels, Env, Layers } = JSON.parse(await run('skopeo', 'inspect', form));
      assert.deepEqual([Labels, Env.at(-1), Layers.length], [{ l: '2' }, 'A=1', 3], form);
    }
    const ids = async (image) => JSON.parse(await run('skopeo', 'inspect', '--config', image)).rootfs.diff_ids;
    // Docker's manifests have no type for zstd, and skopeo does not recompress by itself.
    const there = name === 'zstd.tar' ? `oci-archive:there-${name}:others:1` : `docker-archive:there-${name}:others:1`;
    await run('skopeo', 'copy', '--insecure-policy', '-q', `oci-archive:${name}`, there);
    await run('skopeo', 'copy', '--insecure-policy', '-q', there, `oci-archive:back-${name}`);
    assert.deepEqual(await ids(`oci-archive:back-${name}`), await ids(`oci-archive:${name}`));
    await run(cli, 'verify', `there-${name}`);
    await run(cli, 'verify', `back-${name}`);
  }
});

test('umoci unpacks a layout folder', { skip: missing('umoci') }, async () => {
  await built;
  // Older versions know no zstd.
  for (const name of ['gzip.tar', 'plain.tar']) {
    const root = path.join(folder, `unpacked-${name}`);
    await run('umoci', 'unpack', ...(process.getuid() === 0 ? [] : ['--rootless']), '--image', `dir-${name}:1`, root);
    const file = path.join(root, 'rootfs', 'bin', 'a');
    assert.equal(fs.statSync(file).mode & 0o7777, 0o4755);
    assert.equal(fs.readFileSync(file, 'utf8').length, 100_000);
    assert.equal(fs.readlinkSync(path.join(root, 'rootfs', 'data', 'link')), 'a');
    assert.equal(fs.readFileSync(path.join(root, 'rootfs', 'data', 'é'), 'utf8'), 'accent');
  }
});

for (const tool of ['podman', 'buildah']) {
  const reason = missing(tool) || (process.getuid() === 0 ? false : `${tool} wants root for a store of its own`);
  test(`${tool} takes every form`, { skip: reason }, async () => {
    await built;
    const store = ['--storage-driver', 'vfs', '--root', path.join(folder, `${tool}-root`), '--runroot', path.join(folder, `${tool}-run`)];
    for (const [name] of KINDS) for (const form of forms(name)) await run(tool, ...store, 'pull', '-q', form);
  });
}
