// Running RUN: what an executor is, what it sees of a stage, and how its answer gets into the build.
import type { Engine, Glue, RandomAccess, Sources } from './engine.js';
import { LayerwrightError } from './errors.js';
import { isStream, type ClosableSource, type SeekableSource, seekable } from './sources.js';
import { binary, END, header, padding, type TarMember } from './tar.js';
import type { RunMountInfo, RunStepInfo, StageFile, StageTree } from './wasm/layerwright.js';

/** A `RUN --mount`, with the files that its `source` is a path in where it shows any. */
export interface RunMount extends RunMountInfo {
  files?: StageFiles;
}

/** A `RUN`, everything in it expanded. */
export interface RunStep extends Omit<RunStepInfo, 'mounts'> {
  mounts: RunMount[];
}

/** What goes with a run. */
export interface RunWork {
  /** Aborted when the build is: the run has to end then. */
  signal: AbortSignal;
  /** Tells what the command prints, as it comes. */
  output(text: Uint8Array | string, stream: 'stdout' | 'stderr'): void;
}

/** What a command did to one path. Paths have no leading slash. */
export type FileChange =
  | { path: string; type: 'removed' }
  | ({ path: string; /** Permission bits. Default: 0644, 0755 for directories. */ mode?: number; /** Default: 0. */ uid?: number; /** Default: 0. */ gid?: number; /** Seconds since 1970, or a date. Default: 0. */ mtime?: number | Date } & (
      | { /** Default. */ type?: 'file'; bytes?: Uint8Array | string }
      | { type: 'dir' | 'fifo' }
      | { type: 'symlink' | 'hardlink'; linkname: string }
    ));

/** What came of a run: the changes as a layer (a plain tar with whiteouts) or as a list; or that the command failed. */
export type RunResult =
  | { /** A stream is collected in memory; anything else is read when it is needed, until the build has ended. */ tar: SeekableSource | ReadableStream<Uint8Array> }
  | { changes: Iterable<FileChange> }
  | { /** Any exit status but 0. */ status: number; /** The end of what it printed. */ output?: string };

/**
 * Runs the command of a `RUN`. Several can stand in a row: the first that does not answer `undefined` does it.
 *
 * What it throws ends the build with the line of the step and the error's message.
 */
export interface Executor {
  /** What it is called in messages. */
  readonly name: string;
  /** Runs a command over the files of a stage. Nothing of the answer is looked at before the promise settles. */
  run(step: RunStep, files: StageFiles, work: RunWork): Promise<RunResult | undefined> | RunResult | undefined;
  /** Called after a run, with the files as they are then. They are what `tar({ since })` of a later step can begin at. */
  ran?(files: StageFiles): void;
  /** Called when a build in which it ran anything has ended, however it did. */
  end?(): Promise<void> | void;
}

/** The files of a stage, of a context, or of an image, as they are at a step. They do not change. */
export class StageFiles {
  #engine: Engine<Glue>;
  #tree: StageTree;
  #sources: Sources;
  #generation: number;

  /** @internal */
  constructor(engine: Engine<Glue>, tree: StageTree, sources: Sources) {
    this.#engine = engine;
    this.#tree = tree;
    this.#sources = sources;
    this.#generation = engine.generation;
  }

  /** All files, directories before what is in them. */
  list(): StageFile[] {
    return this.#engine.call(() => this.#tree.list());
  }

  /** The content of a file, links followed; undefined where there is none. */
  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#engine.drive(() => this.#tree.read(path), this.#sources);
  }

  /** Whether a path, links followed, is a directory; undefined where there is nothing. */
  isDirectory(path: string): boolean | undefined {
    return this.#engine.call(() => this.#tree.isDirectory(path));
  }

  /** The files as a plain tar; with `since`, what makes them out of those, as a layer with whiteouts. */
  tar({ since }: { since?: StageFiles } = {}): ReadableStream<Uint8Array> {
    return this.#stream(() => this.#tree.tar(since === undefined ? undefined : since.#tree.share()));
  }

  /** What is at a path, links followed, as a tar of its own: a file under its name, or what is in the directory. */
  tarOf(path: string): ReadableStream<Uint8Array> {
    return this.#stream(() => this.#tree.tarOf(path));
  }

  #stream(begin: () => ReturnType<StageTree['tar']>): ReadableStream<Uint8Array> {
    const stop = new AbortController();
    let next: (() => void) | undefined;
    let wanted: (() => void) | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const chunk = async (_: string, piece: unknown): Promise<Uint8Array> => {
            controller.enqueue(piece as Uint8Array);
            await new Promise<void>((resolve) => (next = resolve));
            return new Uint8Array();
          };
          const work = async () => {
            await new Promise<void>((resolve) => (wanted = resolve));
            await this.#engine.drive(begin, this.#sources, { signal: stop.signal }, { chunk });
            controller.close();
          };
          work().catch((error) => controller.error(error));
        },
        pull: () => {
          wanted?.();
          next?.();
        },
        cancel: (reason) => {
          stop.abort(reason ?? new Error('no longer wanted'));
          next?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Gives the memory back. It happens by itself when the object is collected. */
  [Symbol.dispose](): void {
    if (this.#generation === this.#engine.generation) this.#tree.free();
  }
}

/** A list of changes as a tar. */
function tarOfChanges(changes: Iterable<FileChange>): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const change of changes) {
    const path = change.path.replace(/^\/+|\/+$/g, '');
    if (change.type === 'removed') {
      const at = path.lastIndexOf('/') + 1;
      pieces.push(header({ path: binary(`${path.slice(0, at)}.wh.${path.slice(at)}`), type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime: '0' }));
      continue;
    }
    const type = change.type ?? 'file';
    const content = type === 'file' && 'bytes' in change ? (change.bytes ?? '') : '';
    const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const { mode = type === 'dir' ? 0o755 : 0o644, uid = 0, gid = 0, mtime = 0 } = change;
    const member: TarMember = { path: binary(path), type, mode, uid, gid, size: body.length, mtime: String(mtime instanceof Date ? mtime.getTime() / 1000 : mtime) };
    if ('linkname' in change) member.linkname = binary(change.linkname);
    pieces.push(header(member), body, new Uint8Array(padding(body.length)));
  }
  pieces.push(new Uint8Array(END));
  return joined(pieces);
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Executors at work in one build: the `run` that its task asks for. */
export class Executors {
  #engine: Engine<Glue>;
  #list: readonly Executor[];
  #sources: Record<number, RandomAccess>;
  #opened: ClosableSource[];
  #used = new Set<Executor>();
  #signal: AbortSignal;
  #output: (text: string, stream: 'stdout' | 'stderr') => void;

  constructor(engine: Engine<Glue>, list: readonly Executor[], sources: Record<number, RandomAccess>, opened: ClosableSource[], signal: AbortSignal | undefined, output: (text: string, stream: 'stdout' | 'stderr') => void) {
    this.#engine = engine;
    this.#list = list;
    this.#sources = sources;
    this.#opened = opened;
    this.#signal = signal ?? new AbortController().signal;
    this.#output = output;
  }

  /** Answers the task. */
  run = async (text: string, value: unknown): Promise<Uint8Array> => {
    const { executor: at, step: info } = JSON.parse(text) as { executor: number; step: RunStepInfo };
    const [stage, ...mounted] = (value as (StageTree | undefined)[]).map((tree) => tree && new StageFiles(this.#engine, tree, this.#sources));
    const executor = this.#list[at]!;
    const step: RunStep = { ...info, mounts: info.mounts.map((mount, number) => (mounted[number] ? { ...mount, files: mounted[number] } : mount)) };
    this.#used.add(executor);
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    let result: RunResult | undefined;
    try {
      result = await executor.run(step, stage!, {
        signal: this.#signal,
        output: (text, stream) => this.#output(typeof text === 'string' ? text : decoders[stream].decode(text, { stream: true }), stream),
      });
    } catch (error) {
      throw new Error(`${executor.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    return new TextEncoder().encode(JSON.stringify(await this.#answer(executor, result)));
  };

  /** A run has been taken over. */
  ran = async (text: string, value: unknown): Promise<Uint8Array> => {
    this.#list[Number(text)]!.ran?.(new StageFiles(this.#engine, value as StageTree, this.#sources));
    return new Uint8Array();
  };

  async #answer(executor: Executor, result: RunResult | undefined): Promise<object> {
    if (result === undefined) return { kind: 'declined' };
    if ('status' in result) return { kind: 'status', status: result.status, output: result.output ?? '' };
    let tar: SeekableSource;
    if ('changes' in result) tar = tarOfChanges(result.changes);
    else if (isStream(result.tar)) {
      const pieces: Uint8Array[] = [];
      for await (const piece of result.tar as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
      tar = joined(pieces);
    } else if ('tar' in result) tar = result.tar;
    else throw new LayerwrightError('ARGUMENT_INVALID', `${executor.name}: a run answers { tar }, { changes } or { status }.`);
    const source = await seekable(tar);
    this.#opened.push(source);
    const number = this.#engine.reserve(1);
    this.#sources[number] = source;
    return { kind: 'changed', source: number, size: source.size };
  }

  /** The build has ended. */
  async end(): Promise<void> {
    for (const executor of this.#used) await executor.end?.();
  }
}
