// Running other programs, and telling a person what takes long.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const inRoot = (...parts) => path.join(root, ...parts);

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = paint(1), dim = paint(2), red = paint(31), green = paint(32), yellow = paint(33);

/** A failure a person can act on: printed without a stack. */
export class Remedy extends Error {}

/** What a command said, and how it ended. Never throws for a failing command. */
export function capture(command, args, { env, cwd = root, input, timeout, echo } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: [input == null ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const out = [], err = [], all = [];
    const take = (list) => (data) => { list.push(data); all.push(data); echo?.(data); };
    child.stdout.on('data', take(out));
    child.stderr.on('data', take(err));
    const timer = timeout && setTimeout(() => child.kill('SIGKILL'), timeout);
    const done = (code, error) => {
      clearTimeout(timer);
      const text = (list) => Buffer.concat(list).toString();
      resolve({ code, stdout: text(out), stderr: text(err), output: text(all), error });
    };
    child.on('error', (error) => done(127, error));
    child.on('close', (code, signal) => done(code ?? (signal ? 128 : 1)));
    if (input != null) child.stdin.end(input);
  });
}

/** Runs a command whose failure ends the step: its output is shown only then. */
export async function run(command, args, options) {
  const result = await capture(command, args, options);
  if (result.code !== 0) {
    const said = result.output.trimEnd().split('\n').slice(-60).join('\n');
    throw new Remedy(`${[command, ...args].join(' ')} ended with ${result.code}${said ? `:\n${said}` : result.error ? `: ${result.error.message}` : ''}`);
  }
  return result;
}

export const has = async (command, args = ['--version']) => (await capture(command, args)).code === 0;

/** Shows a line with the seconds that pass while `work` runs, on a terminal; elsewhere a line at its end if it took a second. */
export async function step(title, work) {
  const began = performance.now();
  const seconds = () => Math.floor((performance.now() - began) / 1000);
  const live = process.stdout.isTTY;
  const timer = setInterval(() => {
    if (live) process.stdout.write(`\r\x1b[2K${title} ${dim(`${seconds()} s`)}`);
    else if (seconds() > 0 && seconds() % 60 === 0) console.log(`${title} (${seconds()} s so far)`);
  }, 1000);
  try {
    const result = await work();
    clearInterval(timer);
    if (live) process.stdout.write('\r\x1b[2K');
    if (seconds() >= 1 || result?.say) console.log(`${green('+')} ${title}${result?.say ? `: ${result.say}` : ''} ${dim(`${seconds()} s`)}`);
    return result;
  } catch (error) {
    clearInterval(timer);
    if (live) process.stdout.write('\r\x1b[2K');
    throw error;
  }
}

/** Runs `main`, printing a remedy plainly and anything else with its stack. */
export async function entry(main) {
  try {
    await main();
  } catch (error) {
    console.error(`${red('error')} ${error instanceof Remedy ? error.message : error.stack}`);
    process.exitCode = process.exitCode || 1;
  }
}
