// Assembling a context of 200 MB as a layer at gzip 6: read, tar, both digests, compress, write.
// References: `tar | gzip -6`, and `umoci insert`, which writes the same files into a layout.
import fs from 'node:fs';
import path from 'node:path';
import { capture, inRoot, run, step } from '../scripts/lib/shell.mjs';
import { realLayer } from './layers.mjs';

export default async function build() {
  const folder = inRoot('.tools', 'bench', 'context');
  const blob = await realLayer();
  if (!fs.existsSync(folder)) {
    await step('Unpacking a context of 210 MB', async () => {
      fs.mkdirSync(`${folder}.part`, { recursive: true });
      await run('tar', ['-xzf', blob, '-C', `${folder}.part`, '--no-same-owner']);
      fs.renameSync(`${folder}.part`, folder);
    });
  }
  const at = (name) => path.join(path.dirname(folder), name);
  fs.writeFileSync(at('Dockerfile'), 'FROM scratch\nCOPY . /data/\n');
  const cli = inRoot('dist', 'cli.js');
  const make = (...args) => run(process.execPath, [cli, 'build', '-q', '-f', at('Dockerfile'), '-o', at('built.tar'), ...args, folder]);
  const work = Number((await capture('bash', ['-c', `gzip -dc ${blob} | wc -c`])).stdout);
  const umoci = await fresh(at('layout'));
  return {
    title: `build: a context of ${(work / 1e6).toFixed(0)} MB as one layer`,
    pairs: [
      { name: 'gzip 6, beside `tar | gzip -6`', work, ours: () => make(), reference: () => run('bash', ['-c', `tar -c -C ${folder} . | gzip -6 > ${at('reference.tar.gz')}`]) },
      ...(umoci ? [{ name: 'gzip 6, beside `umoci insert`', work, ours: () => make(), reference: umoci }] : []),
      { name: 'zstd 3, beside `tar | gzip -6`', work, ours: () => make('--compression', 'zstd:3'), reference: () => run('bash', ['-c', `tar -c -C ${folder} . | gzip -6 > ${at('reference.tar.gz')}`]) },
      { name: 'zstd 3, beside `tar | zstd -3`', work, ours: () => make('--compression', 'zstd:3'), reference: () => run('bash', ['-c', `tar -c -C ${folder} . | zstd -q -3 > ${at('reference.tar.zst')}`]) },
    ],
    figures: [{ name: 'of memory at most, all of Node, gzip 6', measure: async () => memory([cli, 'build', '-q', '-f', at('Dockerfile'), '-o', at('built.tar'), folder]) }],
  };

  /** A call that inserts the context into a new layout; none where there is no umoci. */
  async function fresh(layout) {
    if ((await capture('bash', ['-c', 'command -v umoci'])).code !== 0) return undefined;
    return () => run('bash', ['-c', `rm -rf ${layout} && umoci init --layout ${layout} && umoci new --image ${layout}:a && umoci insert --rootless --image ${layout}:a ${folder} /data`]);
  }
}

/** The most memory that a run of Node had. */
async function memory(args) {
  const script = `process.on('exit', () => require('fs').writeSync(2, 'MAXRSS ' + process.resourceUsage().maxRSS + '\\n'))`;
  const { output = '', stderr = '' } = await capture(process.execPath, ['-e', `${script}; process.argv.splice(1, 0, ${JSON.stringify(args[0])}); import(${JSON.stringify(args[0])})`, ...args.slice(1)]);
  const found = /MAXRSS (\d+)/.exec(stderr || output);
  return found ? `${(Number(found[1]) / 1024).toFixed(0)} MB` : 'unknown';
}
