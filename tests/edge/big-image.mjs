// A large image made as it is read: an OCI layout in a tar whose layers do not compress.
import { createHash, randomBytes } from 'node:crypto';
import zlib from 'node:zlib';

const MIB = 1 << 20;

function header(name, size, type = '0') {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\0' + '00', 257);
  block.write(`${block.reduce((n, b) => n + b, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const padding = (size) => Buffer.alloc((512 - (size % 512)) % 512);
const sha256 = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The members of layer `n`: `files` files of a MiB each, all different. */
function* layerTar(n, files, seed) {
  for (let i = 0; i < files; i++) {
    yield header(`data/layer-${n}/file-${i}.bin`, MIB);
    const body = Buffer.from(seed);
    body.writeUInt32LE(n * 100_000 + i, 0);
    yield body;
  }
  yield Buffer.alloc(1024);
}

/** The bytes of a layer's blob: every other one is gzip in stored blocks, a member a piece. */
function* layerBlob(n, files, seed) {
  for (const piece of layerTar(n, files, seed)) yield n % 2 ? zlib.gzipSync(piece, { level: 0 }) : piece;
}

/** `{ size, chunks }`: about `mib` MiB in `layers` layers; `chunks()` makes them anew at each call. */
export function bigImage({ mib, layers }) {
  const seed = randomBytes(MIB);
  const files = Math.ceil(mib / layers);
  const described = Array.from({ length: layers }, (_, n) => {
    const blob = createHash('sha256');
    const tar = createHash('sha256');
    let size = 0;
    for (const piece of layerTar(n, files, seed)) tar.update(piece);
    for (const piece of layerBlob(n, files, seed)) {
      blob.update(piece);
      size += piece.length;
    }
    return { mediaType: `application/vnd.oci.image.layer.v1.tar${n % 2 ? '+gzip' : ''}`, digest: `sha256:${blob.digest('hex')}`, size, diffId: `sha256:${tar.digest('hex')}` };
  });
  const json = (value) => Buffer.from(JSON.stringify(value));
  const config = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: described.map((l) => l.diffId) }, history: described.map((_, n) => ({ created_by: `layer ${n}` })) });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: config.length },
    layers: described.map(({ diffId, ...l }) => l),
  });
  const index = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: sha256(manifest), size: manifest.length }] });
  const small = [['oci-layout', json({ imageLayoutVersion: '1.0.0' })], ['index.json', index], [`blobs/sha256/${sha256(manifest).slice(7)}`, manifest], [`blobs/sha256/${sha256(config).slice(7)}`, config]];
  function* chunks() {
    for (let n = 0; n < layers; n++) {
      yield header(`blobs/sha256/${described[n].digest.slice(7)}`, described[n].size);
      yield* layerBlob(n, files, seed);
      yield padding(described[n].size);
    }
    for (const [name, bytes] of small) {
      yield header(name, bytes.length);
      yield bytes;
      yield padding(bytes.length);
    }
    yield Buffer.alloc(1024);
  }
  return { size: described.reduce((t, l) => t + l.size, 0), layers: described, files: files * layers, chunks };
}
