#!/usr/bin/env node
// Builds what is not built, shows what Layerwright does on the examples, then serves the page.
//   npm start [-- --no-serve] [-- --port N]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { build, printSizes } from './build.mjs';
import { buildPage } from './lib/page.mjs';
import { serve } from './lib/serve.mjs';
import { bold, dim, entry, inRoot, Remedy } from './lib/shell.mjs';

await entry(async () => {
  const args = process.argv.slice(2);
  const portAt = args.indexOf('--port');
  const port = portAt >= 0 ? Number(args[portAt + 1]) : 8080;
  const unknown = args.filter((a, i) => a !== '--no-serve' && a !== '--port' && !(portAt >= 0 && i === portAt + 1));
  if (unknown.length || !Number.isInteger(port) || port < 0 || port > 65535) throw new Remedy('Usage: npm start -- [--no-serve] [--port N]');

  if (await build()) printSizes();
  if (!args.includes('--no-serve')) await buildPage();
  await tour();
  if (args.includes('--no-serve')) return;
  const { url } = await serve(inRoot('www', 'dist'), { port });
  console.log(`\nThe page is at ${bold(url)}  ${dim('Ctrl C ends it.')}`);
});

/** The command line on the examples, as a user would call it. */
async function tour() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-'));
  try {
    const image = path.join(folder, 'static-site.tar');
    await say('What is wrong in this Dockerfile?', ['lint', 'examples/node-app/Dockerfile'], [0, 1]);
    await say('What would it make?', ['plan', 'examples/node-app/Dockerfile']);
    await say('Make an image from a Dockerfile without RUN, as an OCI layout in a tar.', ['build', '-t', 'static-site:1.0.0', '--output', image, 'examples/static-site']);
    await say('Open it again and check every digest and diffID.', ['verify', image]);
    await say('What is in it?', ['inspect', image]);
    await say('Its files.', ['ls', '--long', image]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function say(title, args, fine = [0]) {
  console.log(`\n${bold(title)}\n${dim(`$ layerwright ${args.map((a) => path.isAbsolute(a) ? path.basename(a) : a).join(' ')}`)}`);
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [inRoot('dist', 'cli.js'), ...args], { cwd: inRoot(), stdio: 'inherit' })
      .on('error', reject)
      .on('close', (code) => (fine.includes(code) ? resolve() : reject(new Remedy(`layerwright ${args[0]} ended with ${code}.`))));
  });
}
