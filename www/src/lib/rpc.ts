// The page's side of the message layer: typed calls to a worker, with progress and abort.
import { unpack } from './rpc-pack.ts';
import type { FromWorker, Params, Progress, Result, ToWorker, WireError } from './rpc-types.ts';
import { scriptUrl } from './trusted.ts';

/** An error that a worker's method ended with. */
export class RemoteError extends Error {
  readonly code: string;
  readonly details: unknown;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'RemoteError';
    this.code = error.code;
    this.details = error.details;
  }
}

export const isAbort = (error: unknown): boolean => error instanceof Error && (error.name === 'AbortError' || (error as { code?: unknown }).code === 'ABORTED');

interface Pending {
  resolve(value: never): void;
  reject(error: Error): void;
  onProgress?: (progress: Progress) => void;
}

/** Calls a worker. The worker starts with the first call, and again after it crashed. */
export class Client<Api extends object> {
  #worker: Worker | undefined;
  #next = 1;
  #pending = new Map<number, Pending>();
  readonly #url: string;
  readonly #name: string;

  /** Called after a crash, when the next call will start a new worker. */
  onCrash: ((report: string) => void) | undefined;

  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  /** Starts the worker ahead of its first call. */
  start(): void {
    this.#start();
  }

  call<Name extends keyof Api & string>(
    method: Name,
    params: Params<Api[Name]>,
    { signal, onProgress, transfer = [] }: { signal?: AbortSignal; onProgress?: (progress: Progress) => void; transfer?: Transferable[] } = {},
  ): Promise<Result<Api[Name]>> {
    if (signal?.aborted) return Promise.reject(new DOMException('stopped', 'AbortError'));
    const worker = this.#start();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, ...(onProgress ? { onProgress } : {}) });
      signal?.addEventListener('abort', () => this.#pending.has(id) && worker.postMessage({ id, abort: true } satisfies ToWorker), { once: true });
      worker.postMessage({ id, method, params } satisfies ToWorker, transfer);
    });
  }

  /** Ends the worker and all it holds; open calls fail as aborted. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#fail(new DOMException('stopped', 'AbortError'));
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(scriptUrl(this.#url), { type: 'module', name: this.#name });
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      const pending = this.#pending.get(message.id);
      if (!pending) return;
      if ('progress' in message) {
        pending.onProgress?.(message.progress);
        return;
      }
      this.#pending.delete(message.id);
      if ('error' in message) pending.reject(new RemoteError(message.error));
      else pending.resolve(unpack(message.value) as never);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker !== worker) return;
      const report = event.message || 'the worker could not be started';
      this.stop();
      this.onCrash?.(report);
    };
    this.#worker = worker;
    return worker;
  }

  #fail(error: Error): void {
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of open) reject(error);
  }
}
