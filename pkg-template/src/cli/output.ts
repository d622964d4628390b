// Writing images: an archive or a layout folder, whole or not at all.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { BuildSettings, ContextFile, Image, WorkOptions } from '../index.js';
import { LayerwrightError } from '../errors.js';
import { type Arguments, type Options, text, UsageError } from './command.js';
import { fileSource } from '../files.node.js';
import { walkContext } from './input.js';

const TYPES = ['oci-layout', 'oci-dir', 'docker-archive', 'hybrid'] as const;

export const OUTPUT_OPTIONS: Options = {
  output: { type: 'string', short: 'o', value: 'FILE', help: 'the tar to write; - is standard output (default: image.tar)' },
  type: { type: 'string', value: 'TYPE', choices: TYPES, help: 'oci-layout, oci-dir (a folder), docker-archive or hybrid, which is layout and archive in one (default: oci-layout)' },
};

const LEVELS = { gzip: [1, 9], zstd: [1, 19], none: undefined } as const;

export const COMPRESSION_OPTIONS = (what: string): Options => ({
  compression: { type: 'string', value: 'KIND[:N]', help: `${what}: gzip, zstd or none; a level behind a colon: gzip:9, zstd:19 (usual: 6, 3)` },
  level: { type: 'string', value: 'N', help: 'the level, without naming the kind' },
});

/** What `--compression` and `--level` say. */
export function compressionOf(args: Arguments): Pick<BuildSettings, 'compression' | 'level'> {
  const [kind, inner] = (text(args, 'compression') ?? '').split(/:(.*)/s);
  const level = inner ?? text(args, 'level');
  if (kind && !(kind in LEVELS)) throw new UsageError(`--compression takes gzip, zstd or none, not "${kind}".`);
  const bounds = LEVELS[(kind || 'gzip') as keyof typeof LEVELS];
  if (level !== undefined && !bounds) throw new UsageError('--compression none has no level.');
  if (level !== undefined && bounds && !(/^\d+$/.test(level) && Number(level) >= bounds[0] && Number(level) <= bounds[1])) throw new UsageError(`The level of ${kind || 'gzip'} is a number from ${bounds[0]} to ${bounds[1]}, not "${level}".`);
  return { ...(kind ? { compression: kind as 'gzip' | 'zstd' | 'none' } : {}), ...(level === undefined ? {} : { level: Number(level) }) };
}

export interface Written {
  output: string;
  /** Bytes of the archive, or of all files of the folder. */
  size: number;
  /** The sha256 of an archive. */
  sha256?: string;
}

export const outputName = (args: Arguments): string => text(args, 'output') ?? (text(args, 'type') === 'oci-dir' ? 'image' : 'image.tar');

/** Writes an image where `--output` and `--type` say. */
export async function writeImage(image: Image, args: Arguments, { onProgress }: Pick<WorkOptions, 'onProgress'>): Promise<Written> {
  const output = outputName(args);
  const type = (text(args, 'type') ?? 'oci-layout') as (typeof TYPES)[number];
  const work = onProgress ? { onProgress } : {};
  const { saveImage, saveImageFiles } = await import('../index.node.js');
  if (type === 'oci-dir') {
    if (output === '-') throw new LayerwrightError('OUTPUT_FAILED', 'A folder cannot be written to standard output. Name it with --output.', {});
    const files = await saveImageFiles(image, work);
    await whole(output, async (partial) => {
      for (const file of files) {
        await fs.mkdir(path.join(partial, path.dirname(file.path)), { recursive: true });
        const handle = await fs.open(path.join(partial, file.path), 'w');
        try {
          for (let at = 0; at < file.size; ) {
            const piece = await file.read(at, 1 << 20);
            if (!piece.length) throw new LayerwrightError('SOURCE_UNREADABLE', `${file.path} ends after ${at} of ${file.size} bytes.`, { path: file.path });
            await handle.writeFile(piece);
            at += piece.length;
          }
        } finally {
          await handle.close();
        }
      }
    });
    return { output, size: files.reduce((sum, file) => sum + file.size, 0) };
  }
  const archive = await saveImage(image, { format: type, ...work });
  const hash = createHash('sha256');
  if (output === '-') {
    for await (const piece of archive.stream()) {
      hash.update(piece);
      if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  } else {
    await whole(output, async (partial) => {
      const file = await fs.open(partial, 'w');
      try {
        for await (const piece of archive.stream()) {
          hash.update(piece);
          await file.writeFile(piece);
        }
      } finally {
        await file.close();
      }
    });
  }
  return { output, size: archive.size, sha256: hash.digest('hex') };
}

/** Lets `write` make something under a name of its own and then gives it the wanted one, so that no half image is ever found there. */
async function whole(output: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${output}.${process.pid}.partial`;
  const failed = (why: string, cause?: unknown) => new LayerwrightError('OUTPUT_FAILED', `${output} could not be written: ${why}`, { output }, { cause });
  try {
    if ((await fs.stat(output).catch(() => null))?.isDirectory() && (await fs.readdir(output)).length) throw failed('the folder is not empty. Remove it, or name another.');
    await write(partial);
    await fs.rename(partial, output);
  } catch (error) {
    await fs.rm(partial, { force: true, recursive: true });
    throw error instanceof LayerwrightError ? error : failed((error as Error).message, error);
  }
}

/** Everything below a folder, but for what lies at `without`. Contents are read when they are wanted. */
export async function folderFiles(folder: string, without?: string): Promise<ContextFile[]> {
  if (!(await fs.stat(folder).catch(() => null))?.isDirectory()) throw new LayerwrightError('CONTEXT_UNREADABLE', `${folder} is no folder.`, { context: folder });
  const files: ContextFile[] = [];
  for await (const { full, inside, entry } of walkContext(folder)) {
    if (without !== undefined && (path.resolve(full) === without || path.resolve(full).startsWith(without + path.sep))) continue;
    const stat = await fs.lstat(full);
    const common = { path: inside, mode: stat.mode & 0o7777, mtime: Math.floor(stat.mtimeMs / 1000) };
    if (entry.isSymbolicLink()) files.push({ ...common, type: 'symlink', linkname: await fs.readlink(full) });
    else if (entry.isDirectory()) files.push({ ...common, type: 'dir' });
    else if (entry.isFile()) files.push({ ...common, source: fileSource(full, stat.size) });
  }
  return files;
}
