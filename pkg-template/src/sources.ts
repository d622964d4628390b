import type { RandomAccess } from './engine.js';
import { LayerwrightError } from './errors.js';

/** A source that may hold something to give back, such as a file handle. */
export interface ClosableSource extends RandomAccess {
  close?(): void | Promise<void>;
}

/** A file of the host that is already open: Node's `fs.promises.open` gives one. It is not closed by us. */
export interface FileHandleLike {
  stat(): Promise<{ size: number }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** What can be opened at any place. A string or a `file:` URL is a path, in Node, Deno and Bun. */
export type SeekableSource = Uint8Array | ArrayBuffer | Blob | string | URL | FileHandleLike | RandomAccess;

type FileOpener = (path: string | URL) => Promise<ClosableSource>;
let openFile: FileOpener | undefined;

/** @internal */
export function setFileOpener(opener: FileOpener): void {
  openFile = opener;
}

/** A folder as a browser hands it out: `showDirectoryPicker()`, or `getAsFileSystemHandle()` of what was dropped. */
export interface FolderHandleLike {
  readonly kind: 'directory';
  entries(): AsyncIterable<[string, FolderHandleLike | { readonly kind: 'file'; getFile(): Promise<Blob> }]>;
}

/** A file of a folder, by its path from it. */
export interface FolderFile {
  path: string;
  source: RandomAccess;
}

type FolderLister = (path: string | URL) => Promise<FolderFile[] | undefined>;
let listFolder: FolderLister | undefined;

/** @internal */
export function setFolderLister(lister: FolderLister): void {
  listFolder = lister;
}

/** Files of a folder that are looked at; a layout has far fewer. */
const MOST_FILES = 100_000;

/** The files of what is a folder; `undefined` for all else. */
export async function folderFiles(from: unknown): Promise<FolderFile[] | undefined> {
  if (typeof from === 'string' || (from instanceof URL && from.protocol === 'file:')) return listFolder?.(from);
  if (typeof from !== 'object' || from === null || !('kind' in from) || from.kind !== 'directory' || !('entries' in from)) return undefined;
  const found: FolderFile[] = [];
  const todo: [string, FolderHandleLike][] = [['', from as FolderHandleLike]];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [folder, handle] = next;
    for await (const [name, entry] of handle.entries()) {
      const path = folder + name;
      if (entry.kind === 'directory') todo.push([`${path}/`, entry]);
      else found.push({ path, source: await seekable(await entry.getFile()) });
      if (found.length + todo.length > MOST_FILES) throw new LayerwrightError('FOLDER_TOO_LARGE', `The folder holds more than ${MOST_FILES} files: it is no image layout.`, {});
    }
  }
  return found;
}

export const isStream = (source: unknown): source is ReadableStream<Uint8Array> => typeof ReadableStream !== 'undefined' && source instanceof ReadableStream;

/** One way to read from all that users hand in. */
export async function seekable(source: SeekableSource): Promise<ClosableSource> {
  if (source instanceof ArrayBuffer) return bytes(new Uint8Array(source));
  if (source instanceof Uint8Array) return bytes(source);
  if (typeof Blob !== 'undefined' && source instanceof Blob)
    return blob(source);
  if (typeof source === 'string' || source instanceof URL) {
    if (!openFile) throw new LayerwrightError('SOURCE_UNSUPPORTED', 'A path can be opened in Node, Deno and Bun only. Hand in a Blob, bytes or a stream instead.', { source: String(source) });
    if (source instanceof URL && source.protocol !== 'file:') throw new LayerwrightError('SOURCE_UNSUPPORTED', `${source.protocol} addresses are not opened. Fetch it and hand in the response's body.`, { source: String(source) });
    try {
      return await openFile(source);
    } catch (error) {
      throw new LayerwrightError('SOURCE_UNREADABLE', `${String(source)} could not be opened: ${error instanceof Error ? error.message : String(error)}`, { source: String(source) }, { cause: error });
    }
  }
  if (typeof source === 'object' && source !== null) {
    if ('stat' in source && typeof source.stat === 'function') {
      const handle = source;
      const { size } = await handle.stat();
      return {
        size,
        async read(offset, length) {
          const buffer = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
          return buffer.subarray(0, bytesRead);
        },
      };
    }
    if ('size' in source && 'read' in source && typeof source.size === 'number') return source as RandomAccess;
  }
  throw new LayerwrightError('SOURCE_UNSUPPORTED', 'This cannot be opened: hand in bytes, a Blob, a path, a file handle, a stream, or { size, read(offset, length) }.', {});
}

const bytes = (data: Uint8Array): ClosableSource => ({ size: data.length, read: (offset, length) => data.subarray(offset, offset + length) });

/** Bytes that are asked of a blob at once where reads follow each other: each answer takes a browser about a millisecond. */
const WINDOW = 4 << 20;

function blob(source: Blob): ClosableSource {
  const { size } = source;
  const slice = async (offset: number, length: number): Promise<Uint8Array> => new Uint8Array(await source.slice(offset, offset + length).arrayBuffer());
  let end = -1;
  let window: { offset: number; end: number; bytes: Promise<Uint8Array> } | undefined;
  return {
    size,
    read(offset, length) {
      const to = Math.min(size, offset + length);
      const follows = offset === end;
      end = to;
      if (!window || offset < window.offset || to > window.end) {
        if (!follows) return slice(offset, length);
        window = { offset, end: Math.min(size, offset + Math.max(length, WINDOW)), bytes: slice(offset, Math.max(length, WINDOW)) };
      }
      const { offset: from, bytes } = window;
      return bytes.then((bytes) => bytes.subarray(offset - from, to - from));
    },
  };
}
