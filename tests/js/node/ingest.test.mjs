// Large layers: hashing on another thread, aborting, and what is kept for a later session.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { buildImage, openImage, readLayer, saveImage } from 'layerwright';

const sha256 = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A tar with one file. */
function tar(name, body) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`0000644\0${'0000000\0'.repeat(2)}${body.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`, 100);
  header.write('ustar\x0000', 257);
  header.write(`${header.reduce((n, byte) => n + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512 + 1024)]);
}

const plain = tar('big', randomBytes(36 << 20));
const blob = zlib.gzipSync(plain, { level: 0 });

test('a large layer has the digests that the host computes', async () => {
  // The second time the other thread is there already; two at once share it.
  for (const answers of [[await readLayer(blob)], await Promise.all([readLayer(blob), readLayer(blob)])])
    for (const { digest, diffId, unpacked, problem } of answers) assert.deepEqual({ digest, diffId, unpacked, problem }, { digest: sha256(blob), diffId: sha256(plain), unpacked: plain.length, problem: undefined });
});

test('an abort ends the reading of a layer with its reason, and the next one is right', async () => {
  const controller = new AbortController();
  let reports = 0;
  const work = readLayer(blob, {
    signal: controller.signal,
    onProgress() {
      if (++reports === 2) controller.abort();
    },
  });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(work, { name: 'AbortError' });
  assert.equal((await readLayer(blob)).digest, sha256(blob));
});

test('kept checkpoints spare a later session the pass, and none that are damaged are taken', async () => {
  const context = Array.from({ length: 24 }, (_, n) => ({ path: `${n}.bin`, bytes: randomBytes(1 << 20).map((byte) => byte & 63) }));
  const made = await buildImage({ dockerfile: 'FROM scratch\nCOPY . /\n', context, compression: 'gzip' });
  const archive = await (await saveImage(made, { format: 'oci-layout' })).bytes();
  const first = await openImage(archive);
  const kept = await first.checkpoints(0);
  let read = 0;
  const source = {
    size: archive.length,
    read(offset, length) {
      read += length;
      return archive.subarray(offset, offset + length);
    },
  };
  const later = await openImage(source, { checkpoints: [kept] });
  assert.equal(await later.listed(0), 'checkpoints');
  read = 0;
  assert.deepEqual(await later.files(), await first.files());
  assert.equal(read, 0);
  const last = (await later.entries(0)).findLast((entry) => entry.kind === 'file');
  const { bytes } = context.find((file) => last.path.endsWith(file.path));
  assert.ok(Buffer.from(await later.readFile(last.path)).equals(bytes));
  assert.ok(read < archive.length / 2, `${read} of ${archive.length} bytes were read`);
  kept[kept.length - 1] ^= 1;
  await assert.rejects(openImage(archive, { checkpoints: [kept] }), { code: 'CHECKPOINTS_DAMAGED' });
  later.close();
  first.close();
});
