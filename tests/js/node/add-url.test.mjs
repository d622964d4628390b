// ADD of addresses, from a server of this machine.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildImage } from 'layerwright';

const BODY = Buffer.from('#!/bin/sh\necho hello\n');
const asked = [];
let server;
let origin;

before(async () => {
  server = http.createServer((request, response) => {
    asked.push([request.url, request.headers]);
    if (request.url === '/tool') {
      response.writeHead(200, { 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', 'content-disposition': 'attachment; filename="other"', 'content-length': BODY.length }).end(BODY);
    } else if (request.url === '/old') response.writeHead(302, { location: '/tool' }).end();
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (request.url === '/endless') {
      const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
      response.on('close', () => clearInterval(timer));
    } else if (request.url === '/silent') response.write('a');
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('short');
      setTimeout(() => response.destroy(), 20);
    } else response.writeHead(404).end('no');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const add = (rest, options) => buildImage({ dockerfile: `FROM scratch\n\nADD ${rest}\n` }, options);
const fails = async (rest, options) => {
  const error = await add(rest, options).then(
    () => assert.fail(`${rest} was built`),
    (error) => error,
  );
  assert.equal(error.name, 'LayerwrightError', String(error));
  assert.equal(error.details.line, 3);
  return error;
};

test('a file is added under the name of its address, 0600, of the time that the server says', async () => {
  const sum = createHash('sha256').update(BODY).digest('hex');
  const image = await add(`--checksum=sha256:${sum} ${origin}/tool /bin/`);
  const file = (await image.files()).find((f) => f.path === 'bin/tool');
  assert.deepEqual([file.mode & 0o7777, file.uid, file.size], [0o600, 0, BODY.length]);
  assert.equal(new Date(file.mtime * 1000).toUTCString(), 'Sun, 06 Nov 1994 08:49:37 GMT');
  assert.deepEqual(Buffer.from(await image.readFile('bin/tool')), BODY);
  assert.equal((await image.verify()).verdict, 'ok');
});

test('redirects are followed, an address is asked for once, credentials go into the header', async () => {
  asked.length = 0;
  const progress = [];
  const at = origin.replace('//', '//me:p%20w@');
  const image = await buildImage({ dockerfile: `FROM scratch\nADD --chmod=755 ${at}/old /a\nADD ${at}/old /b\n`, platforms: ['linux/amd64', 'linux/arm64'] }, { onProgress: (p) => progress.push(p) });
  assert.equal(asked.filter(([url]) => url === '/old').length, 1);
  assert.equal(asked[0][1].authorization, `Basic ${Buffer.from('me:p w').toString('base64')}`);
  assert.equal(asked[0][1]['accept-encoding'], 'identity');
  const files = await image.files({ platform: 'linux/arm64' });
  assert.equal(files.find((f) => f.path === 'a').mode & 0o777, 0o755);
  assert.ok(progress.some((p) => p.phase === 'fetch' && p.done === BODY.length && p.total === BODY.length));
});

test('what cannot be had is an error at its line', async () => {
  assert.match((await fails(`${origin}/absent /x`)).message, /status 404/);
  assert.match((await fails(`${origin}/loop /x`)).message, /redirect/);
  assert.match((await fails(`${origin}/endless /x`, { fetchedBytes: 1_000_000 })).message, /more than the 1000000 bytes/);
  assert.match((await fails(`${origin}/silent /x`, { fetchTimeout: 150 })).message, /nothing came for 0.15 seconds/);
  assert.equal((await fails(`${origin}/cut /x`)).code, 'ADD_FETCH_FAILED');
  assert.match((await fails('http://127.0.0.1:1/x /x')).message, /ECONNREFUSED|bad port/);
  const other = await fails(`--checksum=sha256:${'0'.repeat(64)} ${origin}/tool /x`);
  assert.equal(other.code, 'ADD_CHECKSUM_MISMATCH');
  assert.ok(other.message.includes(createHash('sha256').update(BODY).digest('hex')));
  assert.equal((await fails(`${origin}/tool /x`, { fetch: false })).code, 'ADD_REMOTE_UNAVAILABLE');
  assert.ok(!(await fails(`${origin.replace('//', '//me:hidden@')}/absent /x`)).message.split(' (ADD')[0].includes('hidden'));
});

test('an abort ends a download', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 100);
  await assert.rejects(add(`${origin}/silent /x`, { signal: stop.signal }), /enough/);
});

test('the command line fetches, unless it is told not to', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-add-'));
  try {
    fs.writeFileSync(path.join(folder, 'Dockerfile'), `FROM scratch\nADD ${origin}/tool /\n`);
    const cli = path.resolve('node_modules', '.bin', 'layerwright');
    const run = (...args) => new Promise((resolve) => execFile(cli, ['build', ...args, '-o', 'x.tar', '.'], { cwd: folder }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stderr })));
    const fetched = await run('--compression', 'zstd:9', '--progress', 'quiet');
    assert.deepEqual(fetched, { code: 0, stderr: '' });
    const { code, stderr } = await run('--no-fetch');
    assert.equal(code, 2);
    assert.match(stderr, /Dockerfile:2: .*may not do/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
