import { writeFile } from 'node:fs/promises';
import { type Command, flag, FORMAT, text } from './command.js';
import { expand, read } from './input.js';
import { paint, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'FILE...',
  about: 'Prints one formatted file, or checks or rewrites many. What is built stays the same; comments and here-documents stay as they are.',
  options: {
    check: { type: 'boolean', help: 'print the names of files that are not formatted; exit status 1 if there are any' },
    write: { type: 'boolean', short: 'w', help: 'rewrite files that are not formatted' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, Infinity],
  examples: [
    ['layerwright format Dockerfile', 'print it formatted'],
    ['layerwright format --check .', 'check all Dockerfiles of this folder'],
  ],
  async run(args) {
    const { format } = await import('../lint.node.js');
    const files = await expand(args.positionals);
    const [check, write, json] = [flag(args, 'check'), flag(args, 'write'), text(args, 'format') === 'json'];
    const { bold } = paint(stdoutStyle());
    const results: { file: string; formatted: boolean; text?: string }[] = [];
    for (const file of files) {
      const { bytes } = await read(file);
      const made = format(bytes);
      const same = Buffer.from(made).equals(bytes);
      results.push({ file, formatted: same, ...(check || write ? {} : { text: made }) });
      if (write && !same && file !== '-') await writeFile(file, made);
      if (json) continue;
      if (!check && !write) process.stdout.write(made);
      else if (!same) process.stdout.write(`${write ? 'formatted' : 'not formatted'}: ${bold(file)}\n`);
    }
    if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    return check && results.some((r) => !r.formatted) ? 1 : 0;
  },
};
export default command;
