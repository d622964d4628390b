// Compares the package with the recorded answers of the reference tools, where they are beside the repository.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { build } from '../build.mjs';
import { capture, inRoot, step } from '../lib/shell.mjs';

/** Suites of parts that are not begun: left out, since all of their cases would fail. */
const LATER = ['catalog', 'inventory', 'versions', 'purl', 'osv', 'cvss', 'signatures'];
const SUITES = ['ast', 'instructions', 'words', 'dockerignore', 'plan', 'image', 'probes', 'checks', 'hadolint', 'wishes', 'shellcheck', 'images', 'layers', 'flatten', 'tars', 'hostile', 'build'];

export default async function conformance(tally) {
  const folder = inRoot('..', 'shared', 'conformance');
  if (!fs.existsSync(path.join(folder, 'run.mjs'))) return tally.skip('conformance', 'The recorded answers are not beside this checkout (../shared/conformance).');
  await build();
  const scores = inRoot('target-wasm', 'scores.json');
  const result = await step('Conformance', () => capture(process.execPath, [path.join(folder, 'run.mjs'), '--fails', '0', '--json', scores, ...SUITES]));
  process.stdout.write(result.stdout);
  if (result.code !== 0) return tally.counts('conformance', 0, 1, result.output);
  compare(tally, JSON.parse(fs.readFileSync(scores, 'utf8')), dataDigest(folder));
  console.log(`not begun: ${LATER.join(', ')}`);
}

/** A suite passes when it scores no less than recorded; higher scores, and new data, are recorded. */
function compare(tally, now, data) {
  const file = inRoot('tests', 'conformance', 'scores.json');
  const recorded = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  const known = recorded.data === data ? recorded.scores : {};
  const scores = {};
  for (const [suite, { passed, of }] of Object.entries(now)) {
    const before = known[suite];
    tally.counts(`conformance ${suite}`, before && passed < before.passed ? 0 : 1, before && passed < before.passed ? 1 : 0, `${passed} of ${of}, recorded: ${before?.passed}`);
    scores[suite] = { passed: Math.max(passed, before?.passed ?? 0), of };
  }
  const text = `${JSON.stringify({ data, scores: { ...known, ...scores } }, null, 2)}\n`;
  if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    fs.writeFileSync(file, text);
    console.log('tests/conformance/scores.json was raised: commit it.');
  }
}

/** Digest of the names and contents of the recorded answers and the runner. */
function dataDigest(folder) {
  const hash = createHash('sha256');
  const visit = (dir) => {
    for (const name of fs.readdirSync(dir).sort()) {
      const file = path.join(dir, name);
      if (fs.statSync(file).isDirectory()) visit(file);
      else hash.update(`${path.relative(folder, file)}\0`).update(fs.readFileSync(file));
    }
  };
  for (const part of [folder, inRoot('..', 'shared', 'fixtures')]) if (fs.existsSync(part)) visit(part);
  return `sha256:${hash.digest('hex')}`;
}
