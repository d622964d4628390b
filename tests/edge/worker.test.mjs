// The published edge worker in a real workerd: its answers, and its memory while a large image streams through.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { inRoot } from '../../scripts/lib/shell.mjs';
import { startWorkerd } from '../../scripts/lib/workerd.mjs';
import { bigImage } from './big-image.mjs';

const MB = 1e6;
let worker;
before(async () => (worker = await startWorkerd(process.env.LAYERWRIGHT_PACKAGE, inRoot('tests', 'edge', 'main.mjs'), {}, ['nodejs_compat'])));
after(() => worker?.stop());

const post = async (path, body) => {
  const response = await fetch(`${worker.url}${path}`, { method: 'POST', body, duplex: 'half' });
  return { status: response.status, body: await response.json() };
};

test('POST /lint answers with findings and their places', async () => {
  const { status, body } = await post('/lint?file=web.Dockerfile', 'FROM node\nWORKDIR app\nRUN cd /tmp\n');
  assert.equal(status, 200);
  assert.equal(body.file, 'web.Dockerfile');
  assert.ok(body.findings.some((f) => f.line === 1 && f.code === 'DL3006'), JSON.stringify(body.findings.map((f) => f.code)));
});

test('an unknown profile is refused with its code', async () => {
  const { status, body } = await post('/lint?profile=none', 'FROM scratch\n');
  assert.equal(status, 422);
  assert.equal(body.code, 'OPTIONS_INVALID');
});

test('an unknown path names the paths that exist', async () => {
  const { status, body } = await post('/nothing', '');
  assert.equal(status, 404);
  assert.match(body.message, /\/lint or \/inspect/);
});

test('what is no image is refused with a code', async () => {
  const { status, body } = await post('/inspect', Buffer.from('not a tar at all, by any means'.repeat(100)));
  assert.equal(status, 422);
  assert.ok(body.code, JSON.stringify(body));
});

test('a 300 MB image streams through in less than 128 MB above idle', async (t) => {
  const memory = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(fs.readFileSync(`/proc/${worker.pid}/status`, 'utf8'))[1]) * 1024;
  if (!fs.existsSync(`/proc/${worker.pid}/status`)) return t.skip('memory is read from /proc');
  const image = bigImage({ mib: 290, layers: 4 });
  assert.ok(image.size > 300 * MB);
  const idle = memory('VmRSS');
  const { status, body } = await post('/inspect', ReadableStream.from(image.chunks()));
  assert.equal(status, 200, JSON.stringify(body));
  const peak = memory('VmHWM');
  t.diagnostic(`idle ${(idle / MB).toFixed(0)} MB, peak ${(peak / MB).toFixed(0)} MB`);
  assert.ok(peak - idle < 128 * MB, `${((peak - idle) / MB).toFixed(0)} MB above idle`);
  const layers = body.images[0].layers;
  assert.deepEqual(layers.map((l) => l.diffId), image.layers.map((l) => l.diffId));
  assert.equal(layers.reduce((n, l) => n + l.entries, 0), image.files);
});
