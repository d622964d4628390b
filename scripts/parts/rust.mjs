// The crate by itself: format, lints, tests, the boundary in Node, short fuzzing.
import fs from 'node:fs';
import { cargoCounts } from '../lib/counts.mjs';
import { capture, has, inRoot, step } from '../lib/shell.mjs';
import { npmPackages } from '../lib/tools.mjs';
import { boundaryTests } from './boundary.mjs';

export default async function rust(tally) {
  await npmPackages();
  await tally.check('cargo fmt', () => must('cargo', ['fmt', '--check']));
  await tally.check('clippy', () => must('cargo', ['clippy', '--all-targets', '--locked', '--', '-D', 'warnings']));
  await tally.check('clippy, all features', () => must('cargo', ['clippy', '--all-targets', '--all-features', '--locked', '--', '-D', 'warnings']));
  await tally.check('clippy, Dockerfile half alone', () => must('cargo', ['clippy', '--no-default-features', '--locked', '--', '-D', 'warnings']));
  const began = performance.now();
  // Property tests try the same inputs every time, as the fuzz targets do below: a failure says what a change did.
  const result = await step('cargo test', () => capture('cargo', ['test', '--locked', '--no-fail-fast'], { env: { PROPTEST_RNG_SEED: process.env.PROPTEST_RNG_SEED ?? '1' } }));
  const { passed, failed } = cargoCounts(result);
  tally.counts('cargo test', passed, failed, result.output, (performance.now() - began) / 1000);
  await boundaryTests(tally, 'Node', {});
  await fuzz(tally);
}

async function must(command, args) {
  const result = await capture(command, args);
  if (result.code !== 0) throw new Error(result.output.split('\n').slice(-80).join('\n'));
}

/** Every fuzz target for some seconds, on the stable toolchain, seeded from the examples and fixtures. */
async function fuzz(tally) {
  if (!fs.existsSync(inRoot('fuzz', 'Cargo.toml'))) return;
  if (!(await has('c++'))) return tally.skip('fuzz', 'libFuzzer needs a C++ compiler: install g++.');
  const host = /host: (\S+)/.exec((await capture('rustc', ['-vV'])).stdout)[1];
  const flags = ['-Cpasses=sancov-module', '-Cllvm-args=-sanitizer-coverage-level=4', '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters', '-Cllvm-args=-sanitizer-coverage-pc-table', '-Cllvm-args=-sanitizer-coverage-trace-compares', '--cfg=fuzzing', '-Ccodegen-units=1'];
  const built = await step('Building the fuzz targets', () =>
    capture('cargo', ['build', '--release', '--manifest-path', 'fuzz/Cargo.toml', '--target', host, '--config', 'profile.release.debug-assertions=true'], { env: { RUSTFLAGS: flags.join(' ') } }));
  if (built.code !== 0) return tally.counts('fuzz', 0, 1, built.output);
  // Unasked, the same inputs every time: a test says what a change did. With a time, on from where the last run was.
  const seconds = process.env.LAYERWRIGHT_FUZZ_SECONDS;
  const length = seconds ? [`-max_total_time=${seconds}`] : ['-seed=1', '-runs=8000', '-max_total_time=20'];
  const targets = [...fs.readFileSync(inRoot('fuzz', 'Cargo.toml'), 'utf8').matchAll(/\[\[bin\]\]\s*name = "([^"]+)"/g)].map((m) => m[1]);
  for (const target of targets) {
    await tally.check(`fuzz ${target}${seconds ? `, ${seconds} s` : ''}`, async () => {
      const corpus = inRoot('fuzz', seconds ? 'corpus' : 'target/corpus', target);
      if (!seconds) fs.rmSync(corpus, { recursive: true, force: true });
      const crashes = `${inRoot('fuzz', 'artifacts', target)}/`;
      fs.mkdirSync(corpus, { recursive: true });
      fs.mkdirSync(crashes, { recursive: true });
      const seeds = [inRoot('fuzz', 'seeds', target), ...(target === 'tar' ? [inRoot('..', 'shared', 'fixtures', 'tars')] : [])].filter((s) => fs.existsSync(s));
      await must(inRoot('fuzz', 'target', host, 'release', target), [corpus, ...seeds, ...length, '-rss_limit_mb=2048', '-timeout=10', '-print_final_stats=0', '-verbosity=0', `-artifact_prefix=${crashes}`]);
    });
  }
}

