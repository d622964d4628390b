import { parseArgs } from 'node:util';
import { LayerwrightError } from '../errors.js';
import { paint, stderrStyle } from './terminal.js';

/** One option of a command, as `--help` tells it. */
export interface Option {
  type: 'boolean' | 'string';
  short?: string;
  multiple?: boolean;
  /** Name of the value in `--help`. */
  value?: string;
  help: string;
  /** The values it takes, where they are few. */
  choices?: readonly string[];
}

export type Options = Record<string, Option>;

export interface Arguments {
  positionals: string[];
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
}

export interface Command {
  /** What follows the command's name, such as `FILE...`. */
  usage: string;
  /** A few sentences under the usage line. */
  about?: string;
  options: Options;
  /** Fewest and most positional arguments. */
  arguments: [number, number];
  examples?: [command: string, what: string][];
  /** Answers the exit status. */
  run(args: Arguments): Promise<number>;
}

/** A call that cannot be understood: exit status 2. */
export class UsageError extends Error {}

export const FORMAT = (...choices: string[]): Option => ({ type: 'string', short: 'f', value: 'FORMAT', choices, help: `how to print: ${choices.join(', ')} (default: ${choices[0]})` });

export function parse(name: string, command: Command, args: string[]): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(Object.entries(command.options).map(([key, { type, short, multiple }]) => [key, { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) }])),
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}. Run "layerwright ${name} --help".`);
  }
  const { positionals } = parsed;
  const values = parsed.values as Arguments['values'];
  const [least, most] = command.arguments;
  if (positionals.length < least || positionals.length > most) throw new UsageError(`Usage: layerwright ${name} ${command.usage}`);
  for (const [key, { choices }] of Object.entries(command.options)) {
    for (const value of [values[key]].flat())
      if (choices && value !== undefined && !choices.includes(String(value))) throw new UsageError(`--${key} takes ${choices.join(', ')}, not "${String(value)}".`);
  }
  return { positionals, values };
}

export const text = (args: Arguments, key: string): string | undefined => args.values[key] as string | undefined;
export const flag = (args: Arguments, key: string): boolean => args.values[key] === true;
export const list = (args: Arguments, key: string): string[] => ((args.values[key] as string[] | undefined) ?? []).flatMap((v) => v.split(',')).filter(Boolean);

/** `KEY=VALUE` options as an object; a bare `KEY` takes its value from the environment, as docker does. */
export function pairs(args: Arguments, key: string): Record<string, string> {
  const given = (args.values[key] as string[] | undefined) ?? [];
  return Object.fromEntries(
    given.flatMap((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [[pair.slice(0, at), pair.slice(at + 1)] as const];
      const value = process.env[pair];
      return value === undefined ? [] : [[pair, value] as const];
    }),
  );
}

export function helpOf(name: string, summary: string, command: Command): string {
  const { bold } = paint(stderrStyle());
  const rows = Object.entries({ ...command.options, help: { type: 'boolean', short: 'h', help: 'this text' } as Option }).map(([key, o]) => [`${o.short ? `-${o.short}, ` : '    '}--${key}${o.type === 'string' ? ` ${o.value ?? 'VALUE'}` : ''}`, o.help] as const);
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  const lines = [`layerwright ${name}: ${summary}`, '', `Usage: layerwright ${name} [OPTIONS] ${command.usage}`];
  if (command.about) lines.push('', command.about);
  lines.push('', 'Options:', ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`));
  if (command.examples) lines.push('', 'Examples:', ...command.examples.flatMap(([line, what]) => [`  ${bold(line)}`, `      ${what}`]));
  return `${lines.join('\n')}\n`;
}

/** Prints an error with its code and what is known of the place. */
export function complain(error: Error, where?: string): void {
  const { red, dim } = paint(stderrStyle());
  const code = error instanceof LayerwrightError ? ` ${dim(error.code)}` : '';
  process.stderr.write(`${red('error')}: ${where ? `${where}: ` : ''}${error.message}${code}\n`);
  if (!(error instanceof LayerwrightError) && !(error instanceof UsageError) && process.env.LAYERWRIGHT_DEBUG) process.stderr.write(`${error.stack}\n`);
}
