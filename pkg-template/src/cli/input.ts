// Reading what is named on the command line: files, globs, standard input.
// Small files are read while the process waits: for thousands of them, and for one, that is several times faster than
// a turn through the thread pool for each step.
import { type Dirent, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import { globSource } from '../glob.js';

export interface Input {
  /** As reports name it; `-` is standard input. */
  name: string;
  bytes: Uint8Array;
}

export async function standardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

export async function read(name: string): Promise<Input> {
  if (name === '-') return { name, bytes: await standardInput() };
  try {
    const { buffer, byteOffset, length } = readFileSync(name);
    return { name, bytes: new Uint8Array(buffer, byteOffset, length) };
  } catch (error) {
    throw unreadable(name, error);
  }
}

export function unreadable(name: string, error: unknown): LayerwrightError {
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'reading it is not allowed' : (error as Error).message;
  return new LayerwrightError('FILE_UNREADABLE', `${name} could not be read: ${why}.`, { file: name }, { cause: error });
}

/** The text of the first of these that is a file, and its path. */
export function firstFile(places: Iterable<string>): { path: string; text: string } | undefined {
  for (const path of places) if (statSync(path, { throwIfNoEntry: false })?.isFile()) return { path, text: readFileSync(path, 'utf8') };
  return undefined;
}

/** The ignore file that Docker takes: `NAME.dockerignore` beside the Dockerfile, else `.dockerignore` at the root of the context. */
export async function ignoreFile(dockerfile: string, context = path.dirname(dockerfile)): Promise<string | undefined> {
  return firstFile([`${dockerfile}.dockerignore`, path.join(context, '.dockerignore')])?.text;
}

/** Everything below a folder, with its path inside it. */
export async function* walkContext(folder: string, inside = ''): AsyncGenerator<{ full: string; inside: string; entry: Dirent }> {
  for (const entry of await fs.readdir(path.join(folder, inside), { withFileTypes: true })) {
    const name = inside ? `${inside}/${entry.name}` : entry.name;
    yield { full: path.join(folder, name), inside: name, entry };
    if (entry.isDirectory()) yield* walkContext(folder, name);
  }
}

/** Names of Dockerfiles as people write them: `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, `Containerfile`. */
export const isDockerfileName = (name: string): boolean => /^(dockerfile|containerfile)(\..+)?$|.\.(dockerfile|containerfile)$/i.test(name) && !/\.(md|dockerignore)$/i.test(name);

const SKIPPED = new Set(['node_modules', '.git', '.hg', '.svn']);

/** Files that arguments name: a folder stands for the Dockerfiles in it, a pattern for what it matches. In order, each once. */
export async function expand(names: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    if (name === '-') {
      found.push(name);
      continue;
    }
    const kind = statSync(name, { throwIfNoEntry: false });
    if (kind?.isDirectory()) {
      const inside: string[] = [];
      await walk(name, inside);
      if (!inside.length) throw new LayerwrightError('NO_DOCKERFILES', `${name} holds no Dockerfile.`, { folder: name });
      found.push(...inside.sort());
    } else if (kind || !/[*?[\]{}]/.test(name)) {
      found.push(name);
    } else {
      const matched = await matching(name);
      if (!matched.length) throw new LayerwrightError('NO_MATCH', `No file matches ${name}.`, { pattern: name });
      found.push(...matched);
    }
  }
  return [...new Set(found)];
}

async function walk(folder: string, into: string[]): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) await walk(file, into);
    } else if (entry.isFile() && isDockerfileName(entry.name)) {
      into.push(file);
    }
  }
}

/** Paths that match a glob, by Node's own where it has one (22), else by a walk. */
async function matching(pattern: string): Promise<string[]> {
  const found: string[] = [];
  const { glob } = fs as { glob?: (pattern: string) => AsyncIterable<string> };
  if (glob) {
    for await (const file of glob(pattern)) found.push(file);
    return found.sort();
  }
  const parts = pattern.split('/');
  const fixed = parts.findIndex((p) => /[*?[\]{}]/.test(p));
  const base = parts.slice(0, fixed).join('/') || (pattern.startsWith('/') ? '/' : '.');
  const wanted = new RegExp(`^${globSource(parts.slice(fixed).join('/'))}$`);
  const visit = async (folder: string, inside: string): Promise<void> => {
    for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const relative = inside ? `${inside}/${entry.name}` : entry.name;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await visit(path.join(folder, entry.name), relative);
      else if (wanted.test(relative)) found.push(base === '.' && !pattern.startsWith('./') ? relative : path.join(base, relative));
    }
  };
  await visit(base, '');
  return found.sort();
}
