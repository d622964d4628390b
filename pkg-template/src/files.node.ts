// Reading files by path, where there are any: imported by the entry points of Node, Bun and Deno only.
import { setFileOpener } from './sources.js';

/** Lets `openImage` take paths. The file system is loaded at the first use. */
export function useNodeFiles(): void {
  setFileOpener(async (path) => {
    const fs = await import('node:fs/promises');
    const handle = await fs.open(path, 'r');
    const { size } = await handle.stat();
    return {
      size,
      async read(offset, length) {
        const buffer = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      },
      close: () => handle.close(),
    };
  });
}
