// RUN in the sandbox: what commands see, what becomes of what they do, how they fail. Needs Linux and a static busybox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { buildImage, openImage } from 'layerwright';
import { sandbox } from 'layerwright/run';

const busybox = process.env.LAYERWRIGHT_BUSYBOX;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-run-test-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const context = busybox ? [{ path: 'busybox', mode: 0o755, bytes: fs.readFileSync(busybox) }] : [];
const START = `FROM scratch AS base
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
RUN /bin/busybox --install -s /bin && mkdir -p /etc /tmp && printf 'root:x:0:0::/root:/bin/sh\\napp:x:1000:1001::/home/app:/bin/sh\\n' > /etc/passwd
SHELL ["/bin/sh", "-c"]
`;

/** Why nothing can be run here, if that is so. */
const refused = busybox
  ? await buildImage({ dockerfile: START, context }, { executors: [sandbox()] }).then(
      (image) => (image[Symbol.dispose](), undefined),
      (error) => (/sandbox|unshare|mount/.test(error.message) ? error.message : undefined),
    )
  : 'there is no static busybox';
const skip = refused ? `RUN cannot be tried here: ${refused}` : false;

async function build(lines, { files = [], ...options } = {}) {
  let printed = '';
  const image = await buildImage({ dockerfile: START + lines, context: [...context, ...files] }, { executors: [sandbox(options)], onOutput: (text) => (printed += text) });
  return { image, printed };
}
const listed = async (image) => (await image.files()).filter((f) => !f.path.startsWith('bin')).map((f) => `${f.mode.toString(8)} ${f.uid}:${f.gid} ${f.path}${f.linkname ? ` -> ${f.linkname}` : ''} @${f.layer}`);
const fails = async (lines, options) => {
  const error = await build(lines, options).then(() => null, (e) => e);
  assert.ok(error, 'it fails');
  return error;
};
const leftovers = () => fs.readdirSync(os.tmpdir()).filter((name) => /^layerwright-run-[A-Za-z0-9]{6}$/.test(name));

test('files that a command makes, changes and removes are its layer', { skip }, async () => {
  const { image } = await build(`RUN mkdir /d && echo one > /d/a && echo two > /d/b && ln -s a /d/l && ln /d/a /d/h && chmod 750 /d && mkfifo /d/p
RUN rm /d/b && chmod 600 /d/a && echo three >> /d/a && rm /d/l && mkdir /d/l
RUN chmod 600 /d/a; chown 0:0 /d/a; true
`);
  assert.deepEqual(await listed(image), ['755 0:0 d @2', '600 0:0 d/a @3', '600 0:0 d/h @3', '755 0:0 d/l @3', '644 0:0 d/p @2', '755 0:0 etc @1', '644 0:0 etc/passwd @1', '755 0:0 tmp @1'].map((line) => line.replace('755 0:0 d @2', '750 0:0 d @3')));
  assert.equal(new TextDecoder().decode(await image.readFile('d/h')), 'one\nthree\n');
  // The mount points of the sandbox are in no layer, and a command that changes nothing makes an empty one.
  assert.equal(image.manifest.layers.length, 5);
  const touched = await image.touches('d/b');
  assert.deepEqual(touched.map((t) => t.layer), [2, 3]);
  assert.equal((await image.verify()).verdict, 'ok');
  assert.equal(image.config.history.at(-1).created_by, 'RUN /bin/sh -c chmod 600 /d/a; chown 0:0 /d/a; true # buildkit');
  image[Symbol.dispose]();
});

test('USER, WORKDIR, ENV and ARG are those of the step', { skip }, async () => {
  const { printed } = await build(`ARG version=7
ENV NAME="a 'b' c"
WORKDIR /srv
RUN echo "$(id -u):$(id -g) $HOME $(pwd) $NAME $version"
USER app
RUN echo "$(id -u):$(id -g) $HOME"; touch /etc/x 2>/dev/null || echo refused
USER 5:6
RUN echo "$(id -u):$(id -g) $HOME"
`);
  const lines = printed.trim().split('\n').filter((line) => line !== 'refused');
  assert.deepEqual(lines, ["0:0 /root /srv a 'b' c 7", '1000:1001 /home/app', '5:6 /']);
  const error = await fails('USER nobody\nRUN true\n');
  assert.match(error.message, /`nobody` is not in \/etc\/passwd/);
});

test('a command that fails ends the build at its line, with what it printed', { skip }, async () => {
  const error = await fails('RUN true\nRUN echo before; echo why >&2; exit 7\n');
  assert.equal(error.code, 'RUN_FAILED');
  assert.deepEqual([error.details.line, error.details.status], [7, 7]);
  assert.match(error.message, /^line 7: the command ended with status 7 .*\n(before\nwhy|why\nbefore)$/);
  assert.equal((await fails('RUN ["/no/such"]\n')).details.status, 127);
  assert.equal((await fails("RUN sh -c 'kill -9 $$'; exit $?\n")).details.status, 137);
});

test('here-documents are scripts', { skip }, async () => {
  const { printed } = await build('RUN <<EOF\necho first\necho second\nEOF\nRUN <<EOF\n#!/bin/sh -e\necho $((6 * 7))\nEOF\n');
  assert.equal(printed, 'first\nsecond\n42\n');
});

test('mounts show what they say and leave nothing behind', { skip }, async () => {
  const { image, printed } = await build(
    `FROM base AS made
RUN mkdir /out && echo built > /out/file
FROM base
RUN --mount=type=bind,from=made,source=/out,target=/in cat /in/file; touch /in/x 2>/dev/null || echo read-only
RUN --mount=type=bind,source=note,target=/n/note cat /n/note
RUN --mount=type=bind,from=made,source=/out,target=/in,rw touch /in/file2 && ls /in
RUN --mount=type=tmpfs,target=/scratch,size=1m echo x > /scratch/y; ls /scratch; df /scratch | tail -1 | awk '{print $2}'
RUN --mount=type=cache,target=/c echo kept > /c/k
RUN --mount=type=cache,target=/c cat /c/k; mount | grep -c ' /c '
RUN --mount=type=secret,id=token cat /run/secrets/token; stat -c %a /run/secrets/token
RUN --mount=type=secret,id=token,env=TOKEN echo "$TOKEN"; ls /run/secrets 2>/dev/null || echo none
`,
    { files: [{ path: 'note', bytes: 'noted\n' }], secrets: { token: 'hunter2\n' } },
  );
  assert.equal(printed, 'built\nread-only\nnoted\nfile\nfile2\ny\n1024\nkept\n1\nhunter2\n400\nhunter2\n\nnone\n');
  assert.deepEqual((await listed(image)).map((line) => line.split(' ')[2]), ['etc', 'etc/passwd', 'tmp']);
  for (const layer of image.manifest.layers.slice(2)) assert.ok(layer.size < 200, 'nothing of a mount is in a layer');
  const error = await fails('RUN --mount=type=secret,id=other,required=true true\n');
  assert.match(error.message, /--secret id=other,src=FILE/);
});

test('a cache lives on where it has a folder', { skip }, async () => {
  const cacheDir = path.join(folder, 'caches');
  const lines = 'RUN --mount=type=cache,target=/c,sharing=locked echo x >> /c/n && wc -l < /c/n\n';
  assert.equal((await build(lines, { cacheDir })).printed.trim(), '1');
  assert.equal((await build(lines, { cacheDir })).printed.trim(), '2');
  const twice = 'RUN --mount=type=cache,id=/c,target=/a,sharing=locked --mount=type=cache,id=/c,target=/b,sharing=locked cat /a/n /b/n\n';
  assert.equal((await build(twice, { cacheDir })).printed, 'x\nx\n'.repeat(2));
  // What fails before the command begins does not keep it locked.
  await fails('RUN --mount=type=cache,target=/c,sharing=locked --mount=type=secret,id=other,required=true true\n', { cacheDir });
  assert.deepEqual(fs.readdirSync(cacheDir).filter((name) => name.endsWith('.lock')), []);
});

test('nothing of the machine is to be seen', { skip }, async () => {
  const { printed } = await build(`RUN ls / | tr '\\n' ' '; hostname; ls -d ${folder} 2>/dev/null || echo gone; ps | wc -l
RUN ls /sys/class/net | tr '\\n' ' '; wget -T 1 http://127.0.0.1:9 2>&1 | tail -1; touch /proc/sys/kernel/hostname 2>/dev/null || echo kept
`);
  const [root, gone, processes, net] = printed.split('\n');
  assert.equal(root, 'bin dev etc proc sys tmp layerwright');
  assert.equal(gone, 'gone');
  assert.ok(Number(processes) <= 5, processes);
  assert.match(net, /^lo /);
  const error = await fails('RUN --network=host true\n');
  assert.match(error.message, /--network=host has to be allowed/);
  assert.match((await fails('RUN --security=insecure true\n')).message, /insecure/);
});

test('an abort ends the command and everything is cleaned up', { skip }, async () => {
  const before = leftovers();
  const stop = new AbortController();
  const began = performance.now();
  const error = await buildImage({ dockerfile: `${START}RUN sleep 60 & sleep 61\n`, context }, { executors: [sandbox()], signal: stop.signal, onProgress: (p) => p.item?.includes('sleep') && setTimeout(() => stop.abort(new Error('enough')), 300) }).then(() => null, (e) => e);
  assert.equal(error?.message, 'enough');
  assert.ok(performance.now() - began < 20_000);
  assert.deepEqual(leftovers().filter((name) => !before.includes(name)), []);
});

test('links lead out of nothing', { skip }, async () => {
  const outside = path.join(folder, 'outside');
  fs.mkdirSync(outside);
  const { image } = await build(`RUN ln -s ${outside} /away && ln -s /../../../../..${outside} /up
RUN --mount=type=cache,target=/away/c touch /away/c/x; mkdir -p /up && ls /up
RUN --mount=type=tmpfs,target=/up/t true
`);
  assert.deepEqual(fs.readdirSync(outside), []);
  image[Symbol.dispose]();
});

test('a user without any rights builds the same image', { skip: skip || (process.getuid() !== 0 && 'it is one already') }, async () => {
  const lines = `RUN mkdir /d && echo x > /d/a && chmod 4711 /d/a && ln -s a /d/l
RUN rm /d/l
USER app
RUN id -u; touch /tmp/mine
`.replace('RUN rm', 'RUN chmod 1777 /tmp && rm');
  const { image } = await build(lines);
  const copy = path.join(folder, 'package');
  fs.cpSync(path.join(path.dirname(new URL(import.meta.url).pathname), '..', 'node_modules', 'layerwright'), copy, { recursive: true });
  fs.writeFileSync(path.join(folder, 'Dockerfile'), START + lines);
  fs.copyFileSync(busybox, path.join(folder, 'busybox'));
  fs.chmodSync(path.join(folder, 'busybox'), 0o755);
  fs.chmodSync(folder, 0o777);
  fs.writeFileSync(path.join(folder, '.dockerignore'), '*\n!busybox\n');
  const args = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, path.join(copy, 'cli.js'), 'build', '--run=sandbox', '-o', path.join(folder, 'mine.tar'), folder];
  const { code, stderr } = await new Promise((resolve) => execFile('setpriv', args, { env: { PATH: process.env.PATH, TMPDIR: folder }, cwd: folder }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stderr })));
  assert.equal(code, 0, stderr);
  const mine = await openImage(path.join(folder, 'mine.tar'));
  assert.deepEqual(await listed(mine), await listed(image));
  mine[Symbol.dispose]();
  image[Symbol.dispose]();
  assert.match(stderr, /^#\d+ [\d.]+ 1000$/m);
});

test('an executor of one\'s own answers with changes, a tar, a failure, or not at all', async () => {
  const seen = [];
  const own = {
    name: 'own',
    async run(step, files, { output }) {
      seen.push(step.args.at(-1));
      if (step.args.at(-1) === 'pass') return undefined;
      if (step.args.at(-1) === 'fail') return { status: 3, output: 'no' };
      output('working\n', 'stdout');
      assert.equal(new TextDecoder().decode(await files.readFile('/a')), 'x');
      const tar = await new Response(files.tar()).arrayBuffer();
      assert.equal(tar.byteLength % 512, 0);
      assert.deepEqual(files.list().map((f) => f.path), ['a', 'sub', 'sub/b']);
      return { changes: [{ path: '/a', type: 'removed' }, { path: 'sub/new', bytes: 'new', uid: 5, mode: 0o600 }, { path: 'sub/link', type: 'symlink', linkname: 'new' }, { path: 'sub/same', type: 'hardlink', linkname: 'sub/b' }] };
    },
  };
  const other = { name: 'other', run: async (step, files) => ({ tar: files.tar() }) };
  const dockerfile = (last) => `FROM scratch\nCOPY a /a\nCOPY a /sub/b\nSHELL ["sh"]\nRUN ${last}\n`;
  const files = [{ path: 'a', bytes: 'x' }];
  let printed = '';
  const image = await buildImage({ dockerfile: dockerfile('go'), context: files }, { executors: [own, other], onOutput: (text) => (printed += text) });
  assert.deepEqual((await image.files()).map((f) => f.path), ['sub', 'sub/b', 'sub/link', 'sub/new', 'sub/same']);
  assert.equal(printed, 'working\n');
  const same = await buildImage({ dockerfile: dockerfile('pass'), context: files }, { executors: [own, other] });
  assert.deepEqual((await same.files()).map((f) => f.path), ['a', 'sub', 'sub/b']);
  const error = await buildImage({ dockerfile: dockerfile('fail'), context: files }, { executors: [own] }).then(() => null, (e) => e);
  assert.deepEqual([error.code, error.details], ['RUN_FAILED', { line: 5, status: 3, output: 'no' }]);
  assert.deepEqual(seen, ['go', 'pass', 'fail']);
});
