import { writeFile } from 'node:fs/promises';
import type { FormatOptions } from '../lint.js';
import { unifiedDiff } from '../unified.js';
import { type Arguments, type Command, flag, FORMAT, text, UsageError } from './command.js';
import { coloured } from './coloured.js';
import { expand, read } from './input.js';
import { paint, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'FILE...',
  about: 'Prints one formatted file, or checks or rewrites many. What is built stays the same; comments and here-documents stay as they are.',
  options: {
    check: { type: 'boolean', help: 'print the names of files that are not formatted; exit status 1 if there are any' },
    diff: { type: 'boolean', short: 'd', help: 'print what would change; exit status 1 if anything would' },
    write: { type: 'boolean', short: 'w', help: 'rewrite files that are not formatted' },
    indent: { type: 'string', value: 'N', help: 'spaces in front of continued lines, 0 to 16 (default: 4)' },
    'keyword-case': { type: 'string', value: 'CASE', choices: ['upper', 'lower', 'keep'], help: 'upper, lower or keep (default: upper)' },
    'blank-lines': { type: 'string', value: 'N', help: 'blank lines that may follow each other (default: 1)' },
    continuation: { type: 'string', value: 'PLACE', choices: ['space', 'align', 'keep'], help: 'where the backslashes stand: after one space, aligned, or kept (default: space)' },
    'break-commands': { type: 'boolean', help: 'give each command of a RUN a line of its own' },
    'sort-packages': { type: 'boolean', help: 'sort the packages of apt-get install' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, Infinity],
  examples: [
    ['layerwright format Dockerfile', 'print it formatted'],
    ['layerwright format --check .', 'check all Dockerfiles of this folder'],
    ['layerwright format --diff --indent 2 --continuation align Dockerfile', 'see what another style would change'],
  ],
  async run(args) {
    const { format } = await import('../lint.node.js');
    const options = style(args);
    const files = await expand(args.positionals);
    const [check, diff, write, json] = [flag(args, 'check'), flag(args, 'diff'), flag(args, 'write'), text(args, 'format') === 'json'];
    const { bold } = paint(stdoutStyle());
    const results: { file: string; formatted: boolean; text?: string; diff?: string }[] = [];
    for (const file of files) {
      const { bytes } = await read(file);
      const made = format(bytes, options);
      const same = Buffer.from(made).equals(bytes);
      const changes = diff && !same ? unifiedDiff([file, file], Buffer.from(bytes).toString(), made) : '';
      results.push({ file, formatted: same, ...(diff ? { diff: changes } : {}), ...(check || write || diff ? {} : { text: made }) });
      if (write && !same && file !== '-') await writeFile(file, made);
      if (json) continue;
      if (diff) process.stdout.write(stdoutStyle() ? coloured(changes) : changes);
      else if (!check && !write) process.stdout.write(made);
      else if (!same) process.stdout.write(`${write ? 'formatted' : 'not formatted'}: ${bold(file)}\n`);
    }
    if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    return (check || (diff && !write)) && results.some((r) => !r.formatted) ? 1 : 0;
  },
};
export default command;

function style(args: Arguments): FormatOptions {
  const number = (key: string, most: number) => {
    const given = text(args, key);
    if (given === undefined) return undefined;
    if (!/^\d{1,3}$/.test(given) || Number(given) > most) throw new UsageError(`--${key} takes a number from 0 to ${most}, not "${given}".`);
    return Number(given);
  };
  return {
    indent: number('indent', 16),
    blankLines: number('blank-lines', 255),
    keywordCase: text(args, 'keyword-case') as FormatOptions['keywordCase'],
    continuation: text(args, 'continuation') as FormatOptions['continuation'],
    breakCommands: flag(args, 'break-commands'),
    sortPackages: flag(args, 'sort-packages'),
  };
}
