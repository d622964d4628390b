// Reading files by path, where there are any: imported by the entry points of Node, Bun and Deno only.
import { setFileOpener } from './sources.js';

/** Lets `openImage` take paths. The file system is loaded at the first use. */
export function useNodeFiles(): void {
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
