// Runs the crate's own benchmarks and reads their rows.
import { capture, Remedy, run, step } from '../scripts/lib/shell.mjs';

const binaries = {};

/** Compiles a benchmark of the crate once, and answers the path of the program. */
export async function compiled(name) {
  binaries[name] ??= await step(`Compiling the native benchmark ${name}`, async () => {
    const { stdout } = await run('cargo', ['bench', '--bench', name, '--no-run', '--message-format=json']);
    const made = stdout.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l)).find((m) => m.reason === 'compiler-artifact' && m.target.name === name && m.executable);
    if (!made) throw new Remedy(`cargo did not say where it put the benchmark ${name}.`);
    return made.executable;
  });
  return binaries[name];
}

/** A function that runs a benchmark of the crate and gives its rows. */
export async function native(name) {
  await compiled(name);
  return async (args) => {
    const { code, stdout, stderr } = await capture(binaries[name], ['--json', ...args]);
    if (code !== 0) throw new Error(`the native benchmark ${name} ended with ${code}: ${stderr}`);
    return stdout.split('\n').filter(Boolean).map((l) => JSON.parse(l));
  };
}
