// Hashing on other threads, beside inflating. A layer has two hashes, of the blob and of what is in it.
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
  /** Something is waited for, or nothing is: where threads keep a process alive, this one should do so only while it has work. */
  busy?(busy: boolean): void;
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

/** Hashes on other threads, which are started when they are first worth it. Each new hash goes to the one that has fewest. */
export class HashThreads implements HashElsewhere {
  #threads: HashThread[];
  #from: number;

  /** So many threads, for what has `from` bytes or more. */
  constructor(start: StartThread, { threads, from }: { threads: number; from: number }) {
    this.#threads = Array.from({ length: threads }, () => new HashThread(start));
    this.#from = from;
  }

  /** Makes ready for hashing something of that many bytes. */
  async prepare(size: number): Promise<void> {
    if (size >= this.#from) await Promise.all(this.#threads.map((thread) => thread.prepare()));
  }

  /** A promise if a thread is far behind: fulfilled when it has caught up. */
  behind(): Promise<unknown> | undefined {
    const waits = this.#threads.flatMap((thread) => thread.behind() ?? []);
    return waits.length > 0 ? Promise.all(waits) : undefined;
  }

  /** The hash with that number, once it has ended. */
  hash(number: number): Promise<Uint8Array> {
    return this.#of(number).hash(this.#own(number));
  }

  begin(algorithm: 'sha256' | 'sha512'): number | undefined {
    const ready = this.#threads.filter((thread) => thread.ready).sort((a, b) => a.load - b.load)[0];
    return ready && ready.begin(algorithm) * this.#threads.length + this.#threads.indexOf(ready);
  }

  update(number: number, bytes: Uint8Array): void {
    this.#of(number).update(this.#own(number), bytes);
  }

  end(number: number): void {
    this.#of(number).end(this.#own(number));
  }

  drop(number: number): void {
    this.#of(number).drop(this.#own(number));
  }

  #of(number: number): HashThread {
    const thread = this.#threads[number % this.#threads.length];
    if (!thread) throw new Error(`there is no hash ${number}`);
    return thread;
  }

  #own(number: number): number {
    return Math.floor(number / this.#threads.length);
  }
}

/** Hashes on one other thread. */
class HashThread {
  #start: StartThread;
  #thread: Thread | undefined;
  #state: 'new' | 'starting' | 'ready' | 'failed' = 'new';
  #started: Promise<void> | undefined;
  #running = new Map<number, Running>();
  #last = 0;
  #free: ArrayBuffer[] = [];
  #underWay = 0;
  #waiting: (() => void)[] = [];

  /** It can be given work. */
  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** How many hashes it has. */
  get load(): number {
    return this.#running.size;
  }

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
          this.#thread?.busy?.(this.load > 0);
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
      this.#leave(number);
    }
  }

  begin(algorithm: 'sha256' | 'sha512'): number {
    const number = ++this.#last;
    let tell: Running['tell'] = () => {};
    let fail: Running['fail'] = () => {};
    const hash = new Promise<Uint8Array>((resolve, reject) => ([tell, fail] = [resolve, reject]));
    // Nobody may ask for it.
    hash.catch(() => {});
    this.#running.set(number, { buffer: undefined, filled: 0, hash, tell, fail });
    this.#thread?.busy?.(true);
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
    if (this.#leave(number)) this.#thread?.post({ number, drop: true }, []);
  }

  #leave(number: number): boolean {
    const there = this.#running.delete(number);
    if (this.load === 0) this.#thread?.busy?.(false);
    return there;
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

/** A running hash of the thread. */
interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
  free?(): void;
}

/** The thread's side: takes what is said to it, and answers. */
export function hashServer(post: (message: FromThread, transfer: ArrayBuffer[]) => void, begin: (algorithm: 'sha256' | 'sha512') => Hash): (message: ToThread) => void {
  const streams = new Map<number, Hash>();
  return (message) => {
    const { number } = message;
    try {
      if ('algorithm' in message) streams.set(number, begin(message.algorithm));
      else if ('bytes' in message) {
        streams.get(number)?.update(new Uint8Array(message.bytes, 0, message.length));
        post({ bytes: message.bytes }, [message.bytes]);
      } else {
        const stream = streams.get(number);
        streams.delete(number);
        if (stream && 'end' in message) post({ number, hash: stream.digest() }, []);
        stream?.free?.();
      }
    } catch (error) {
      post({ number, failed: error instanceof Error ? error.message : String(error) }, []);
    }
  };
}
