// Layers to measure on, made once from what is on this machine.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inRoot, run, step } from '../scripts/lib/shell.mjs';

const folder = inRoot('.tools', 'bench');

/** Makes a file in the folder of the benchmarks unless it is there, and answers its path. */
async function once(name, title, make) {
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) {
    fs.mkdirSync(folder, { recursive: true });
    await step(title, () => make(file));
  }
  return file;
}

/** Files below `folders` in a fixed order, each folder's share being `bytes`. */
function files(folders, bytes, largest = Infinity) {
  const list = [];
  for (const top of folders) {
    let left = bytes;
    const visit = (dir) => {
      for (const e of fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (left <= 0) return;
        const file = path.join(dir, e.name);
        if (e.isDirectory()) visit(file);
        else if (e.isFile()) {
          const { size } = fs.statSync(file);
          if (size > largest) continue;
          left -= size;
          list.push({ file, size });
        }
      }
    };
    if (fs.existsSync(top)) visit(top);
  }
  return list;
}

/** A gzip layer with 210 MB of files of Debian and npm packages. */
export const realLayer = () =>
  once('layer-210.tar.gz', 'Making a layer of 210 MB', async (file) => {
    const list = files(['/usr/lib', '/usr/share', inRoot('node_modules')], 70e6, 20e6);
    fs.writeFileSync(`${file}.names`, list.map((f) => f.file).join('\n'));
    await run('bash', ['-c', `set -o pipefail; tar -c --no-recursion -T ${file}.names 2>/dev/null | gzip -6 > ${file}.part && mv ${file}.part ${file}`]);
  });

/** The header of a ustar member. */
export function header(name, size, type = '0') {
  const block = Buffer.alloc(512);
  const cut = name.length > 100 ? name.indexOf('/', name.length - 101) : -1;
  block.write(name.slice(cut + 1), 0);
  block.write('0000644\0' + '0000000\0' + '0000000\0' + `${size.toString(8).padStart(11, '0')}\0` + '14527200000\0' + '        ' + type, 100);
  block.write('ustar\0' + '00', 257);
  if (cut > 0) block.write(name.slice(0, cut), 345);
  block.write(`${block.reduce((n, byte) => n + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A tar of 60,000 small files, with the names, sizes and contents that are below node_modules. */
export const manyFiles = () =>
  once('node_modules.tar', 'Making a tar of 60,000 files', async (file) => {
    const list = files([inRoot('node_modules')], Infinity, 40_000);
    const out = fs.openSync(`${file}.part`, 'w');
    for (let i = 0; i < 60_000; i++) {
      const { file, size } = list[i % list.length];
      const body = Buffer.alloc(Math.ceil(size / 512) * 512);
      fs.readFileSync(file).copy(body);
      fs.writeSync(out, header(`srv/app-${Math.floor(i / list.length)}/${path.relative(inRoot(), file)}`, size));
      fs.writeSync(out, body);
    }
    fs.writeSync(out, Buffer.alloc(1024));
    fs.closeSync(out);
    fs.renameSync(`${file}.part`, file);
  });

export const sha256 = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
