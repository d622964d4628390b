import type { FileEntry, MergedEntry } from '../index.js';
import { type Command, FORMAT, flag, text, UsageError } from './command.js';
import { IMAGE_OPTIONS, longLine, open } from './image.js';
import { progressLine, safe } from './terminal.js';

const command: Command = {
  usage: 'IMAGE [PATH]',
  about: 'Lists the merged root filesystem, or one layer as it was stored, whiteouts and all. A PATH lists what is at and below it.',
  options: {
    ...IMAGE_OPTIONS,
    long: { type: 'boolean', short: 'l', help: 'mode, owner, size, time and the layer that brought each path' },
    layer: { type: 'string', value: 'N', help: 'one layer, from 0, in the order of its archive' },
    digest: { type: 'boolean', help: 'with --long or json: the sha256 of each file' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 2],
  examples: [
    ['layerwright ls --long api.tar usr/local/bin', 'what is in a folder, and which layer brought it'],
    ['layerwright ls --layer 2 api.tar', 'what a layer adds and removes'],
  ],
  async run(args) {
    const [source, below] = args.positionals as [string, string?];
    const layer = text(args, 'layer');
    if (layer !== undefined && !/^\d+$/.test(layer)) throw new UsageError(`--layer takes a number from 0, not "${layer}".`);
    const image = await open(source, args);
    const { onProgress, end } = progressLine(`Reading ${source}`);
    try {
      const options = { onProgress, contents: flag(args, 'digest') };
      const all: (FileEntry | MergedEntry)[] = layer === undefined ? await image.files(options) : await image.entries(Number(layer), options);
      end();
      const prefix = below?.replace(/^[./]+|\/+$/g, '');
      const listed = prefix ? all.filter((f) => trimmed(f.path) === prefix || trimmed(f.path).startsWith(`${prefix}/`)) : all;
      if (text(args, 'format') === 'json') process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
      else process.stdout.write(listed.map((f) => `${flag(args, 'long') ? longLine(f) : safe(f.path)}\n`).join(''));
      if (prefix && !listed.length) {
        process.stderr.write(`${source} holds no ${below}.\n`);
        return 1;
      }
      return 0;
    } finally {
      end();
      image[Symbol.dispose]();
    }
  },
};
export default command;

const trimmed = (path: string): string => path.replace(/^(\.?\/)+|\/+$/g, '');
