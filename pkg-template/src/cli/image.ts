// What the commands about images share.
import { Readable } from 'node:stream';
import type { FileEntry, Image, MergedEntry } from '../index.js';
import { type Arguments, type Options, pairs, text, UsageError } from './command.js';
import { modeText, paint, progressLine, safe, stdoutStyle } from './terminal.js';

export const LIMITS: Options = {
  limit: { type: 'string', multiple: true, value: 'NAME=NUMBER', help: 'set a bound, such as entries=100000 or unpackedBytes=1000000000; docs/limits.md lists them; may be repeated' },
};

export const IMAGE_OPTIONS: Options = {
  ...LIMITS,
  platform: { type: 'string', value: 'OS/ARCH', help: 'which image of an index, such as linux/arm64' },
  image: { type: 'string', value: 'NAME', help: 'which image of an archive with several: its name or digest' },
};

/** Opens an image by path, a layout folder as files, `-` as a stream, showing progress. */
export async function open(source: string, args: Arguments): Promise<Image> {
  const { openImage } = await import('../index.node.js');
  const { onProgress, end } = progressLine(`Opening ${source}`);
  try {
    const options = { onProgress, limits: limits(args), platform: text(args, 'platform'), image: text(args, 'image') };
    const from = source === '-' ? (Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>) : source;
    return await openImage(from, options);
  } finally {
    end();
  }
}

function limits(args: Arguments): Record<string, number> {
  const entries = Object.entries(pairs(args, 'limit'));
  const wrong = entries.find(([, value]) => !/^\d+$/.test(value));
  if (wrong) throw new UsageError(`--limit takes NAME=NUMBER, not "${wrong.join('=')}".`);
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]));
}

/** Opens what an option names: a tar, or a layout folder. */
export async function openAny(source: string): Promise<Image> {
  const { openImage } = await import('../index.node.js');
  return openImage(source);
}

/** A file with its mode, owner, size, time and layer. */
export function longLine(file: FileEntry | MergedEntry): string {
  const { dim, blue } = paint(stdoutStyle());
  const time = new Date(file.mtime * 1000);
  const when = Number.isNaN(time.getTime()) ? String(file.mtime) : time.toISOString().slice(0, 19).replace('T', ' ');
  const name = file.kind === 'dir' ? blue(safe(file.path)) : safe(file.path);
  const link = file.link === undefined ? '' : dim(` ${file.kind === 'hardlink' ? '=>' : '->'} ${safe(file.link)}`);
  const layer = 'layer' in file ? dim(`${String(file.layer).padStart(3)}  `) : '';
  return `${modeText(file.kind, file.mode)} ${`${file.uid}:${file.gid}`.padStart(11)} ${String(file.size).padStart(10)} ${dim(when)}  ${layer}${file.sha256 ? `${dim(file.sha256)}  ` : ''}${name}${link}`;
}
