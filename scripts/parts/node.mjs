// The package as it would be published, in Node, Deno and Bun; its types and its manifest.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, sizes } from '../build.mjs';
import { tapCounts } from '../lib/counts.mjs';
import { capture, inRoot, step } from '../lib/shell.mjs';
import { busybox, npmBinary } from '../lib/tools.mjs';
import { installed } from '../lib/installed.mjs';

export default async function node(tally) {
  await build();
  const { folder, tarball } = await installed();

  await tally.check('publint', () => must(process.execPath, [npmBinary('publint/src/cli.js'), tarball, '--strict']));
  await tally.check('are the types wrong?', () => must(process.execPath, [npmBinary('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only', '--no-emoji']));
  await tally.check('sizes of the modules', () => withinBudget());
  await tally.check('types have no any', () => noAny(path.join(folder, 'node_modules', 'layerwright')));
  await tally.check('a program in TypeScript', () => must(process.execPath, [npmBinary('typescript/bin/tsc'), '-p', path.join(folder, 'types')]));

  await same(tally, 'Node', process.execPath, ['run.mjs'], folder);
  await same(tally, 'Deno', npmBinary(`@deno/${denoPlatform()}/deno`), ['run', '--no-prompt', 'run.mjs'], folder);
  await same(tally, 'Bun', npmBinary('bun/bin/bun.exe', `@oven/bun-${process.platform}-${os.arch()}/bin/bun`), ['run.mjs'], folder);

  const shell = await busybox();
  if (!shell) tally.skip('RUN in the sandbox', 'Install busybox-static, or name a static busybox in BUSYBOX.');
  const began = performance.now();
  const files = fs.readdirSync(path.join(folder, 'node')).filter((f) => f.endsWith('.test.mjs')).map((f) => path.join('node', f));
  const result = await step('Tests in Node', () => capture(process.execPath, ['--test', '--test-reporter=tap', ...files], { cwd: folder, env: { LAYERWRIGHT_REPOSITORY: inRoot(), LAYERWRIGHT_BUSYBOX: shell ?? '' } }));
  const { passed, failed } = tapCounts(result);
  tally.counts('Tests in Node (paths, command line, streams)', passed, failed, result.output, (performance.now() - began) / 1000);
}

const denoPlatform = () => `${process.platform}-${os.arch()}${process.platform === 'linux' ? '-glibc' : ''}`;

/** No module outgrows what its users load. A budget only rises with a reason. */
function withinBudget() {
  for (const { name, brotli, budget } of sizes())
    if (brotli > budget) throw new Error(`${name}.wasm has ${brotli} bytes after brotli, ${brotli - budget} more than its budget in scripts/build.mjs`);
}

async function must(command, args) {
  const result = await capture(command, args);
  if (result.code !== 0) throw new Error(result.output);
}

/** The cases that every runtime must answer alike: each prints "N passed, N failed" as its last line. */
async function same(tally, name, command, args, cwd) {
  const began = performance.now();
  const result = await step(`Common tests in ${name}`, () => capture(command, args, { cwd, timeout: 300_000 }));
  const m = /(\d+) passed, (\d+) failed\s*$/.exec(result.stdout);
  tally.counts(`Common tests in ${name}`, Number(m?.[1] ?? 0), Number(m?.[2] ?? 0) || (result.code ? 1 : 0), result.output, (performance.now() - began) / 1000);
}

function noAny(folder) {
  const found = [];
  const visit = (dir) => {
    for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
      const file = path.join(dir, e.name);
      if (e.isDirectory()) visit(file);
      else if (e.name.endsWith('.d.ts')) {
        // `InitOutput` is the raw module as wasm-bindgen declares it; the package exports no such type.
        const text = fs.readFileSync(file, 'utf8').replace(/^export interface InitOutput \{[^]*?^\}/m, '');
        text.split('\n').forEach((l) => /\bany\b/.test(l.replace(/'[^']*'|"[^"]*"/g, '').replace(/\/\*.*|^\s*\*.*|\/\/.*/, '')) && found.push(`${path.relative(folder, file)}: ${l.trim()}`));
      }
    }
  };
  visit(folder);
  if (found.length) throw new Error(found.join('\n'));
}
