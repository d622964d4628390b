#!/usr/bin/env node
// Compares Layerwright's speed with reference tools, each pair in turn in one run, as ratios.
//   npm run bench [-- parse linear lint keystroke ingest memory build] [-- --runs N]
// More than 1 means that Layerwright is faster. Nothing here passes or fails: timings of one machine are no test.
import { build } from '../scripts/build.mjs';
import { bold, dim, entry, Remedy } from '../scripts/lib/shell.mjs';

const ALL = ['parse', 'linear', 'lint', 'keystroke', 'ingest', 'memory', 'build'];

await entry(async () => {
  const args = process.argv.slice(2);
  const at = args.indexOf('--runs');
  const runs = at >= 0 ? Number(args.splice(at, 2)[1]) : 5;
  const unknown = args.filter((a) => !ALL.includes(a));
  if (unknown.length || !(runs > 0)) throw new Remedy(`Usage: npm run bench [-- ${ALL.join(' ')}] [-- --runs N]`);
  await build();
  for (const name of args.length ? args : ALL) {
    const { title, lines = [], pairs = [], figures = [], times, close } = await (await import(`./${name}.mjs`)).default();
    console.log(bold(`\n${title}`));
    for (const line of lines) console.log(line);
    for (const pair of pairs) await compare(pair, runs);
    for (const { name, measure } of figures) console.log(`${(await measure()).padStart(10)}  ${name}`);
    for (const [what, list] of Object.entries((await times?.()) ?? {})) spread(what, list);
    await close?.();
  }
});

/** Prints the median and the 95th percentile of times in milliseconds. */
function spread(what, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(2);
  console.log(`${at(0.5).padStart(8)} ms ${what} ${dim(`(median of ${sorted.length}; 95 % within ${at(0.95)} ms)`)}`);
}

/**
 * Runs both sides in turn after one warm-up each, and prints the median of the pairwise ratios. A side that measures
 * itself answers its seconds.
 */
async function compare({ name, ours, reference, work }, runs) {
  const time = async (f) => {
    const began = performance.now();
    const own = await f();
    return typeof own === 'number' ? own : (performance.now() - began) / 1000;
  };
  await ours();
  await reference();
  const samples = [];
  for (let i = 0; i < runs; i++) samples.push([await time(ours), await time(reference)]);
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const ratios = samples.map(([a, b]) => b / a);
  const rate = work ? `, ${(work / median(samples.map((s) => s[0])) / 1e6).toFixed(1)} MB/s` : '';
  console.log(`${median([...ratios]).toFixed(2).padStart(8)} x  ${name} ${dim(`(${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; ours ${median(samples.map((s) => s[0])).toFixed(3)} s, reference ${median(samples.map((s) => s[1])).toFixed(3)} s${rate})`)}`);
}
