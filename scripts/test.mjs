#!/usr/bin/env node
// Runs the tests: all of them, or the parts named.   node scripts/test.mjs [rust] [node] [browser] [edge] [conformance]
// Ends with one plain line, "N passed, N failed", and exits with 1 if anything failed.
import { bold, dim, entry, green, red, yellow } from './lib/shell.mjs';

const PARTS = ['rust', 'node', 'browser', 'edge', 'conformance'];

/** Collects results. A part reports counts, or single checks by name. */
class Tally {
  passed = 0;
  failed = 0;
  skipped = [];

  /** A runner's own counts, with its output where something failed. */
  counts(name, passed, failed, output = '', seconds) {
    this.passed += passed;
    this.failed += failed;
    const time = seconds == null ? '' : dim(` ${seconds.toFixed(0)} s`);
    if (failed) console.log(`${red('x')} ${name}: ${passed} passed, ${red(`${failed} failed`)}${time}\n${output.trimEnd()}`);
    else console.log(`${green('+')} ${name}: ${passed} passed${time}`);
  }

  /** One check that either holds or does not. */
  async check(name, work) {
    const began = performance.now();
    try {
      await work();
      this.counts(name, 1, 0, '', (performance.now() - began) / 1000);
    } catch (error) {
      this.counts(name, 0, 1, String(error.message ?? error), (performance.now() - began) / 1000);
    }
  }

  skip(name, remedy) {
    this.skipped.push(name);
    console.log(`${yellow('-')} ${name}: not run. ${remedy}`);
  }
}

await entry(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((w) => !PARTS.includes(w));
  if (unknown.length) throw new Error(`no part ${unknown.join(', ')}: there are ${PARTS.join(', ')}`);
  const tally = new Tally();
  const began = performance.now();
  for (const part of wanted.length ? wanted : PARTS) {
    console.log(bold(`\n${part}`));
    try {
      await (await import(`./parts/${part}.mjs`)).default(tally);
    } catch (error) {
      // A part that breaks counts as a failure, and the others still run.
      tally.counts(`${part} itself`, 0, 1, error.constructor.name === 'Remedy' ? error.message : error.stack);
    }
  }
  console.log(dim(`\n${((performance.now() - began) / 60_000).toFixed(1)} minutes${tally.skipped.length ? `, not run: ${tally.skipped.join(', ')}` : ''}`));
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  if (tally.failed) process.exitCode = 1;
});
