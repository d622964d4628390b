// A folder with the packed package installed as a user would, and the tests beside it.
import fs from 'node:fs';
import path from 'node:path';
import { digestOf, unlessFresh } from './fresh.mjs';
import { inRoot, run } from './shell.mjs';

/** `{ folder, tarball }`: made anew when the package or the tests have changed. */
export async function installed() {
  const folder = inRoot('.tools', 'installed');
  const tarball = () => path.join(folder, fs.readdirSync(folder).find((f) => f.endsWith('.tgz')));
  await unlessFresh('installed', digestOf(['dist', 'tests/js']), ['.tools/installed/package.json'], async () => {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.cpSync(inRoot('tests', 'js'), folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: inRoot('dist') });
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--offline', tarball()], { cwd: folder });
  });
  return { folder, tarball: tarball() };
}
