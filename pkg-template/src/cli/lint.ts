import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import { type Arguments, type Command, complain, flag, list, pairs, text, type Option } from './command.js';
import { expand, firstFile, ignoreFile, read, type Input } from './input.js';
import { linter } from './linter.js';
import { type Job, lintAll } from './pool.js';
import { print, stdoutStyle, terminalWidth } from './terminal.js';

const LEVELS = ['error', 'warning', 'info', 'style'] as const;
const FORMATS = ['terminal', 'json', 'sarif', 'checkstyle', 'gnu', 'github'] as const;

const command: Command = {
  usage: 'FILE...',
  about: 'A folder stands for the Dockerfiles in it. A .hadolint.yaml is taken from the working folder, or from where hadolint looks for it.',
  options: {
    profile: { type: 'string', short: 'p', value: 'NAME', choices: ['recommended', 'hadolint', 'buildkit', 'strict', 'all'], help: 'which rules: recommended, hadolint, buildkit, strict, all (default: recommended)' },
    enable: { type: 'string', multiple: true, value: 'CODE', help: 'add a rule; may be repeated' },
    ignore: { type: 'string', multiple: true, value: 'CODE', help: 'leave a rule out; may be repeated' },
    config: { type: 'string', short: 'c', value: 'FILE', help: 'a .hadolint.yaml' },
    'no-config': { type: 'boolean', help: 'look for no configuration' },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    'failure-threshold': { type: 'string', short: 't', value: 'LEVEL', choices: [...LEVELS, 'none'], help: 'the lowest level that makes the exit status 1 (default: info)' },
    'no-fail': { type: 'boolean', help: 'exit with 0 whatever is found' },
    fix: { type: 'boolean', help: 'apply the safe fixes to the files' },
    format: { type: 'string', short: 'f', value: 'FORMAT', choices: FORMATS, help: `how to print: ${FORMATS.join(', ')} (default: terminal)` } satisfies Option,
  },
  arguments: [1, Infinity],
  examples: [
    ["layerwright lint Dockerfile 'services/**/Dockerfile'", 'lint files and patterns'],
    ['layerwright lint --fix .', 'fix what is safe to fix, show the rest'],
    ['docker compose config | … | layerwright lint -', 'lint standard input'],
  ],
  run,
};
export default command;

async function run(args: Arguments): Promise<number> {
  const loading = linter();
  const names = await expand(args.positionals);
  const config = flag(args, 'no-config') ? undefined : await configuration(text(args, 'config'));
  const options = { profile: text(args, 'profile') as Profile | undefined, enable: list(args, 'enable'), ignore: list(args, 'ignore'), buildArgs: pairs(args, 'build-arg'), config };
  const given: { name: string; job: Job }[] = [];
  let unreadable = false;
  for (const name of names) {
    let input: Input;
    try {
      input = await read(name);
    } catch (error) {
      // One missing file does not hide what is wrong in the others.
      complain(error as Error);
      unreadable = true;
      continue;
    }
    const settings = { ...options, dockerignore: name === '-' ? undefined : await ignoreFile(name) };
    let source: string | Uint8Array = input.bytes;
    if (flag(args, 'fix')) {
      const fixed = (await loading).fix(source, settings);
      if (fixed.applied.length && name === '-') process.stdout.write(fixed.text);
      else if (fixed.applied.length) await writeFile(name, fixed.text);
      if (fixed.applied.length) source = fixed.text;
    }
    given.push({ name, job: { source, options: settings } });
  }
  const lw = await loading;
  const found = await lintAll(given.map((g) => g.job), ({ source, options }) => lw.lint(source, options).findings);
  const decoder = new TextDecoder();
  const files = given.map(({ name, job: { source } }, i) => ({ name, text: typeof source === 'string' ? source : decoder.decode(source), findings: found[i]! }));
  const format = (text(args, 'format') ?? 'terminal') as (typeof FORMATS)[number];
  print(lw.renderReport(format, files, { colour: format === 'terminal' && stdoutStyle(), width: terminalWidth() }));
  if (unreadable) return 2;
  if (flag(args, 'no-fail')) return 0;
  const threshold = text(args, 'failure-threshold') ?? 'info';
  const worst = Math.min(...files.flatMap((f) => f.findings.map((x) => LEVELS.indexOf(x.level))));
  return threshold !== 'none' && worst <= LEVELS.indexOf(threshold as (typeof LEVELS)[number]) ? 1 : 0;
}

type Profile = 'recommended' | 'hadolint' | 'buildkit' | 'strict' | 'all';

/** The text of the first configuration that hadolint would take, or of the one named. `folders` are looked through first, in order. */
export async function configuration(named: string | undefined, folders = ['.']): Promise<string | undefined> {
  if (named !== undefined) {
    try {
      return await readFile(named, 'utf8');
    } catch (error) {
      throw new LayerwrightError('CONFIG_UNREADABLE', `The configuration ${named} could not be read: ${(error as Error).message}`, { file: named });
    }
  }
  const home = os.homedir();
  const xdg = process.env.XDG_CONFIG_HOME ?? path.join(home, '.config');
  const places = [...folders.map((folder) => [folder, '.hadolint'] as const), [xdg, 'hadolint'], [path.join(home, '.hadolint'), 'hadolint'], [path.join(home, '.hadolint'), 'config'], [home, '.hadolint']] as const;
  return firstFile(places.flatMap(([folder, name]) => ['yaml', 'yml'].map((ending) => path.join(folder, `${name}.${ending}`))))?.text;
}
