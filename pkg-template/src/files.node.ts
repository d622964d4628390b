// Reading files by path, where there are any: imported by the entry points of Node, Bun and Deno only.
import type { RandomAccess } from './engine.js';
import { type FolderFile, setFileOpener, setFolderLister } from './sources.js';

/** A file that is opened for each read, so that any number can be handed in. */
export const fileSource = (file: string, size: number): RandomAccess & { path: string } => ({
  size,
  path: file,
  async read(offset, length) {
    const fs = await import('node:fs/promises');
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

/** The files of a folder. Links that lead out of it are left out. */
async function filesOf(folder: string | URL): Promise<FolderFile[] | undefined> {
  const fs = await import('node:fs/promises');
  const path = await import('node:path');
  if (!(await fs.stat(folder).catch(() => null))?.isDirectory()) return undefined;
  const root = await fs.realpath(folder);
  const found: FolderFile[] = [];
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

/** Lets `openImage` take paths. The file system is loaded at the first use. */
export function useNodeFiles(): void {
  setFolderLister(filesOf);
  setFileOpener(async (path) => {
    const fs = await import('node:fs/promises');
    const handle = await fs.open(path, 'r');
    const { size } = await handle.stat();
    const readInto = async (offset: number, into: Uint8Array): Promise<number> => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    };
    return {
      size,
      readInto,
      async read(offset, length) {
        const buffer = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
        return buffer.subarray(0, await readInto(offset, buffer));
      },
      close: () => handle.close(),
    };
  });
}
