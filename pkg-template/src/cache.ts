// Layers of earlier builds: the interface, and a cache in memory.
import type { Engine, Glue, RandomAccess } from './engine.js';
import type { ClosableSource } from './sources.js';

/** A layer that is kept. */
export interface KeptLayer {
  /** The digest of its blob. */
  digest: string;
  /** The digest of the uncompressed tar. */
  diffId: string;
  /** The blob: exactly the bytes that the digest is of. It has to stay readable as long as the image that is built is used. */
  blob: RandomAccess;
}

/**
 * Where a build keeps its layers, by keys of what they come from. Whoever writes one answers `get` only with bytes that the
 * digest has been checked against. A failure is as good as no answer.
 */
export interface BuildCache {
  /** The layer with that key. */
  get(key: string): Promise<KeptLayer | undefined>;
  /** Keeps a layer. */
  put(key: string, layer: { digest: string; diffId: string; bytes: Uint8Array }): Promise<void>;
}

/** A cache that lives as long as the object. */
export function memoryCache({ limit = 1 << 30 }: { /** Bytes of all layers together; what was used longest ago goes first. Default: 1 GiB. */ limit?: number } = {}): BuildCache {
  const kept = new Map<string, { digest: string; diffId: string; bytes: Uint8Array }>();
  let size = 0;
  return {
    async get(key) {
      const layer = kept.get(key);
      if (!layer) return undefined;
      // The order of a map is that of use.
      kept.delete(key);
      kept.set(key, layer);
      const { digest, diffId, bytes } = layer;
      return { digest, diffId, blob: { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) } };
    },
    async put(key, layer) {
      if (layer.bytes.length > limit) return;
      size -= kept.get(key)?.bytes.length ?? 0;
      kept.delete(key);
      kept.set(key, layer);
      size += layer.bytes.length;
      for (const [old, { bytes }] of kept) {
        if (size <= limit) break;
        kept.delete(old);
        size -= bytes.length;
      }
    },
  };
}

/** A source that knows what it holds. */
export interface Digested extends RandomAccess {
  /** The sha256 of all of it, 32 bytes. */
  sha256?(): Promise<Uint8Array | undefined>;
}

/** What a build's task asks where layers are kept. */
export function cacheAsks(engine: Engine<Glue>, cache: BuildCache, sources: Record<number, RandomAccess>, opened: ClosableSource[]) {
  const nothing = new Uint8Array();
  return {
    sha256: async (number: string): Promise<Uint8Array> => (await (sources[Number(number)] as Digested | undefined)?.sha256?.()) ?? nothing,
    cacheGet: async (key: string): Promise<Uint8Array> => {
      const layer = await cache.get(key);
      if (!layer) return nothing;
      const { digest, diffId, blob } = layer;
      opened.push(blob);
      const source = engine.reserve(1);
      sources[source] = blob;
      return new TextEncoder().encode(JSON.stringify({ digest, diffId, source, size: blob.size }));
    },
    cachePut: async (text: string, value: unknown): Promise<Uint8Array> => {
      const { key, digest, diffId } = JSON.parse(text) as { key: string; digest: string; diffId: string };
      await cache.put(key, { digest, diffId, bytes: value as Uint8Array });
      return nothing;
    },
  };
}
