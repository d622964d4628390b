// Building and saving images.
import { type BuildCache, cacheAsks } from './cache.js';
import type { Engine, Glue, RandomAccess, Sources, WorkOptions } from './engine.js';
import { LayerwrightError } from './errors.js';
import { type Executor, Executors } from './execute.js';
import { type FetchOptions, fetcher } from './fetching.js';
import { Image, type ImageGlue } from './image.js';
import { type ClosableSource, type SeekableSource, seekable } from './sources.js';
import type { ArchiveFormat, BuildSettings, BuildStepEvent, BuiltSummary, ImageBuild, ImageHandle, SavedArchive, SavedFiles, Text } from './wasm/layerwright.js';

/** The functions of the module that this file calls. */
export interface BuildGlue extends ImageGlue {
  ImageBuild: new (dockerfile: Uint8Array, settings?: BuildSettings) => ImageBuild;
}

/** One entry of a build context. Owners do not matter: everything in a context is root's. */
export interface ContextFile {
  /** The path from the context's root, with `/` between the parts. */
  path: string;
  /** Default: `file`. */
  type?: 'file' | 'dir' | 'symlink' | 'hardlink';
  /** The permission bits, as a number or as octal digits. Default: 0644 for files, 0755 for directories. */
  mode?: number | string;
  /** When it was last changed: seconds since 1970, or a date. Default: 0. */
  mtime?: number | Date;
  /** The target of a link. */
  linkname?: string;
  /** The content: bytes or text. */
  bytes?: Uint8Array | string;
  /** The content where it is read only when it is needed: a `Blob`, a path, or anything else that `openImage` takes and can be read at any place. */
  source?: SeekableSource;
}

/** An image for a build, and which one of those that were opened with it. */
export interface GivenImage {
  /** The open image. It has to stay open as long as the image that is built on it is used. */
  image: Image;
  /** The digest of a manifest or index in it. Default: all are looked through for the platform. */
  digest?: string;
}

/** What to build. */
export interface BuildRequest extends BuildSettings {
  /** The Dockerfile. */
  dockerfile: Text;
  /** The files of the context, in any order. */
  context?: Iterable<ContextFile>;
  /** Base images by the name that the Dockerfile calls them. */
  bases?: Record<string, Image | GivenImage>;
  /** Further contexts by name: files, or an image. */
  contexts?: Record<string, Iterable<ContextFile> | Image | GivenImage>;
  /** The platform, where there is one only. */
  platform?: string;
}

/** Options of a build. */
export interface BuildOptions extends WorkOptions, FetchOptions {
  /** Who runs the command of a `RUN`: the first that takes it. Without any, `run` says what happens. */
  executors?: readonly Executor[];
  /** Layers of earlier builds, such as `memoryCache()`, or `folderCache()` of `layerwright/run`. Default: none. */
  cache?: BuildCache;
  /** Called when a step begins and when it is done. */
  onStep?: (event: BuildStepEvent) => void;
  /** Called with what commands print. */
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** How to save an image. */
export interface SaveOptions extends WorkOptions {
  /** Default: `oci-layout`. */
  format?: ArchiveFormat;
}

/** A file of a layout folder. */
export interface LayoutFile extends RandomAccess {
  /** The path from the folder, with `/` between the parts. */
  path: string;
}

/** An image that was built: open, and ready to be saved. */
export class BuiltImage extends Image {
  /** What was built, one a platform. An image with `skipped` steps is incomplete. */
  readonly built: BuiltSummary[];

  /** @internal */
  constructor(engine: Engine<ImageGlue>, handle: ImageHandle, sources: Sources, source: ClosableSource | undefined, built: BuiltSummary[]) {
    super(engine, handle, sources, source, {});
    this.built = built;
  }
}

/** An archive of an image. It is made as it is read, so it is never in memory as a whole unless `bytes` is called. */
export class ImageArchive {
  #engine: Engine<ImageGlue>;
  #archive: SavedArchive;
  #sources: Sources;
  #options: WorkOptions;
  /** Its size in bytes. */
  readonly size: number;

  /** @internal */
  constructor(engine: Engine<ImageGlue>, archive: SavedArchive, sources: Sources, options: WorkOptions) {
    this.#engine = engine;
    this.#archive = archive;
    this.#sources = sources;
    this.#options = options;
    this.size = engine.call(() => archive.size);
  }

  /** `length` bytes at `offset`; fewer only at the end. So an archive can be opened with `openImage` as it is. */
  read(offset: number, length: number): Promise<Uint8Array> {
    const { signal } = this.#options;
    return this.#engine.drive(() => this.#archive.read(offset, length), this.#sources, signal ? { signal } : {});
  }

  /** The archive as a stream. */
  stream(): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const piece = await this.read(at, PIECE);
        at += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        this.#options.onProgress?.({ phase: 'save', done: at, total: this.size, unit: 'bytes' });
        if (at >= this.size || piece.length === 0) controller.close();
      },
    });
  }

  /** The whole archive in memory. */
  async bytes(): Promise<Uint8Array> {
    const out = new Uint8Array(this.size);
    let at = 0;
    while (at < this.size) {
      const piece = await this.read(at, PIECE);
      if (piece.length === 0) break;
      out.set(piece, at);
      at += piece.length;
      this.#options.onProgress?.({ phase: 'save', done: at, total: this.size, unit: 'bytes' });
    }
    return out;
  }
}

const PIECE = 1 << 20;
const encoder = new TextEncoder();

/** Hands the files of a context to a build; sources that are opened for it are added to both lists. */
export async function addFiles<G extends BuildGlue & Glue>(engine: Engine<G>, build: ImageBuild, context: string | undefined, files: Iterable<ContextFile>, sources: Record<number, RandomAccess>, opened: ClosableSource[]): Promise<void> {
  for (const file of files) {
    const mode = typeof file.mode === 'string' ? Number.parseInt(file.mode, 8) : file.mode;
    const mtime = file.mtime instanceof Date ? file.mtime.getTime() / 1000 : (file.mtime ?? 0);
    const path = file.path;
    const type = file.type ?? 'file';
    if (type === 'file' && file.source !== undefined) {
      const source = await seekable(file.source);
      opened.push(source);
      const number = engine.reserve(1);
      sources[number] = source;
      engine.call(() => build.addSource(context, path, mode, mtime, number, source.size));
    } else if (type === 'file') {
      const bytes = typeof file.bytes === 'string' ? encoder.encode(file.bytes) : (file.bytes ?? new Uint8Array());
      engine.call(() => build.addBytes(context, path, mode, mtime, bytes));
    } else if (type === 'dir') engine.call(() => build.addDirectory(context, path, mode, mtime));
    else if (type === 'symlink') engine.call(() => build.addSymlink(context, path, mtime, file.linkname ?? ''));
    else if (type === 'hardlink') engine.call(() => build.addHardLink(context, path, mtime, file.linkname ?? ''));
    else throw new LayerwrightError('CONTEXT_TYPE_INVALID', `${path}: ${String(type)} is no type of a context's entry. Give file, dir, symlink or hardlink.`, { path });
  }
}

const isGiven = (value: unknown): value is Image | GivenImage => value instanceof Image || (typeof value === 'object' && value !== null && 'image' in value && value.image instanceof Image);

export function buildApi<G extends BuildGlue & Glue>(engine: Engine<G>) {
  /**
   * Builds a Dockerfile, as BuildKit would. `RUN` needs an executor, such as that of `layerwright/run`: without one that
   * takes the step the build fails, or leaves the step out with `run: "skip"`. Without `RUN`, the same request gives the same bytes everywhere, whatever the order of its
   * files.
   */
  async function buildImage(request: BuildRequest, options: BuildOptions = {}): Promise<BuiltImage> {
    await engine.init();
    const { executors = [], cache, onStep, onOutput, fetch, fetchedBytes, fetchTimeout, ...work } = options;
    const { dockerfile, context = [], bases = {}, contexts = {}, platform, ...settings } = request;
    if (platform !== undefined) settings.platforms = [platform];
    const build = engine.call((glue) => new glue.ImageBuild(typeof dockerfile === 'string' ? encoder.encode(dockerfile) : dockerfile, settings));
    const generation = engine.generation;
    const opened: ClosableSource[] = [];
    const held: ClosableSource[] = [];
    const close = async () => {
      for (const source of opened.splice(0)) await source.close?.();
    };
    const sources: Record<number, RandomAccess> = {};
    const runs = new Executors(engine, executors, sources, opened, work.signal, onOutput ?? (() => {}));
    const give = ({ image, digest }: GivenImage, add: (handle: ImageHandle, digest?: string) => void) => {
      Object.assign(sources, image.sources);
      engine.call(() => add(image.handle, digest));
    };
    const addAll = (name: string | undefined, files: Iterable<ContextFile>) => addFiles(engine, build, name, files, sources, opened);
    try {
      await addAll(undefined, context);
      for (const [name, value] of Object.entries(bases)) give(value instanceof Image ? { image: value } : value, (handle, digest) => build.addBase(name, handle, digest));
      for (const [name, value] of Object.entries(contexts)) {
        if (isGiven(value)) give(value instanceof Image ? { image: value } : value, (handle, digest) => build.addContextImage(name, handle, digest));
        else {
          engine.call(() => build.addContext(name));
          await addAll(name, value);
        }
      }
      const take = (source: RandomAccess): number => {
        const number = engine.reserve(1);
        sources[number] = source;
        return number;
      };
      const limits = { ...(fetch === undefined ? {} : { fetch }), ...(fetchedBytes === undefined ? {} : { fetchedBytes }), ...(fetchTimeout === undefined ? {} : { fetchTimeout }) };
      if (fetch !== false) engine.call(() => build.allowFetch());
      const asks = {
        run: runs.run,
        ran: runs.ran,
        fetch: fetcher(limits, work, take),
        step: (text: string) => (onStep?.(JSON.parse(text) as BuildStepEvent), new Uint8Array()),
        ...(cache && cacheAsks(engine, cache, sources, held)),
      };
      const answer = await engine.drive<{ image: ImageHandle; built: BuiltSummary[] }>(() => build.start(executors.length, cache !== undefined, onStep !== undefined), sources, work, asks);
      // Kept layers are read from for as long as the image is used.
      const layers = held.splice(0);
      const source: ClosableSource = { size: 0, read: () => new Uint8Array(), close: async () => void (await Promise.all(layers.map((layer) => layer.close?.()))) };
      return new BuiltImage(engine, answer.image, sources, source, answer.built);
    } finally {
      // New layers are made; only base images are still read from.
      await close();
      for (const layer of held) await layer.close?.();
      await runs.end();
      if (generation === engine.generation) build.free();
    }
  }

  /** Prepares an image, opened or built, to be saved. Its blobs keep their bytes. */
  async function saveImage(image: Image, options: SaveOptions = {}): Promise<ImageArchive> {
    const { format = 'oci-layout', ...work } = options;
    const archive = await engine.drive<SavedArchive>(() => image.handle.save(format), image.sources, work);
    return new ImageArchive(engine, archive, image.sources, work);
  }

  /** The files that the image is as a layout folder: the caller writes each under its path. Their bytes are read when they are wanted. */
  async function saveImageFiles(image: Image, options: SaveOptions = {}): Promise<LayoutFile[]> {
    const { format = 'oci-layout', ...work } = options;
    const files = await engine.drive<SavedFiles>(() => image.handle.saveFiles(format), image.sources, work);
    const { signal } = work;
    return engine.call(() => files.list()).map(({ path, size }, at) => ({
      path,
      size,
      read: (offset: number, length: number) => engine.drive<Uint8Array>(() => files.read(at, offset, length), image.sources, signal ? { signal } : {}),
    }));
  }

  return { buildImage, saveImage, saveImageFiles };
}
