import type { FileFound, FileQuery } from '../index.js';
import { addCondition, parseQuery } from '../search.js';
import { type Command, FORMAT, flag, text, UsageError } from './command.js';
import { IMAGE_OPTIONS, longLine, open } from './image.js';
import { paint, progressLine, safe, stdoutStyle } from './terminal.js';

const CONDITIONS = ['type', 'size', 'layer', 'mode', 'owner', 'text'] as const;

const command: Command = {
  usage: 'IMAGE [EXPR...]',
  about: 'Looks for files of the merged root filesystem. EXPR are words that must all hold: a pattern of names (*.js), of paths (usr/**/*.so) or a part of a path; >1MB, <10kB; and the conditions of the options as KEY:VALUE.\nExit status 1 if there is no such file.',
  options: {
    ...IMAGE_OPTIONS,
    name: { type: 'string', multiple: true, value: 'PATTERN', help: 'names or paths; may be given more than once, and all must hold' },
    type: { type: 'string', value: 'TYPE', help: 'file, dir, symlink, char, block, fifo, or the first letter' },
    size: { type: 'string', value: '[+-]SIZE', help: 'more than, less than or exactly; 1M is 10^6 bytes, 1MiB is 2^20' },
    layer: { type: 'string', value: 'N', help: 'brought by this layer, from 0' },
    mode: { type: 'string', value: '[-/]MODE', help: 'exactly these permissions; -MODE all of them, /MODE any of them' },
    owner: { type: 'string', value: 'UID[:GID]', help: 'owned by these numbers' },
    setuid: { type: 'boolean', help: 'runs with the rights of its owner or group' },
    text: { type: 'string', value: 'TEXT', help: 'holds this text; the first line with it is shown' },
    long: { type: 'boolean', short: 'l', help: 'mode, owner, size, time and layer' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, Infinity],
  examples: [
    ["layerwright find api.tar '*.map' '>1MB'", 'large source maps'],
    ['layerwright find --setuid api.tar', 'what runs with the rights of root'],
    ['layerwright find --text "BEGIN PRIVATE KEY" api.tar', 'keys left behind'],
  ],
  async run(args) {
    const [source, ...words] = args.positionals as [string, ...string[]];
    const query: FileQuery = {};
    try {
      // Each argument is a word of its own: what the shell kept together stays together.
      for (const word of words) Object.assign(query, merge(query, parseQuery(/\s/.test(word) && !word.includes('"') ? word.replace(/^(\w+:|)(.*)$/s, '$1"$2"') : word)));
      for (const key of CONDITIONS) {
        const value = text(args, key);
        if (value !== undefined) addCondition(query, key, value);
      }
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    for (const name of (args.values.name as string[] | undefined) ?? []) addCondition(query, 'name', name);
    if (flag(args, 'setuid')) query.setuid = true;
    const image = await open(source, args);
    const { onProgress, end } = progressLine(`Reading ${source}`);
    try {
      const found = await image.search(query, { onProgress });
      end();
      process.stdout.write(text(args, 'format') === 'json' ? `${JSON.stringify(found, null, 2)}\n` : found.map((f) => `${show(f, flag(args, 'long'))}\n`).join(''));
      return found.length ? 0 : 1;
    } finally {
      end();
      image[Symbol.dispose]();
    }
  },
};
export default command;

const merge = (a: FileQuery, b: FileQuery): FileQuery => (a.names && b.names ? { ...b, names: [...a.names, ...b.names] } : b);

function show(file: FileFound, long: boolean): string {
  const { dim } = paint(stdoutStyle());
  const line = long ? longLine(file) : safe(file.path);
  const { match } = file;
  return match ? `${line}${dim(`:${match.line}:`)} ${safe(match.text.trim())}${match.count > 1 ? dim(` (${match.count} times)`) : ''}` : line;
}
