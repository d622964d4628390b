// wasm-bindgen-test: tests/wasm.rs, in Node or in a headless browser.
import fs from 'node:fs';
import path from 'node:path';
import { cargoCounts } from '../lib/counts.mjs';
import { capture, inRoot, step } from '../lib/shell.mjs';
import { wasmBindgen, wasmToolchain } from '../lib/tools.mjs';

/** Runs the boundary's tests; `env` chooses the host. */
export async function boundaryTests(tally, host, env) {
  const toolchain = await wasmToolchain();
  const bin = await wasmBindgen();
  const cargo = toolchain.cargo.map((a) => (a.startsWith('build-std=') ? `${a},test` : a));
  const began = performance.now();
  const result = await step(`wasm-bindgen-test in ${host}`, () =>
    capture('cargo', ['test', ...cargo, '--test', 'wasm', '--profile', 'wasm-dev', '--target', 'wasm32-unknown-unknown', '--target-dir', inRoot('target-wasm'), '--features', 'js', '--locked'], {
      env: { ...toolchain.env, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: path.join(bin, 'wasm-bindgen-test-runner'), ...env },
    }));
  const { passed, failed } = cargoCounts(result);
  tally.counts(`wasm-bindgen-test in ${host}`, passed, failed, result.output.split('\n').slice(-60).join('\n'), (performance.now() - began) / 1000);
}

/** Chromium's options for the WebDriver that wasm-bindgen-test starts. */
export function webdriverConfig(binary, args) {
  const file = inRoot('webdriver.json');
  fs.writeFileSync(file, JSON.stringify({ 'goog:chromeOptions': { args, binary } }));
  return () => fs.rmSync(file, { force: true });
}
