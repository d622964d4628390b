#!/usr/bin/env node
// Builds the npm package into dist/: two wasm modules, their glue, the API around them.
//   node scripts/build.mjs [--dev] [--sizes]
// --dev compiles fast and unoptimized. A build whose inputs are unchanged is skipped.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { digestOf, unlessFresh } from './lib/fresh.mjs';
import { capture, dim, entry, inRoot, Remedy, run, step } from './lib/shell.mjs';
import { npmBinary, npmPackages, wasmBindgen, wasmToolchain } from './lib/tools.mjs';

const TARGET = 'wasm32-unknown-unknown';
/** The environment variable with the compiler's flags for that target. */
const FLAGS = 'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS';
/**
 * The two modules of the one crate: the small one for size, the full one for the speed of its hot loops.
 * `budget` is the most bytes that one may have after brotli: a test holds it.
 */
const MODULES = [
  { name: 'lint', features: 'js', profile: 'wasm-small', optimize: ['-Oz', '--converge', '--low-memory-unused'], budget: 277_000 },
  { name: 'layerwright', features: 'js,edit,image,plan', profile: 'release', optimize: ['-O3'], budget: 1_260_000 },
];

/** What every runtime we name has; a later feature would be refused by some of them. */
const FEATURES = ['simd', 'bulk-memory', 'bulk-memory-opt', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals', 'reference-types', 'multivalue'].map((f) => `--enable-${f}`);

export async function build({ dev = false } = {}) {
  await npmPackages();
  const inputs = digestOf(['src', 'Cargo.toml', 'Cargo.lock', 'pkg-template', 'scripts/build.mjs', 'scripts/lib', 'package-lock.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE'], dev ? 'dev' : 'release');
  const built = await unlessFresh('build', inputs, ['dist/package.json', 'dist/index.node.js'], async () => {
    const wasm = digestOf(['src', 'Cargo.toml', 'Cargo.lock', 'scripts/build.mjs'], dev ? 'dev' : 'release');
    await unlessFresh('wasm', wasm, MODULES.map((m) => `target-wasm/out/${m.name}.wasm`), () => compile(dev));
    await step('Assembling the package', () => assemble(dev));
  });
  return built;
}

async function compile(dev) {
  const toolchain = await wasmToolchain();
  const bin = await wasmBindgen();
  const target = inRoot('target-wasm');
  const out = inRoot('target-wasm', 'out');
  fs.mkdirSync(out, { recursive: true });
  for (const { name, features, profile: best, optimize } of MODULES) {
    const profile = dev ? 'wasm-dev' : best;
    const small = !dev && best === 'wasm-small' ? toolchain.small : undefined;
    const env = small ? { ...toolchain.env, [FLAGS]: `${toolchain.env[FLAGS]} ${small.flags}` } : toolchain.env;
    await step(`Compiling ${name}.wasm${dev ? ' (dev)' : ''}`, async () => {
      await run('cargo', ['rustc', ...toolchain.cargo, ...(small?.cargo ?? []), '--lib', '--crate-type', 'cdylib', '--profile', profile, '--target', TARGET, '--target-dir', target, '--no-default-features', '--features', features, '--locked'], { env });
      const made = path.join(target, TARGET, profile, 'layerwright.wasm');
      await run(path.join(bin, 'wasm-bindgen'), [made, '--target', 'web', '--out-dir', out, '--out-name', name, '--experimental-reset-state-function', '--remove-producers-section', ...(dev ? [] : ['--remove-name-section'])]);
    });
    const bindgen = path.join(out, `${name}_bg.wasm`);
    const wasm = path.join(out, `${name}.wasm`);
    if (dev) fs.renameSync(bindgen, wasm);
    else
      await step(`Optimizing ${name}.wasm`, async () => {
        await run(process.execPath, [npmBinary('binaryen/bin/wasm-opt', 'binaryen/bin/wasm-opt.js'), bindgen, '-o', wasm, ...optimize, ...FEATURES, '--strip-debug', '--strip-producers']);
        fs.rmSync(bindgen);
      });
  }
}

/** Fills dist/ from pkg-template/ and the compiled modules. */
async function assemble(dev) {
  const out = inRoot('target-wasm', 'out');
  const dist = inRoot('dist');
  fs.rmSync(dist, { recursive: true, force: true });
  fs.mkdirSync(path.join(dist, 'wasm'), { recursive: true });
  for (const { name } of MODULES) {
    fs.copyFileSync(path.join(out, `${name}.wasm`), path.join(dist, 'wasm', `${name}.wasm`));
    fs.copyFileSync(path.join(out, `${name}.d.ts`), path.join(dist, 'wasm', `${name}.d.ts`));
    // The module is always handed in by an entry point, so the glue's own way of finding it is left out:
    // bundlers would follow it to a file of another name.
    const glue = fs.readFileSync(path.join(out, `${name}.js`), 'utf8').replace(/module_or_path = new URL\([^)]*\);/, "throw new Error('no module given');");
    fs.writeFileSync(path.join(dist, 'wasm', `${name}.js`), glue);
    fs.writeFileSync(path.join(dist, `${name}.types.d.ts`), publicTypes(name, fs.readFileSync(path.join(out, `${name}.d.ts`), 'utf8')));
  }
  fs.cpSync(inRoot('pkg-template', 'static'), dist, { recursive: true });
  fs.cpSync(inRoot('pkg-template', 'edge'), path.join(dist, 'edge'), { recursive: true });
  const types = await capture(process.execPath, [npmBinary('typescript/bin/tsc'), '-p', inRoot('pkg-template')]);
  // Work in progress may have type errors and still be worth trying.
  if (types.code !== 0 && dev) console.log(types.output);
  else if (types.code !== 0) throw new Remedy(`The package's TypeScript has errors:\n${types.output}`);
  const { schema } = await import(`${path.join(dist, 'config', 'document.js')}?${Date.now()}`);
  fs.writeFileSync(path.join(dist, 'layerwright.schema.json'), `${JSON.stringify(schema(), null, 2)}\n`);
  await bundleCommandLine(dist);
  const version = /^version = "([^"]+)"/m.exec(fs.readFileSync(inRoot('Cargo.toml'), 'utf8'))[1];
  const manifest = JSON.parse(fs.readFileSync(inRoot('pkg-template', 'package.json'), 'utf8'));
  fs.writeFileSync(path.join(dist, 'package.json'), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
  for (const file of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) if (fs.existsSync(inRoot(file))) fs.copyFileSync(inRoot(file), path.join(dist, file));
  fs.chmodSync(path.join(dist, 'cli.js'), 0o755);
}

/**
 * Makes few files of the command line's many: one with what all commands need, one a command, one for each module's API.
 * Node takes about half a millisecond for each file that it loads. The libraries of the language server go in too, so
 * that the package depends on nothing; their licences go beside them.
 */
async function bundleCommandLine(dist) {
  const { rolldown } = await import('rolldown');
  const inDist = (name) => path.join(dist, `${name}.js`);
  const shared = ['cli/command', 'cli/terminal', 'cli/input', 'dockerfile', 'parsed', 'errors', 'glob', 'engine'].map(inDist);
  const bundle = await rolldown({ input: { cli: inDist('cli'), 'cli-lint.worker': inDist('cli/lint.worker') }, platform: 'node', logLevel: 'warn' });
  const { output } = await bundle.generate({
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    // Beside the folder of the modules, which they find by their own address.
    chunkFileNames: 'cli-[name].js',
    codeSplitting: { groups: [{ name: 'shared', test: (id) => shared.includes(id) }] },
  });
  await bundle.close();
  for (const bundled of ['cli', 'config']) fs.rmSync(path.join(dist, bundled), { recursive: true });
  for (const made of ['lsp.js', 'lsp.d.ts', 'cli.d.ts']) fs.rmSync(path.join(dist, made));
  for (const { fileName, code } of output) fs.writeFileSync(path.join(dist, fileName), code);
  fs.writeFileSync(path.join(dist, 'cli.licenses.txt'), licences(output));
}

/** The licences of the packages of others that are in these files. */
function licences(output) {
  const packages = [...new Set(output.flatMap((o) => o.moduleIds ?? []).flatMap((id) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []))].sort();
  const notices = packages.map((name) => {
    const { version, license } = JSON.parse(fs.readFileSync(inRoot('node_modules', name, 'package.json'), 'utf8'));
    const text = ['LICENSE', 'License.txt', 'LICENSE.md', 'LICENSE.txt'].map((f) => inRoot('node_modules', name, f)).find((f) => fs.existsSync(f));
    if (!text) throw new Remedy(`${name} has no licence file: its notice cannot go into the package.`);
    return `${name} ${version} (${license})\n\n${fs.readFileSync(text, 'utf8').trim()}\n`;
  });
  return notices.join(`\n${'-'.repeat(72)}\n\n`);
}

/** The data types of a module's glue, without the glue's own: every type that the crate declares is public. */
function publicTypes(name, declarations) {
  const names = [...declarations.matchAll(/^export (?:interface|type) (\w+)/gm)].map((m) => m[1]).filter((n) => !/^(Sync)?Init(Input|Output)$|^TaskStep$/.test(n));
  return `export type { ${names.sort().join(', ')} } from './wasm/${name}.js';\n`;
}

/** Raw, gzip and brotli size of each module, in bytes. */
export function sizes() {
  return MODULES.map(({ name, budget }) => {
    const bytes = fs.readFileSync(inRoot('dist', 'wasm', `${name}.wasm`));
    return { name, budget, raw: bytes.length, gzip: zlib.gzipSync(bytes, { level: 9 }).length, brotli: zlib.brotliCompressSync(bytes).length };
  });
}

export function printSizes() {
  const kb = (n) => `${(n / 1000).toFixed(1)} kB`.padStart(10);
  for (const s of sizes()) console.log(`${`${s.name}.wasm`.padEnd(18)}${kb(s.raw)} raw ${kb(s.gzip)} gzip ${kb(s.brotli)} brotli`);
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  await entry(async () => {
    const built = await build({ dev: process.argv.includes('--dev') });
    if (!built) console.log(dim('dist/ is up to date'));
    if (built || process.argv.includes('--sizes')) printSizes();
  });
