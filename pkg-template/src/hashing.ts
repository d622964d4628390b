// Hashing on another thread, for runtimes whose own hashes cannot be fed step by step: browsers.
import type { HashElsewhere } from './wasm/layerwright.js';

/** What is said to the thread. A message with bytes gives them over; they come back to be filled again. */
export type ToThread =
  | { number: number; algorithm: 'sha256' | 'sha512' }
  | { number: number; bytes: ArrayBuffer; length: number }
  | { number: number; end: true }
  | { number: number; drop: true };

/** What the thread says. */
export type FromThread = { ready: true } | { bytes: ArrayBuffer } | { number: number; hash: Uint8Array } | { number: number; failed: string };

/** As much of a worker as is needed. */
export interface Thread {
  post(message: ToThread, transfer: ArrayBuffer[]): void;
  /** Ends it. */
  stop(): void;
}

/** Starts a thread. `said` is called with what it says, `failed` if it cannot be started or dies. */
export type StartThread = (said: (message: FromThread) => void, failed: (error: unknown) => void) => Thread;

/** Bytes of one message. */
const BUFFER = 1 << 20;
/** Buffers that may be under way before the thread is waited for. */
const UNDER_WAY = 8;
/** Milliseconds that a thread may take to start before it is done without. */
const PATIENCE = 1000;

interface Running {
  buffer: Uint8Array<ArrayBuffer> | undefined;
  filled: number;
  hash: Promise<Uint8Array>;
  tell: (hash: Uint8Array) => void;
  fail: (error: Error) => void;
}

/** Hashes on one other thread, which is started when it is first wanted. */
export class HashThread implements HashElsewhere {
  #start: StartThread;
  #thread: Thread | undefined;
  #state: 'new' | 'starting' | 'ready' | 'failed' = 'new';
  #started: Promise<void> | undefined;
  #running = new Map<number, Running>();
  #last = 0;
  #free: ArrayBuffer[] = [];
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(start: StartThread) {
    this.#start = start;
  }

  /** Starts the thread, and waits until it is ready or cannot be had. */
  prepare(): Promise<void> {
    this.#started ??= new Promise((resolve) => {
      this.#state = 'starting';
      const late = setTimeout(() => this.#fail('it takes too long to start', resolve), PATIENCE);
      const fail = (error: unknown): void => {
        clearTimeout(late);
        this.#fail(error instanceof Error ? error.message : String(error), resolve);
      };
      try {
        this.#thread = this.#start((message) => {
          if (!('ready' in message)) return this.#said(message);
          clearTimeout(late);
          if (this.#state === 'starting') this.#state = 'ready';
          resolve();
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
    return this.#started;
  }

  /** A promise if the thread is far behind: fulfilled when it has caught up. */
  behind(): Promise<void> | undefined {
    if (this.#underWay <= UNDER_WAY) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The hash with that number, once it has ended. */
  async hash(number: number): Promise<Uint8Array> {
    const running = this.#running.get(number);
    if (!running) throw new Error(`there is no hash ${number}`);
    try {
      return await running.hash;
    } finally {
      this.#running.delete(number);
    }
  }

  begin(algorithm: 'sha256' | 'sha512'): number | undefined {
    if (this.#state !== 'ready') return undefined;
    const number = ++this.#last;
    let tell: Running['tell'] = () => {};
    let fail: Running['fail'] = () => {};
    const hash = new Promise<Uint8Array>((resolve, reject) => ([tell, fail] = [resolve, reject]));
    // Nobody may ask for it.
    hash.catch(() => {});
    this.#running.set(number, { buffer: undefined, filled: 0, hash, tell, fail });
    this.#thread?.post({ number, algorithm }, []);
    return number;
  }

  update(number: number, bytes: Uint8Array): void {
    const running = this.#running.get(number);
    if (!running) return;
    for (let at = 0; at < bytes.length; ) {
      running.buffer ??= new Uint8Array(this.#free.pop() ?? new ArrayBuffer(BUFFER));
      const part = bytes.subarray(at, at + BUFFER - running.filled);
      running.buffer.set(part, running.filled);
      running.filled += part.length;
      at += part.length;
      if (running.filled === BUFFER) this.#flush(number, running);
    }
  }

  end(number: number): void {
    const running = this.#running.get(number);
    if (!running) return;
    this.#flush(number, running);
    this.#thread?.post({ number, end: true }, []);
  }

  drop(number: number): void {
    if (this.#running.delete(number)) this.#thread?.post({ number, drop: true }, []);
  }

  #flush(number: number, running: Running): void {
    const { buffer, filled } = running;
    if (!buffer) return;
    running.buffer = undefined;
    running.filled = 0;
    this.#underWay++;
    this.#thread?.post({ number, bytes: buffer.buffer, length: filled }, [buffer.buffer]);
  }

  #said(message: Exclude<FromThread, { ready: true }>): void {
    if ('bytes' in message) {
      this.#underWay--;
      this.#free.push(message.bytes);
      if (this.#underWay <= UNDER_WAY / 2) for (const resolve of this.#waiting.splice(0)) resolve();
    } else if ('hash' in message) this.#running.get(message.number)?.tell(message.hash);
    else this.#running.get(message.number)?.fail(new Error(message.failed));
  }

  #fail(why: string, resolve: () => void): void {
    this.#state = 'failed';
    this.#thread?.stop();
    this.#thread = undefined;
    for (const running of this.#running.values()) running.fail(new Error(`the thread that hashes has ended: ${why}`));
    for (const waiting of this.#waiting.splice(0)) waiting();
    this.#underWay = 0;
    resolve();
  }
}
