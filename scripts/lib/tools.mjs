// What the build and the tests need on the machine, found or fetched, each step skipped when its result is there.
import fs from 'node:fs';
import path from 'node:path';
import { capture, has, inRoot, Remedy, root, run, step } from './shell.mjs';
import { digestOf, unlessFresh } from './fresh.mjs';

const TARGET = 'wasm32-unknown-unknown';
const DEBIAN_RUST = '1.96';

/** npm packages, exactly as package-lock.json names them. */
export async function npmPackages() {
  await unlessFresh('npm', digestOf(['package-lock.json']), ['node_modules/.package-lock.json'], () =>
    step('Installing npm packages', () => run('npm', ['ci', '--no-audit', '--no-fund'])));
}

const isRoot = () => process.getuid?.() === 0;

let aptUpdated = false;
/** Installs Debian packages where that is possible; says whether it was. */
async function debian(...packages) {
  if (!isRoot() || !(await has('apt-get'))) return false;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!aptUpdated) {
    aptUpdated = true;
    await capture('apt-get', ['update', '-qq'], { env });
  }
  return (await capture('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })).code === 0;
}

async function rustupTargets() {
  const { code, stdout } = await capture('rustup', ['target', 'list', '--installed']);
  return code === 0 ? stdout : null;
}

/**
 * How to compile for wasm: `{ cargo, env }`, arguments and environment to add to cargo.
 * `small` has more of them for what is to be small.
 * A toolchain that has the target is used as it is; else rustup is asked for it; else, on Debian as root,
 * its packages of the compiler and the sources of the standard library serve.
 */
export async function wasmToolchain() {
  const flags = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: '-C target-feature=+simd128' };
  if (!(await has('cargo'))) throw new Remedy('Rust is missing. Install it with rustup, then run this again.');
  const own = { cargo: [], env: flags, name: 'rust' };
  const forced = process.env.LAYERWRIGHT_WASM_TOOLCHAIN;
  if (forced !== 'debian') {
    const targets = await rustupTargets();
    if (targets?.includes(TARGET)) return own;
    const libdir = (await capture('rustc', ['--print', 'target-libdir', '--target', TARGET])).stdout.trim();
    if (libdir && fs.existsSync(libdir) && fs.readdirSync(libdir).some((f) => f.startsWith('libstd-'))) return own;
    if (!debianRust() && targets != null) {
      const added = await step(`Adding the Rust target ${TARGET}`, () => capture('rustup', ['target', 'add', TARGET], { timeout: 300_000 }));
      if (added.code === 0) return own;
    }
  }
  if (!debianRust()) {
    console.log(`rustup could not add ${TARGET}: using Debian's compiler ${DEBIAN_RUST} and building the standard library.`);
    await step(`Installing Debian's rustc-web ${DEBIAN_RUST}`, () => debian(...['rustc-web', 'libstd-rust-web-dev', 'rust-web-src'].map((p) => `${p}=${DEBIAN_RUST}*`)));
  }
  if (!debianRust()) throw new Remedy(`The Rust target ${TARGET} is missing and could not be fetched. Run "rustup target add ${TARGET}" where the network allows it, then run this again.`);
  const sysroot = (await capture('rustup', ['run', 'stable', 'rustc', '--print', 'sysroot'])).stdout.trim() || (await run('rustc', ['--print', 'sysroot'])).stdout.trim();
  const host = /host: (\S+)/.exec((await run('rustc', ['-vV'])).stdout)?.[1] ?? 'x86_64-unknown-linux-gnu';
  const lld = path.join(sysroot, 'lib', 'rustlib', host, 'bin', 'rust-lld');
  return {
    name: 'debian',
    cargo: ['-Z', 'build-std=std,panic_abort'],
    // A module that is small before it is fast: the standard library's own smaller code, and panics that tell their
    // reason without their place in the source.
    small: { cargo: ['-Z', 'build-std-features=optimize_for_size'], flags: '-Z location-detail=none' },
    env: { ...flags, RUSTC: '/usr/bin/rustc', RUSTDOC: '/usr/bin/rustdoc', RUSTC_BOOTSTRAP: '1', ...(fs.existsSync(lld) ? { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: lld } : {}) },
  };
}

const debianRust = () => fs.existsSync('/usr/bin/rustc') && fs.existsSync('/usr/lib/rustlib/src/rust/library/std');

/** The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`, of exactly the version in Cargo.lock. */
export async function wasmBindgen() {
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(fs.readFileSync(inRoot('Cargo.lock'), 'utf8'))?.[1];
  if (!version) throw new Remedy('Cargo.lock names no version of wasm-bindgen.');
  const bin = inRoot('.tools', 'bin');
  const right = async () => (await capture(path.join(bin, 'wasm-bindgen'), ['--version'])).stdout.trim() === `wasm-bindgen ${version}`;
  if (await right()) return bin;
  const onPath = await capture('wasm-bindgen', ['--version']);
  if (onPath.stdout.trim() === `wasm-bindgen ${version}` && (await has('wasm-bindgen-test-runner'))) return '';
  await step(`Building wasm-bindgen ${version} (once, some minutes)`, async () => {
    const install = (...more) => capture('cargo', ['install', 'wasm-bindgen-cli', '--version', version, '--root', inRoot('.tools'), '--force', ...more], { env: { CARGO_TARGET_DIR: inRoot('.tools', 'target') }, cwd: root });
    // Its own lock file may name versions that a mirror does not have yet.
    let made = await install('--locked');
    if (made.code !== 0) made = await install();
    if (made.code !== 0) throw new Remedy(`wasm-bindgen-cli ${version} could not be built:\n${made.output.split('\n').slice(-20).join('\n')}`);
    fs.rmSync(inRoot('.tools', 'target'), { recursive: true, force: true });
  });
  if (!(await right())) throw new Remedy(`wasm-bindgen ${version} was built but does not answer.`);
  return bin;
}

/** Path of a Chromium or Chrome; installs Debian's where there is none. Null where it cannot be had. */
export async function chromium() {
  const found = await firstOf(process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
  if (found) return found;
  await step('Installing Chromium for the tests', () => debian('chromium', 'chromium-driver'));
  return firstOf('/usr/bin/chromium');
}

/** Path of chromedriver, which wasm-bindgen-test needs. Null where it cannot be had. */
export async function chromedriver() {
  const found = await firstOf(process.env.CHROMEDRIVER, '/usr/bin/chromedriver');
  if (found) return found;
  await step('Installing chromedriver for the tests', () => debian('chromium-driver'));
  return firstOf('/usr/bin/chromedriver');
}

/** Path of Firefox, or null: it is used where it is installed. */
export const firefox = () => firstOf(process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox');

/** Path of a busybox that needs no libraries, for tests that run commands; installs Debian's where there is none. Null where it cannot be had. */
export async function busybox() {
  const found = await firstOf(process.env.BUSYBOX, '/bin/busybox');
  if (found) return found;
  await step('Installing busybox-static for the tests', () => debian('busybox-static'));
  return firstOf('/bin/busybox');
}

async function firstOf(...paths) {
  return paths.find((p) => p && fs.existsSync(p)) ?? null;
}

/** The path of a command that an npm package brings as a plain binary. */
export function npmBinary(...candidates) {
  const found = candidates.map((c) => inRoot('node_modules', c)).find((c) => fs.existsSync(c));
  if (!found) throw new Remedy(`${candidates[0]} is missing: run "npm ci" again.`);
  return found;
}
