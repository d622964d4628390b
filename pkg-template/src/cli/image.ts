// What the commands about images share.
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FileEntry, Image, MergedEntry, RandomAccess } from '../index.js';
import { type Arguments, type Options, text } from './command.js';
import { modeText, paint, progressLine, safe, stdoutStyle } from './terminal.js';

export const IMAGE_OPTIONS: Options = {
  platform: { type: 'string', value: 'OS/ARCH', help: 'which image of an index, such as linux/arm64' },
  image: { type: 'string', value: 'NAME', help: 'which image of an archive with several: its name or digest' },
};

/** Opens an image by path, a layout folder as files, `-` as a stream, showing progress. */
export async function open(source: string, args: Arguments): Promise<Image> {
  const { openImage, openImageDirectory } = await import('../index.node.js');
  const { onProgress, end } = progressLine(`Opening ${source}`);
  try {
    const options = { onProgress, platform: text(args, 'platform'), image: text(args, 'image') };
    if (source !== '-' && (await fs.stat(source).catch(() => null))?.isDirectory()) return await openImageDirectory(await filesOf(source), options);
    const from = source === '-' ? (Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>) : source;
    return await openImage(from, options);
  } finally {
    end();
  }
}

/** Opens what an option names: a tar, or a layout folder. */
export async function openAny(source: string): Promise<Image> {
  const { openImage, openImageDirectory } = await import('../index.node.js');
  const folder = (await fs.stat(source).catch(() => null))?.isDirectory();
  return folder ? openImageDirectory(await filesOf(source)) : openImage(source);
}

/** The files of a layout folder, each opened when it is read. Links that lead out of the folder are left out. */
export async function filesOf(folder: string): Promise<{ path: string; source: RandomAccess }[]> {
  const root = await fs.realpath(folder);
  const found: { path: string; source: RandomAccess }[] = [];
  for (const entry of await fs.readdir(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const real = await fs.realpath(file).catch(() => null);
    if (!real?.startsWith(root + path.sep)) continue;
    const { size, mode } = await fs.stat(real);
    if ((mode & 0o170000) !== 0o100000) continue;
    found.push({ path: path.relative(root, file).split(path.sep).join('/'), source: fileSource(real, size) });
  }
  return found;
}

/** A file that is opened for each read, so that any number can be handed in. */
export const fileSource = (file: string, size: number): RandomAccess => ({
  size,
  async read(offset, length) {
    const handle = await fs.open(file, 'r');
    try {
      const buffer = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  },
});

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
