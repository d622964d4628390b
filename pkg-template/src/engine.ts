import { LayerwrightError, ours } from './errors.js';
import type { HashThreads } from './hashing.js';
import type { Host, Progress, Task, TaskStep } from './wasm/layerwright.js';

/** What the glue of each module offers to every engine. */
export interface Glue {
  initSync(from: { module: WebAssembly.Module }): unknown;
  lastPanic(): string;
  panicForTest(): void;
  useHost?(host: Host): void;
  version(): string;
  __wbg_reset_state(): void;
}

/** Where a module comes from: its address, a response, its bytes, or the compiled module. */
export type ModuleSource = string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>;

/** Options of long work. */
export interface WorkOptions {
  /** Stops the work: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Called as the work goes on, at most every 50 ms, and at its end. */
  onProgress?: (progress: Progress) => void;
}

/** Something to read at any place. */
export interface RandomAccess {
  /** Bytes in all. */
  readonly size: number;
  /**
   * `length` bytes at `offset`; fewer only at the end. Where reads follow each other, the next one is asked for while the
   * last is being worked on.
   */
  read(offset: number, length: number): Promise<Uint8Array> | Uint8Array;
  /** As `read`, into a buffer that is used again and again. Gives how many bytes there are. */
  readInto?(offset: number, into: Uint8Array<ArrayBuffer>): Promise<number>;
}

/** Sources by their numbers. */
export type Sources = Readonly<Record<number, RandomAccess>>;

/** What a task may ask of its caller, by name: a text and a value come in, bytes go back. */
export type Asks = Readonly<Record<string, (text: string, value: unknown) => Promise<Uint8Array> | Uint8Array>>;

/** How long a task may go on before the host gets its turn, in milliseconds. */
const TURN = 25;

/**
 * One wasm instance and the way into it. Every call goes through `call`: a panic in the core becomes a
 * `LayerwrightError` with the code `INTERNAL`, and the instance is replaced before the next call.
 */
export class Engine<G extends Glue> {
  #glue: G;
  #ready = false;
  #module: WebAssembly.Module | undefined;
  #loading: Promise<void> | undefined;
  #load: (() => ModuleSource) | undefined;
  #host: (Host & { elsewhere?: HashThreads }) | undefined;
  /** Counts instances: handles of an earlier one are void. */
  generation = 0;
  #reserved = 0;

  constructor(glue: G) {
    this.#glue = glue;
  }

  /** For entry points that have the module at import. */
  start(module: WebAssembly.Module): void {
    this.#glue.initSync({ module });
    this.#module = module;
    this.#ready = true;
    if (this.#host) this.#glue.useHost?.(this.#host);
  }

  /** For entry points of runtimes that hash faster than wasm can. */
  useHost(host: Host & { elsewhere?: HashThreads }): void {
    this.#host = host;
    if (this.#ready) this.#glue.useHost?.(host);
  }

  /** The compiled module, once it is there. */
  get module(): WebAssembly.Module | undefined {
    return this.#module;
  }

  /** For entry points that must fetch it: `init()` without an argument loads from here. */
  loadFrom(load: () => ModuleSource): void {
    this.#load = load;
  }

  /** Makes the engine ready. Does nothing when it is; may be called twice, also at the same time; may be tried again after a failure. */
  init(source?: ModuleSource | { module: ModuleSource }): Promise<void> {
    if (this.#ready) return Promise.resolve();
    this.#loading ??= (async () => {
      const given = source && typeof source === 'object' && 'module' in source ? source.module : source;
      const from = given ?? this.#load?.();
      if (from == null) throw new LayerwrightError('NOT_READY', 'No module to load: call init(source) with the address or the bytes of the wasm file.');
      this.start(await compile(from));
    })().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  call<T>(work: (glue: G) => T): T {
    if (!this.#ready) throw new LayerwrightError('NOT_READY', 'Layerwright is not ready: await init() once before the first call.');
    try {
      return work(this.#glue);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) throw this.#replace(error);
      throw ours(error);
    }
  }

  #replace(error: Error): LayerwrightError {
    let panic = '';
    try {
      panic = this.#glue.lastPanic();
    } catch {
      // The instance is too broken to tell.
    }
    this.#glue.__wbg_reset_state();
    if (this.#host) this.#glue.useHost?.(this.#host);
    this.generation++;
    return new LayerwrightError('INTERNAL', `Layerwright met a fault of its own${panic ? `: ${panic}` : ` (${error.message})`}. It has been restarted; images opened before must be opened again.`, { panic }, { cause: error });
  }

  /** The first of `count` numbers for sources, which no others have. */
  reserve(count: number): number {
    const first = this.#reserved;
    this.#reserved += count;
    return first;
  }

  /** Makes ready for hashing something of that many bytes. */
  async prepareFor(size: number): Promise<void> {
    await this.#host?.elsewhere?.prepare(size);
  }

  /** A promise if hashing is far behind what was read. */
  behind(): Promise<unknown> | undefined {
    return this.#host?.elsewhere?.behind();
  }

  /** Drives a task to its end, giving it bytes from `sources`, by their numbers, and answers what it asks. */
  async drive<T>(begin: (glue: G) => Task, sources: Sources, { signal, onProgress }: WorkOptions = {}, asks: Asks = {}): Promise<T> {
    signal?.throwIfAborted();
    const task = this.call(begin);
    const generation = this.generation;
    let told = -Infinity;
    let turn = performance.now();
    let last: Progress | undefined;
    const reader = new Ahead(sources);
    try {
      for (;;) {
        const step = this.call(() => task.step()) as TaskStep;
        if (step.kind === 'done') {
          if (last && onProgress) onProgress(last);
          return step.value as T;
        }
        if (step.kind === 'read') {
          try {
            const answer = reader.read(step.source, step.offset, step.length);
            const bytes = answer instanceof Uint8Array ? answer : await until(answer, signal);
            this.call(() => task.feed(bytes));
            reader.done(bytes);
          } catch (error) {
            signal?.throwIfAborted();
            this.call(() => task.fail(error instanceof Error ? error.message : String(error)));
          }
        } else if (step.kind === 'ask') {
          const { what, text, value } = step;
          const asked = (async () => asks[what]!(text, value))();
          const answer = await until(asked, signal).then((bytes) => ({ bytes }), (error) => ({ error }));
          signal?.throwIfAborted();
          if ('bytes' in answer) this.call(() => task.feed(answer.bytes));
          else this.call(() => task.fail(answer.error instanceof Error ? answer.error.message : String(answer.error)));
        } else if (step.kind === 'hash') {
          const { number } = step;
          const hash = this.#host?.elsewhere?.hash(number) ?? Promise.reject(new Error('nobody hashes'));
          const answer = await until(hash, signal).then((bytes) => ({ bytes }), (error) => ({ error }));
          signal?.throwIfAborted();
          if ('bytes' in answer) this.call(() => task.feed(answer.bytes));
          else this.call(() => task.fail(answer.error instanceof Error ? answer.error.message : String(answer.error)));
        } else {
          last = step.progress;
          const now = performance.now();
          if (onProgress && now - told >= 50) {
            told = now;
            onProgress(last);
            last = undefined;
          }
        }
        const behind = this.behind();
        if (behind) await until(behind, signal);
        if (performance.now() - turn > TURN) {
          await nextTurn();
          turn = performance.now();
        }
        signal?.throwIfAborted();
      }
    } finally {
      if (generation === this.generation) task.free();
    }
  }
}

/** What a promise answers, unless the signal is aborted before. */
function until<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Reads sources for one task. A read that follows the one before it makes the next one begin at once. */
class Ahead {
  #sources: Sources;
  #source = -1;
  #end = -1;
  #next: { length: number; answer: Promise<Uint8Array> } | undefined;
  /** Buffers that were filled and may be filled again. */
  #free: Uint8Array<ArrayBuffer>[] = [];

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  read(number: number, offset: number, length: number): Promise<Uint8Array> | Uint8Array {
    const source = this.#sources[number];
    if (!source) throw new Error(`no source ${number}`);
    const follows = number === this.#source && offset === this.#end;
    const next = this.#next;
    this.#next = undefined;
    const answer = follows && next?.length === length ? next.answer : this.#begin(source, offset, length);
    this.#source = number;
    this.#end = offset + length;
    if (follows && this.#end < source.size && !(answer instanceof Uint8Array)) {
      const length = Math.min(this.#end - offset, source.size - this.#end);
      const ahead = this.#begin(source, this.#end, length);
      if (!(ahead instanceof Uint8Array)) {
        // It may never be asked for.
        ahead.catch(() => {});
        this.#next = { length, answer: ahead };
      }
    }
    return answer;
  }

  /** The bytes that were read are no longer needed. */
  done(bytes: Uint8Array): void {
    const buffer = this.#lent.get(bytes);
    if (buffer) this.#free.push(buffer);
  }

  #lent = new WeakMap<Uint8Array, Uint8Array<ArrayBuffer>>();

  #begin(source: RandomAccess, offset: number, length: number): Promise<Uint8Array> | Uint8Array {
    if (!source.readInto) return source.read(offset, length);
    let buffer = this.#free.pop();
    if (!buffer || buffer.length < length) buffer = new Uint8Array(length);
    const whole = buffer;
    return source.readInto(offset, whole.subarray(0, length)).then((filled) => {
      const bytes = whole.subarray(0, filled);
      this.#lent.set(bytes, whole);
      return bytes;
    });
  }
}

/** Lets timers, messages and input run. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof MessageChannel === 'undefined') return void setTimeout(resolve, 0);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
  const from = await source;
  if (from instanceof WebAssembly.Module) return from;
  if (from instanceof ArrayBuffer || ArrayBuffer.isView(from)) return WebAssembly.compile(from as BufferSource);
  let response: Response;
  try {
    response = from instanceof Response ? from : await fetch(from as string | URL | Request);
  } catch (error) {
    throw new LayerwrightError('MODULE_UNREACHABLE', `The wasm module could not be fetched from ${String(from)}. Serve it beside the script, or hand it to init().`, {}, { cause: error });
  }
  if (!response.ok) throw new LayerwrightError('MODULE_UNREACHABLE', `The wasm module could not be fetched from ${response.url}: status ${response.status}.`, { status: response.status });
  if (response.headers.get('content-type')?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
