// What `ADD` names by its address.
import type { RandomAccess, WorkOptions } from './engine.js';

/** How a build gets what `ADD` names by its address. */
export interface FetchOptions {
  /** Who fetches. Default: `globalThis.fetch`. `false`: nobody, and such an `ADD` is an error. In a page, the server has to allow it (CORS). */
  fetch?: typeof globalThis.fetch | false;
  /** Bytes that a download may have. Default: 1 GiB. */
  fetchedBytes?: number;
  /** Milliseconds without a byte after which a download is given up. Default: 60000. */
  fetchTimeout?: number;
}

/** Answers the core's question for an address with where its body can be read. One that is asked for twice is fetched once. */
export function fetcher({ fetch = globalThis.fetch, fetchedBytes = 1 << 30, fetchTimeout = 60_000 }: FetchOptions, { signal, onProgress }: WorkOptions, take: (source: RandomAccess) => number): (address: string) => Promise<Uint8Array> {
  const known = new Map<string, Promise<Uint8Array>>();
  const get = async (address: string): Promise<Uint8Array> => {
    if (!fetch) throw new Error('nothing is fetched here');
    const { url, headers } = request(address);
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let quiet = false;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        quiet = true;
        stop.abort();
      }, fetchTimeout);
    };
    try {
      alive();
      const response = await fetch(url, { headers, signal: stop.signal });
      if (response.status < 200 || response.status >= 400) throw new Error(`the server answers with status ${response.status}`);
      const length = Number(response.headers.get('content-length')) || undefined;
      const tooLong = (): Error => new Error(`it has more than the ${fetchedBytes} bytes that a download may have`);
      if (length !== undefined && length > fetchedBytes) throw tooLong();
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let done = 0;
      const reader = response.body?.getReader();
      for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
        alive();
        done += next.value.length;
        if (done > fetchedBytes) throw tooLong();
        parts.push(next.value);
        onProgress?.({ phase: 'fetch', done, ...(length === undefined ? {} : { total: Math.max(done, length) }), unit: 'bytes', item: url.href });
      }
      const body = new Blob(parts);
      const source = take({ size: body.size, read: async (offset, size) => new Uint8Array(await body.slice(offset, offset + size).arrayBuffer()) });
      return new TextEncoder().encode(JSON.stringify({ source, size: body.size, modified: response.headers.get('last-modified') }));
    } catch (error) {
      if (quiet) throw new Error(`nothing came for ${fetchTimeout / 1000} seconds`, { cause: error });
      throw explained(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // What is still under way is not wanted; after a whole answer this does nothing.
      stop.abort();
    }
  };
  return (address) => {
    let answer = known.get(address);
    if (!answer) known.set(address, (answer = get(address)));
    return answer;
  };
}

/** An address and its headers. The password in one goes where it belongs: `fetch` takes none. */
function request(address: string): { url: URL; headers: Headers } {
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`${url.protocol} addresses are not fetched`);
  // The file as it lies there. Pages may not say so, and get it unpacked.
  const headers = new Headers({ 'accept-encoding': 'identity' });
  if (url.username || url.password) {
    const bytes = new TextEncoder().encode(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
    headers.set('authorization', `Basic ${btoa(String.fromCharCode(...bytes))}`);
    url.username = url.password = '';
  }
  return { url, headers };
}

/** With what is behind "fetch failed". */
function explained(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (!(error instanceof TypeError)) return error;
  const { cause } = error;
  if (cause instanceof Error) return new Error(`${error.message}: ${cause.message || String((cause as { code?: string }).code ?? cause.name)}`, { cause: error });
  const page = 'WorkerGlobalScope' in globalThis || 'document' in globalThis;
  return page ? new Error(`${error.message} (a page may fetch only what its server allows: CORS)`, { cause: error }) : error;
}
