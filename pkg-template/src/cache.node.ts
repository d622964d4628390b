// Layers of earlier builds in a folder, for any number of processes at once.
//
//   layers/KEY         what is known of a layer: its digests, as JSON; the file's time is that of its last use
//   blobs/sha256-HEX   its blob
//   files.json         the digests of files of contexts, by what the file system says about them
//
// Everything is written under a name of its own and then renamed, so nobody sees half of anything.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { BuildCache } from './cache.js';

/** How a folder keeps layers. */
export interface FolderCacheOptions {
  /** Bytes of all layers together; what was used longest ago goes first. Default: 10 GiB. */
  limit?: number;
}

/** A cache in a folder. */
export interface FolderCache extends BuildCache {
  /** The sha256 of a file, read only if the file system says that it has changed since it was last asked for. */
  sha256(file: string): Promise<Uint8Array | undefined>;
  /** Writes down what is to be known next time, and takes away what is too much. Call it when a build has ended. */
  settle(): Promise<void>;
}

/** The digest as the name of a file. */
const named = (digest: string): string => digest.replace(':', '-');

/** Keeps layers in a folder, which is made where it is missing. */
export function folderCache(folder: string, { limit = 10 * 2 ** 30 }: FolderCacheOptions = {}): FolderCache {
  const layers = path.join(folder, 'layers');
  const blobs = path.join(folder, 'blobs');
  const list = path.join(folder, 'files.json');

  const write = async (file: string, content: Uint8Array | string): Promise<void> => {
    await fs.mkdir(path.dirname(file), { recursive: true });
    const partial = path.join(folder, `.${randomUUID()}.partial`);
    try {
      await fs.writeFile(partial, content);
      await fs.rename(partial, file);
    } catch (error) {
      await fs.rm(partial, { force: true });
      throw error;
    }
  };

  type Known = Record<string, { stat: string; sha256: string }>;
  let known: Promise<Known> | undefined;
  let learned: Known = {};
  const readKnown = (): Promise<Known> =>
    fs.readFile(list, 'utf8').then(
      (text) => {
        const all: unknown = JSON.parse(text);
        return typeof all === 'object' && all !== null ? (all as Known) : {};
      },
    ).catch(() => ({}));

  const evict = async (): Promise<void> => {
    const entries: { file: string; blob: string; used: number }[] = [];
    for (const name of await fs.readdir(layers).catch(() => [])) {
      const file = path.join(layers, name);
      try {
        const { digest } = JSON.parse(await fs.readFile(file, 'utf8')) as { digest: string };
        entries.push({ file, blob: named(digest), used: (await fs.stat(file)).mtimeMs });
      } catch {
        await fs.rm(file, { force: true });
      }
    }
    const sizes = new Map<string, number>();
    for (const name of await fs.readdir(blobs).catch(() => [])) sizes.set(name, (await fs.stat(path.join(blobs, name)).catch(() => null))?.size ?? 0);
    entries.sort((a, b) => b.used - a.used);
    let size = 0;
    const kept = new Set<string>();
    for (const { file, blob } of entries) {
      if (!kept.has(blob)) size += sizes.get(blob) ?? 0;
      if (size > limit) await fs.rm(file, { force: true });
      else kept.add(blob);
    }
    // A blob that is a minute old may be of a layer that another process is about to write down.
    for (const name of sizes.keys())
      if (!kept.has(name) && (entries.some((entry) => entry.blob === name) || Date.now() - ((await fs.stat(path.join(blobs, name)).catch(() => null))?.mtimeMs ?? 0) > 60_000)) await fs.rm(path.join(blobs, name), { force: true });
    for (const name of await fs.readdir(folder).catch(() => []))
      if (name.endsWith('.partial') && Date.now() - ((await fs.stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? Date.now()) > 3_600_000) await fs.rm(path.join(folder, name), { force: true });
  };

  return {
    async get(key) {
      const entry = path.join(layers, named(key));
      const text = await fs.readFile(entry, 'utf8').catch(() => undefined);
      if (text === undefined) return undefined;
      let handle: fs.FileHandle | undefined;
      try {
        const { digest, diffId } = JSON.parse(text) as { digest: string; diffId: string };
        if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error('not a digest');
        // Open from here on: who takes the file away meanwhile does not take it from us.
        handle = await fs.open(path.join(blobs, named(digest)), 'r');
        const hash = createHash('sha256');
        for await (const piece of handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
        if (`sha256:${hash.digest('hex')}` !== digest) throw new Error('damaged');
        const now = new Date();
        await fs.utimes(entry, now, now).catch(() => {});
        const { size } = await handle.stat();
        const open = handle;
        return {
          digest,
          diffId,
          blob: {
            size,
            async read(offset: number, length: number) {
              const buffer = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
              const { bytesRead } = await open.read(buffer, 0, buffer.length, offset);
              return buffer.subarray(0, bytesRead);
            },
            close: () => open.close(),
          },
        };
      } catch {
        // Damaged, or half gone: as good as not there.
        await handle?.close();
        await fs.rm(entry, { force: true });
        return undefined;
      }
    },

    async put(key, { digest, diffId, bytes }) {
      if (bytes.length > limit) return;
      const blob = path.join(blobs, named(digest));
      // One that is there may be damaged, and is not read to find out.
      await write(blob, bytes);
      await write(path.join(layers, named(key)), JSON.stringify({ digest, diffId }));
    },

    async sha256(file) {
      known ??= readKnown();
      const name = path.resolve(file);
      const stat = async () => {
        const { dev, ino, size, mtimeNs, ctimeNs } = await fs.stat(name, { bigint: true });
        return { text: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, changed: Number(ctimeNs / 1_000_000n) };
      };
      try {
        const before = await stat();
        const old = (await known)[name];
        if (old?.stat === before.text) {
          learned[name] = old;
          return Buffer.from(old.sha256, 'hex');
        }
        const hash = createHash('sha256');
        for await (const piece of createReadStream(name, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
        const sha256 = hash.digest();
        // What was written within the clock's step may be written again without a trace.
        if ((await stat()).text === before.text && Date.now() - before.changed > 100) learned[name] = { stat: before.text, sha256: sha256.toString('hex') };
        return sha256;
      } catch {
        return undefined;
      }
    },

    async settle() {
      if (Object.keys(learned).length) {
        // What another process has learned meanwhile stays.
        const all = { ...(await readKnown()), ...learned };
        const names = Object.keys(all);
        if (names.length > 1_000_000) for (const name of names.slice(0, names.length - 1_000_000)) delete all[name];
        await write(list, JSON.stringify(all));
        known = undefined;
        learned = {};
      }
      await evict();
    },
  };
}
