// Reading a gzip layer of about 200 MB: digest of the blob, inflate, diffID, index of the members.
// Reference: `gzip -dc | tee >(sha256sum) | tar t`, and `sha256sum` of the blob.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { capture, inRoot, run, step } from '../scripts/lib/shell.mjs';

export default async function ingest() {
  const { openImage } = await import('../dist/index.node.js');
  const folder = inRoot('.tools', 'bench');
  const blob = path.join(folder, 'layer.tar.gz');
  const image = path.join(folder, 'image.tar');
  if (!fs.existsSync(image)) await step('Making a layer of about 200 MB', () => make(folder, blob, image));
  const bytes = Number((await capture('bash', ['-c', `gzip -dc ${blob} | wc -c`])).stdout);
  return {
    title: `ingest: one gzip layer, ${(fs.statSync(blob).size / 1e6).toFixed(0)} MB compressed, ${(bytes / 1e6).toFixed(0)} MB in all`,
    pairs: [
      {
        name: 'open, index and verify in Node, beside gzip, sha256sum and tar',
        work: bytes,
        ours: async () => {
          const opened = await openImage(image);
          const report = await opened.verify();
          if (report.verdict === 'error') throw new Error(JSON.stringify(report.findings));
          opened[Symbol.dispose]();
        },
        reference: () => run('bash', ['-c', `sha256sum ${blob} >/dev/null & gzip -dc ${blob} | tee >(sha256sum >/dev/null) | tar t >/dev/null; wait`]),
      },
    ],
  };
}

/** A layer of real files of this machine, about 200 MB of them, in an OCI layout. */
async function make(folder, blob, image) {
  fs.mkdirSync(folder, { recursive: true });
  const list = [];
  let size = 0;
  const visit = (dir) => {
    for (const e of fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (size > 200e6) return;
      const file = path.join(dir, e.name);
      if (e.isDirectory()) visit(file);
      else if (e.isFile()) {
        size += fs.statSync(file).size;
        list.push(file);
      }
    }
  };
  for (const dir of ['/usr/share', '/usr/lib', inRoot('node_modules')]) if (fs.existsSync(dir)) visit(dir);
  const names = path.join(folder, 'names');
  fs.writeFileSync(names, list.join('\n'));
  await run('bash', ['-c', `tar -c --no-recursion -T ${names} 2>/dev/null | gzip -6 > ${blob}`]);
  const diffId = (await run('bash', ['-c', `gzip -dc ${blob} | sha256sum`])).stdout.split(' ')[0];
  const layout = path.join(folder, 'layout');
  fs.rmSync(layout, { recursive: true, force: true });
  fs.mkdirSync(path.join(layout, 'blobs', 'sha256'), { recursive: true });
  const put = (bytes) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    fs.writeFileSync(path.join(layout, 'blobs', 'sha256', digest), bytes);
    return { digest: `sha256:${digest}`, size: bytes.length };
  };
  const json = (value) => put(Buffer.from(JSON.stringify(value)));
  const layer = put(fs.readFileSync(blob));
  const config = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] }, history: [{ created_by: 'bench' }] });
  const manifest = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }] });
  fs.writeFileSync(path.join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  fs.writeFileSync(path.join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest }] }));
  await run('tar', ['-cf', image, '-C', layout, '.']);
}
