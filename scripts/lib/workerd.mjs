// A real workerd with the packed package inside, on 127.0.0.1.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { inRoot } from './shell.mjs';
import { npmBinary } from './tools.mjs';

/**
 * Starts workerd with `main` (a file) as the worker, which imports the package by relative names from `layerwright/`
 * and `extra` modules (name to file) beside it, with these compatibility flags. Answers `{ url, pid, stop }`.
 */
export async function startWorkerd(packageFolder, main, extra = {}, flags = []) {
  const modules = [];
  const add = (name, file) => {
    const kind = name.endsWith('.wasm') ? 'wasm' : 'esModule';
    modules.push(`(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(file)})`);
  };
  const folder = inRoot('.tools', 'workerd');
  fs.mkdirSync(folder, { recursive: true });
  const config = path.join(folder, `${path.basename(main, '.mjs')}.capnp`);
  const embed = (file) => path.relative(folder, file);
  add('main.mjs', embed(main));
  for (const [name, file] of Object.entries(extra)) add(name, embed(file));
  for (const file of fs.readdirSync(packageFolder, { recursive: true }).sort())
    if (/\.(js|wasm)$/.test(file) && !/\.(node|deno|browser)\.js$|^cli/.test(file)) add(`layerwright/${file}`, embed(path.join(packageFolder, file)));
  const port = await freePort();
  fs.writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "2026-01-01", compatibilityFlags = ${JSON.stringify(flags)}, modules = [
    ${modules.join(',\n    ')}
  ]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`);
  const child = spawn(npmBinary(`@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}/bin/workerd`, 'workerd/bin/workerd'), ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (d) => (said += d));
  child.stderr.on('data', (d) => (said += d));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    if (child.exitCode != null) throw new Error(`workerd ended with ${child.exitCode}: ${said}`);
    try {
      await fetch(url);
      break;
    } catch {
      if (i > 200) throw new Error(`workerd does not answer: ${said}`);
      await new Promise((r) => setTimeout(r, 50));
    }
  }
  return { url, pid: child.pid, stop: () => child.kill(), said: () => said };
}

async function freePort() {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
