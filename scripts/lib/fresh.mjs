// Skipping work whose inputs have not changed.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inRoot, root } from './shell.mjs';

/** Digest of files and folders (relative to the root) and of any further words. */
export function digestOf(paths, ...words) {
  const hash = createHash('sha256');
  const visit = (file) => {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) if (name !== 'node_modules' && name !== 'dist' && name !== 'target') visit(path.join(file, name));
    } else {
      hash.update(`${path.relative(root, file)}\0${stat.size}\0`).update(fs.readFileSync(file));
    }
  };
  for (const p of paths) visit(inRoot(p));
  for (const w of words) hash.update(`\0${w}`);
  return hash.digest('hex');
}

const stampFile = (name) => inRoot('.tools', 'stamps', name);

/** Runs `work` unless `name` was last done with the same `digest` and each of `results` is there. */
export async function unlessFresh(name, digest, results, work) {
  const done = fs.existsSync(stampFile(name)) && fs.readFileSync(stampFile(name), 'utf8') === digest && results.every((r) => fs.existsSync(inRoot(r)));
  if (done) return false;
  fs.rmSync(stampFile(name), { force: true });
  await work();
  fs.mkdirSync(path.dirname(stampFile(name)), { recursive: true });
  fs.writeFileSync(stampFile(name), digest);
  return true;
}
