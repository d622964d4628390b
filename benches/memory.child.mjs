// One figure of benches/memory.mjs, in a process of its own.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { inRoot } from '../scripts/lib/shell.mjs';
import { header, sha256 } from './layers.mjs';

const { openImage, readLayer } = await import(pathToFileURL(inRoot('dist', 'index.node.js')));
const MB = 1e6;
const text = (bytes) => `${(bytes / MB).toFixed(0)} MB`;

/** Runs `work` and answers by how much the process grew at most. */
async function growth(work) {
  // What the process needs anyway: code is compiled, buffers are there.
  await readLayer(zlib.gzipSync(Buffer.concat([header('a', 0), Buffer.alloc(8 * MB)])));
  globalThis.gc();
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  const before = resident();
  let peak = before;
  const look = () => (peak = Math.max(peak, resident()));
  const timer = setInterval(look, 20);
  await work();
  look();
  clearInterval(timer);
  return peak - before;
}

/** Something that is made as it is read: `pieces` in order, each bytes or `{ size, fill(offset, into) }`. */
function source(pieces) {
  const starts = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += piece.size ?? piece.length;
  }
  const readInto = async (offset, into) => {
    let filled = 0;
    for (let i = Math.max(0, starts.findLastIndex((start) => start <= offset)); i < pieces.length && filled < into.length; i++) {
      const piece = pieces[i];
      const within = offset + filled - starts[i];
      const part = into.subarray(filled, filled + Math.max(0, Math.min(into.length - filled, (piece.size ?? piece.length) - within)));
      if (!(piece instanceof Uint8Array)) piece.fill(within, part);
      else part.set(piece.subarray(within, within + part.length));
      filled += part.length;
    }
    return filled;
  };
  const read = async (offset, length) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await readInto(offset, bytes));
  };
  return { size, read, readInto };
}

/** One block of bytes, many times. */
const repeated = (block, times) => ({
  size: block.length * times,
  fill(offset, into) {
    for (let at = 0; at < into.length; ) {
      const within = (offset + at) % block.length;
      const part = block.subarray(within, Math.min(block.length, within + into.length - at));
      into.set(part, at);
      at += part.length;
    }
  },
});

/** An OCI layout of about `bytes` bytes in four gzip layers. */
function bigImage(bytes) {
  // Files of 300 kB that compress little, as a gzip member of its own that is repeated: layers of many members are layers too.
  let state = 1;
  const body = Uint8Array.from({ length: 300_032 }, () => ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) & 0x7f);
  const members = Array.from({ length: 8 }, (_, i) => [header(`data/file-${i}.bin`, body.length), body]).flat();
  const plain = Buffer.concat(members);
  const member = zlib.gzipSync(plain);
  const end = zlib.gzipSync(Buffer.alloc(1024));
  const times = Math.ceil(bytes / 4 / member.length);
  const digest = (block, last) => {
    const hash = createHash('sha256');
    for (let i = 0; i < times; i++) hash.update(block);
    return `sha256:${hash.update(last).digest('hex')}`;
  };
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest(member, end), size: member.length * times + end.length };
  const diffId = digest(plain, Buffer.alloc(1024));
  const json = (value) => Buffer.from(JSON.stringify(value));
  const described = (mediaType, bytes) => ({ mediaType, digest: sha256(bytes), size: bytes.length });
  // The same layer four times would be read once: so each has another number of empty members at its end.
  const empty = zlib.gzipSync(Buffer.alloc(0));
  const layers = [0, 1, 2, 3].map((n) => {
    const tail = Buffer.concat([end, ...Array(n).fill(empty)]);
    return { ...layer, tail, digest: n ? digest(member, tail) : layer.digest, size: member.length * times + tail.length };
  });
  const config = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: layers.map(() => diffId) }, history: layers.map((_, n) => ({ created_by: `layer ${n}` })) });
  const manifest = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: described('application/vnd.oci.image.config.v1+json', config), layers: layers.map(({ tail, ...rest }) => rest) });
  const index = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [described('application/vnd.oci.image.manifest.v1+json', manifest)] });
  const name = (digest) => `blobs/sha256/${digest.slice(7)}`;
  const pieces = [];
  const add = (path, ...parts) => {
    const size = parts.reduce((n, part) => n + (part.size ?? part.length), 0);
    // Sizes of 8 GiB and more do not fit; these layers are smaller.
    pieces.push(header(path, size), ...parts, Buffer.alloc((512 - (size % 512)) % 512));
  };
  add('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  add('index.json', index);
  add(name(sha256(manifest)), manifest);
  add(name(sha256(config)), config);
  for (const { tail, digest } of layers) add(name(digest), repeated(member, times), tail);
  pieces.push(Buffer.alloc(1024));
  return source(pieces);
}

/** A layer with a million files of no bytes. */
function manyEntries(count) {
  const names = (n) => `usr/lib/node_modules/package-${Math.floor(n / 40)}/dist/module-${n % 40}.js`;
  const block = 512;
  return source([
    {
      size: count * block,
      fill(offset, into) {
        for (let at = 0; at < into.length; ) {
          const n = Math.floor((offset + at) / block);
          const part = header(names(n), 0).subarray((offset + at) % block).subarray(0, into.length - at);
          into.set(part, at);
          at += part.length;
        }
      },
    },
    Buffer.alloc(1024),
  ]);
}

const works = {
  async image() {
    const from = bigImage(10e9);
    console.log(
      text(
        await growth(async () => {
          const image = await openImage(from);
          const report = await image.verify();
          // The same files stand in it again and again, which is a finding.
          const others = report.findings.filter((f) => f.code !== 'LAYER_DUPLICATE_ENTRY');
          if (others.some((f) => f.severity === 'error') || !report.layers.every((l) => l.verified)) throw new Error(JSON.stringify(others));
          image.close();
        }),
      ),
    );
  },
  async entries() {
    console.log(text(await growth(() => readLayer(manyEntries(1e6), { digests: false }))));
  },
  async index() {
    const facts = await readLayer(manyEntries(1e6), { digests: false });
    if (facts.entries !== 1e6) throw new Error(JSON.stringify(facts));
    console.log(text(facts.indexBytes));
  },
};

await works[process.argv[2]]();
