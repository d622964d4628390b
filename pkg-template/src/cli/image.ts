// What the commands about images share.
import { Readable } from 'node:stream';
import type { Image } from '../index.js';
import { type Arguments, type Options, text } from './command.js';
import { progressLine } from './terminal.js';

export const IMAGE_OPTIONS: Options = {
  platform: { type: 'string', value: 'OS/ARCH', help: 'which image of an index, such as linux/arm64' },
  image: { type: 'string', value: 'NAME', help: 'which image of an archive with several: its name or digest' },
};

/** Opens an image by path, `-` as a stream, showing progress. */
export async function open(source: string, args: Arguments): Promise<Image> {
  const { openImage } = await import('../index.node.js');
  const { onProgress, end } = progressLine(`Opening ${source}`);
  try {
    const from = source === '-' ? (Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>) : source;
    return await openImage(from, { onProgress, platform: text(args, 'platform'), image: text(args, 'image') });
  } finally {
    end();
  }
}
