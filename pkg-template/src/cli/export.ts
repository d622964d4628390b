import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, text, UsageError } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { progressLine, size } from './terminal.js';

const command: Command = {
  usage: 'IMAGE',
  about: 'Writes the merged root filesystem as one tar: whiteouts applied, hard links after what they link to, the same bytes each time.',
  options: {
    ...IMAGE_OPTIONS,
    output: { type: 'string', short: 'o', value: 'FILE', help: 'where to write it (default: standard output)' },
    format: { type: 'string', short: 'f', value: 'FORMAT', choices: ['tar'], help: 'tar (default)' },
  },
  arguments: [1, 1],
  examples: [
    ['layerwright export api.tar -o rootfs.tar', 'the root filesystem as a tar'],
    ['layerwright export api.tar | tar -x -C rootfs', 'unpack it'],
  ],
  async run(args) {
    const source = args.positionals[0]!;
    const output = text(args, 'output') ?? '-';
    if (output === '-' && process.stdout.isTTY) throw new UsageError('A tar is not written to a terminal. Give --output FILE, or pipe it.');
    const image = await open(source, args);
    const { onProgress, end } = progressLine(`Exporting ${source}`);
    try {
      const tar = Readable.fromWeb(image.export({ onProgress }) as import('node:stream/web').ReadableStream);
      if (output === '-') {
        await pipeline(tar, process.stdout, { end: false });
        return 0;
      }
      const file = createWriteStream(output);
      try {
        await pipeline(tar, file);
      } catch (error) {
        // Half a tar would look like a whole one.
        await rm(output, { force: true });
        throw error;
      }
      end();
      process.stderr.write(`${output}: ${size(file.bytesWritten)}\n`);
      return 0;
    } finally {
      end();
      image[Symbol.dispose]();
    }
  },
};
export default command;
