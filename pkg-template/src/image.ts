// Images: a handle in wasm, bytes from the host, promises for the user.
import { type AnalyzeOptions, analyzeImage, type ImageAnalysis } from './analyze.js';
import type { Engine, Glue, RandomAccess, Sources, WorkOptions } from './engine.js';
import { LayerwrightError } from './errors.js';
import { type AlignedHistory, alignHistory, dockerfileOf } from './history.js';
import { type FileFound, type FileQuery, matcher, parseQuery } from './search.js';
import { type ClosableSource, type FolderHandleLike, folderFiles, isStream, type SeekableSource, seekable } from './sources.js';
import type { EntryOptions, ExportedTar, FileEntry, ImageFinding, ImageHandle, ImageLimits, ImageStream, ImageSummary, LayerFacts, LayerOptions, LayerSummary, ManifestSummary, MergedEntry, PathTouch, Task, TextFound, VerifyReport } from './wasm/layerwright.js';

/** The functions of the module that this file calls. */
export interface ImageGlue extends Glue {
  openArchive(source: number, size: number, limits?: ImageLimits): Task;
  openDirectory(first: number, files: { path: string; size: number }[], limits?: ImageLimits): Task;
  readTar(size: number, entries?: EntryOptions, limits?: ImageLimits): Task;
  readLayer(size: number, options?: LayerOptions): Task;
  ImageStream: new (limits?: ImageLimits, entries?: EntryOptions) => ImageStream;
}

/** What can be opened as an image: an archive that can be read at any place, a stream of one, or a folder with a layout. */
export type ImageSource = SeekableSource | ReadableStream<Uint8Array> | FolderHandleLike;

/** An image with what is about it. */
export interface ImageWithReferrers extends ManifestSummary {
  /** Attestations, signatures and other artifacts that name it as what they are about. */
  referrers: ManifestSummary[];
}

/** How to open an image. */
export interface OpenOptions extends WorkOptions {
  /** Bounds; each has an error code of its own. */
  limits?: ImageLimits;
  /** Which image to look at, where there are several: `linux/arm64`. */
  platform?: string;
  /** Which image to look at, where there are several: its name, its digest, or the start of its digest. */
  image?: string;
  /** Hash the contents of files while an archive is streamed. What can be read again can be hashed later. */
  entries?: EntryOptions;
  /**
   * What `image.checkpoints(layer)` gave earlier: layers with these digests are not passed over again to list them and to
   * read a file. Those of other images do no harm; damaged ones and those of another version are an error. What is read is
   * checked against them, but they are no proof of themselves: keep them where you would keep the image.
   */
  checkpoints?: Iterable<Uint8Array>;
  /**
   * Do not pass over eStargz and zstd:chunked layers to list them and to read a file, where the manifest names the digest
   * of their table of contents and that is right: files are read chunk by chunk, each verified by its digest. What the
   * table says and what the tar says may differ: `verify()` compares them.
   */
  lazy?: boolean;
}

/** Which image a call is about; without it, the one that was chosen when it was opened. */
export interface Which {
  /** Its place among the manifests, its name, its digest, or the start of its digest. */
  image?: number | string;
  /** Its platform. */
  platform?: string;
}

/** Options of a listing. */
export interface ListOptions extends WorkOptions, Which, EntryOptions {}

/** Options of reading a file. */
export interface ReadOptions extends WorkOptions, Which {
  /** The largest file in bytes that is read. Default: any. */
  limit?: number;
}

/** What is in an image, at a glance. */
export interface ImageOverview {
  /** How it is laid out: `oci-layout`, `docker-archive`, `docker-v1`, `hybrid`. */
  form: ImageSummary['form'];
  /** What the archive as a whole is compressed with. */
  compression: ImageSummary['compression'];
  /** The container images. */
  images: ImageWithReferrers[];
  /** What else is there, attestations and artifacts about an image too. */
  others: ManifestSummary[];
  /** What is wrong or odd about the archive and its documents. */
  findings: ImageFinding[];
}

/** An open image. Give it back with `using`, or call `image[Symbol.dispose]()`. */
export class Image {
  #engine: Engine<ImageGlue>;
  #handle: ImageHandle | undefined;
  #source: ClosableSource | undefined;
  #sources: Sources;
  #generation: number;
  #summary: ImageSummary;
  #chosen: number;

  /** @internal */
  constructor(engine: Engine<ImageGlue>, handle: ImageHandle, sources: Sources, source: ClosableSource | undefined, { image, platform }: Which) {
    this.#engine = engine;
    this.#handle = handle;
    this.#sources = sources;
    this.#source = source;
    this.#generation = engine.generation;
    this.#summary = engine.call(() => handle.summary());
    const picked = this.#pick(image, platform);
    // An archive of nothing but artifacts can be looked at too.
    this.#chosen = picked ?? (image === undefined && platform === undefined ? 0 : -1);
    if (this.#chosen < 0) throw this.#none(image, platform);
  }

  /** @internal */
  prepare({ checkpoints, lazy }: OpenOptions): this {
    for (const bytes of checkpoints ?? []) this.#call((handle) => handle.takeCheckpoints(bytes));
    if (lazy) this.#call((handle) => handle.useTables());
    return this;
  }

  /** @internal */
  get handle(): ImageHandle {
    return this.#open();
  }

  /** @internal */
  get sources(): Sources {
    return this.#sources;
  }

  /** How it is laid out. */
  get form(): ImageSummary['form'] {
    return this.#summary.form;
  }

  /** What is wrong or odd about the archive and its documents. `verify` looks at the layers too. */
  get findings(): ImageFinding[] {
    return this.#summary.findings;
  }

  /** Everything that the index leads to, each digest once. */
  get manifests(): ManifestSummary[] {
    return this.#summary.manifests;
  }

  /** The container images among the manifests. */
  get images(): ManifestSummary[] {
    return this.manifests.filter(isImage);
  }

  /** The image that was chosen when it was opened. */
  get manifest(): ManifestSummary {
    const manifest = this.manifests[this.#chosen];
    if (!manifest) throw this.#none(undefined, undefined);
    return manifest;
  }

  /** The configuration of the chosen image, as it is written. */
  get config(): ManifestSummary['config'] {
    return this.manifest.config;
  }

  /** Its files can be read: it was not streamed. */
  get seekable(): boolean {
    return this.#call((handle) => handle.seekable());
  }

  /** What is in it, at a glance. Layers that have been read say how many entries they have and what they unpack to. */
  summary(): ImageOverview {
    const { form, compression, findings, manifests } = this.#summary;
    const about = (digest: string) => manifests.filter((m) => m.kind !== 'index' && (m.attests === digest || m.subject === digest || (m.attests === undefined && m.names.some((name) => tagOf(digest, name)))));
    const images = manifests.filter(isImage).map((image) => ({ ...image, referrers: about(image.digest) }));
    return { form, compression, images, others: manifests.filter((m) => !isImage(m)), findings };
  }

  /** The place of an image among the manifests. */
  find({ image, platform }: Which = {}): number {
    if (image === undefined && platform === undefined) return this.#chosen;
    const found = this.#pick(image, platform);
    if (found === undefined) throw this.#none(image, platform);
    return found;
  }

  /** Reads the layers of an image: digests, sizes and how many entries. */
  async layers(options: WorkOptions & Which = {}): Promise<LayerSummary[]> {
    const at = this.find(options);
    const layers = await this.#drive<LayerSummary[]>((handle) => handle.layers(at), options);
    const manifest = this.manifests[at];
    if (manifest) manifest.layers = layers;
    return layers;
  }

  /** The merged filesystem: every name with the layer that brought it, sorted by path. */
  files(options: ListOptions = {}): Promise<MergedEntry[]> {
    const at = this.find(options);
    return this.#drive((handle) => handle.files(at, entryOptions(options)), options);
  }

  /** The entries of one layer, in the order of its tar, whiteouts too. The base is layer 0. */
  entries(layer: number, options: ListOptions = {}): Promise<FileEntry[]> {
    const at = this.find(options);
    return this.#drive((handle) => handle.layerEntries(at, layer, entryOptions(options)), options);
  }

  /**
   * What to keep of a layer for a later session, which hands it to `openImage` as `checkpoints` and then reads a file
   * anywhere in the layer without passing over what is before it. Some 20 kB for each 4 MiB of content.
   */
  checkpoints(layer: number, options: WorkOptions & Which = {}): Promise<Uint8Array> {
    const at = this.find(options);
    return this.#drive((handle) => handle.checkpoints(at, layer), options);
  }

  /**
   * How the entries of a layer are known: it is walked, or they come from `checkpoints` or from its `table` of contents.
   * Only what is walked has been compared with the layer's digests.
   */
  listed(layer: number, options: WorkOptions & Which = {}): Promise<'walked' | 'checkpoints' | 'table'> {
    const at = this.find(options);
    return this.#drive((handle) => handle.listed(at, layer), options);
  }

  /** A file of the merged filesystem. Symbolic links are followed inside the image. */
  readFile(path: string | Uint8Array, options: ReadOptions = {}): Promise<Uint8Array> {
    const at = this.find(options);
    return this.#drive((handle) => handle.readFile(at, pathBytes(path), options.limit), options);
  }

  /** A file as one layer has it: the entry with that place in `entries(layer)`. */
  readEntry(layer: number, entry: number, options: ReadOptions = {}): Promise<Uint8Array> {
    const at = this.find(options);
    return this.#drive((handle) => handle.readEntry(at, layer, entry, options.limit), options);
  }

  /**
   * Looks for files of the merged filesystem: by the words of a search box (`*.js >1MB text:TODO`) or by a query. A text is
   * looked for in a stream: no file is held in memory.
   */
  async search(query: string | FileQuery, options: WorkOptions & Which = {}): Promise<FileFound[]> {
    const wanted = typeof query === 'string' ? parseQuery(query) : query;
    const at = this.find(options);
    const files = await this.files({ ...options, image: at, platform: undefined });
    const matches = matcher(wanted);
    const places: number[] = [];
    files.forEach((file, i) => matches(file) && places.push(i));
    if (wanted.text === undefined || wanted.text === '') return places.map((i) => files[i]!);
    const needle = pathBytes(wanted.text);
    const found = await this.#drive<TextFound[]>((handle) => handle.search(at, needle, Uint32Array.from(places)), options);
    return found.map(({ name, ...match }) => ({ ...files[name]!, match }));
  }

  /** Every layer that made, changed or removed a path, the oldest first. With `contents`, a copy with the same content is told from a changed one. */
  touches(path: string | Uint8Array, options: WorkOptions & Which & { contents?: boolean } = {}): Promise<PathTouch[]> {
    const at = this.find(options);
    return this.#drive((handle) => handle.touches(at, pathBytes(path), options.contents ?? false), options);
  }

  /**
   * What is in it and what it is made of: bytes by layer and by part, what is stored for nothing, the largest files,
   * duplicates, base image, system, runtimes.
   */
  analyze(options: AnalyzeOptions = {}): Promise<ImageAnalysis> {
    const at = this.find(options);
    return analyzeImage(this, (most) => this.#drive((handle) => handle.analyze(at, most), options), options);
  }

  /** Which step of the history made which layer. */
  history(options: Which = {}): AlignedHistory {
    return alignHistory(this.#at(options));
  }

  /** A Dockerfile as the history tells it, to read: what was copied is not part of it. */
  dockerfile(options: Which = {}): string {
    return dockerfileOf(this.#at(options));
  }

  /**
   * The merged filesystem as one tar that any `tar -x` takes: what was removed is not in it, hard links follow what they
   * link to, sparse files are written out, owners are numbers. It is made as it is read, in bounded memory, and the same
   * image gives the same bytes. Fails where a layer is absent or damaged.
   */
  export(options: WorkOptions & Which = {}): ReadableStream<Uint8Array> {
    const at = this.find(options);
    let tar: ExportedTar | undefined;
    let generation = -1;
    const { signal, onProgress } = options;
    const work: WorkOptions = signal ? { signal } : {};
    const free = () => {
      if (tar && generation === this.#engine.generation) tar.free();
      tar = undefined;
    };
    let done = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            if (!tar) {
              tar = await this.#drive<ExportedTar>((handle) => handle.export(at), options);
              generation = this.#engine.generation;
            }
            const from = tar;
            const piece = await this.#drive<Uint8Array>(() => from.next(), work);
            done += piece.length;
            onProgress?.({ phase: 'export', done, unit: 'bytes' });
            if (piece.length > 0) return controller.enqueue(piece);
            free();
            controller.close();
          } catch (error) {
            free();
            throw error;
          }
        },
        cancel: free,
      },
      { highWaterMark: 0 },
    );
  }

  /** Checks every digest, every layer and every name. What is wrong is in the report; only unreadable sources throw. */
  verify(options: WorkOptions = {}): Promise<VerifyReport> {
    return this.#drive((handle) => handle.verify(), options);
  }

  /** Gives the memory and the source back. */
  [Symbol.dispose](): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle && this.#generation === this.#engine.generation) handle.free();
    const source = this.#source;
    this.#source = undefined;
    void source?.close?.();
  }

  /** The same as `image[Symbol.dispose]()`. */
  close(): void {
    this[Symbol.dispose]();
  }

  #pick(image: number | string | undefined, platform: string | undefined): number | undefined {
    if (typeof image === 'number') return this.#summary.manifests[image] ? image : undefined;
    return this.#call((handle) => handle.pick(image, platform));
  }

  #at(which: Which): ManifestSummary {
    const manifest = this.manifests[this.find(which)];
    if (!manifest) throw this.#none(which.image, which.platform);
    return manifest;
  }

  #none(image: number | string | undefined, platform: string | undefined): LayerwrightError {
    const wanted = [image === undefined ? '' : ` named ${image}`, platform === undefined ? '' : ` for ${platform}`].join('');
    const there = this.images.map((m) => [m.names[0] ?? m.digest.slice(0, 19), m.platform].filter(Boolean).join(' for ')).join(', ');
    return new LayerwrightError('NO_SUCH_IMAGE', `There is no image${wanted} in it. There is: ${there || 'none'}.`, { image, platform });
  }

  #call<T>(work: (handle: ImageHandle) => T): T {
    return this.#engine.call(() => work(this.#open()));
  }

  #drive<T>(begin: (handle: ImageHandle) => Task, options: WorkOptions): Promise<T> {
    return this.#engine.drive(() => begin(this.#open()), this.#sources, options);
  }

  #open(): ImageHandle {
    if (!this.#handle) throw new LayerwrightError('IMAGE_CLOSED', 'This image has been closed.', {});
    if (this.#generation !== this.#engine.generation) throw new LayerwrightError('IMAGE_LOST', 'Layerwright was restarted after a fault of its own. Open the image again.', {});
    return this.#handle;
  }
}

const isImage = (manifest: ManifestSummary): boolean => manifest.kind === 'image' || manifest.kind === 'schema1';

/** `sha256-….sig` and the like: how cosign and registries without referrers name what is about an image (distribution-spec, referrers tag schema). */
const tagOf = (digest: string, name: string): boolean => /^(?:\.\w+)?$/.test(name.slice(name.lastIndexOf(':') + 1).replace(digest.replace(':', '-'), '')) && name.includes(digest.replace(':', '-'));

const entryOptions = ({ contents, contentsLimit }: EntryOptions): EntryOptions => ({ contents, contentsLimit });

/** The bytes of a path: UTF-8, and for each lone surrogate from U+DC80 to U+DCFF the byte that it stands for. */
function pathBytes(path: string | Uint8Array): Uint8Array {
  if (typeof path !== 'string') return path;
  const encoder = new TextEncoder();
  const parts: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

export function imageApi(engine: Engine<ImageGlue>) {
  /**
   * Opens an image: a Docker archive or an OCI layout as a tar, plain or compressed. Documents are read and checked;
   * layers are read when they are asked for. A folder, by its path or as a browser hands it out, may hold a layout or an
   * unpacked Docker archive. A stream is taken in one pass: layers are hashed and listed as they go by,
   * and files cannot be read afterwards.
   */
  async function openImage(from: ImageSource, options: OpenOptions = {}): Promise<Image> {
    await engine.init();
    const { limits, platform, image } = options;
    if (isStream(from)) {
      const opened = new Image(engine, await streamed(from, options), {}, undefined, { image, platform });
      // Everything about the layers is known already.
      for (const manifest of opened.images) await opened.layers({ image: opened.manifests.indexOf(manifest) });
      return opened;
    }
    const folder = await folderFiles(from);
    if (folder) return openImageDirectory(folder, options);
    const source = await seekable(from as SeekableSource);
    try {
      await engine.prepareFor(source.size);
      const number = engine.reserve(1);
      const sources = { [number]: source };
      const handle = await engine.drive<ImageHandle>((glue) => glue.openArchive(number, source.size, limits), sources, options);
      return new Image(engine, handle, sources, source, { image, platform }).prepare(options);
    } catch (error) {
      await source.close?.();
      throw error;
    }
  }

  /** Opens an OCI layout or an unpacked Docker archive that is there as files, by their paths from its directory. */
  async function openImageDirectory(files: { path: string; source: RandomAccess }[], options: OpenOptions = {}): Promise<Image> {
    await engine.init();
    const { limits, platform, image } = options;
    const first = engine.reserve(files.length);
    const sources = Object.fromEntries(files.map((file, at) => [first + at, file.source]));
    const sizes = files.map(({ path, source }) => ({ path, size: source.size }));
    const handle = await engine.drive<ImageHandle>((glue) => glue.openDirectory(first, sizes, limits), sources, options);
    return new Image(engine, handle, sources, undefined, { image, platform }).prepare(options);
  }

  async function streamed(from: ReadableStream<Uint8Array>, options: OpenOptions): Promise<ImageHandle> {
    const { signal, onProgress, limits, entries } = options;
    signal?.throwIfAborted();
    await engine.prepareFor(Infinity);
    const stream = engine.call((glue) => new glue.ImageStream(limits, entries));
    const generation = engine.generation;
    const reader = piecewise(from);
    let done = 0;
    let told = -Infinity;
    try {
      for (;;) {
        const value = await reader.read();
        if (!value) break;
        // A piece of any size, so that an abort is noticed soon.
        for (let at = 0; at < value.length; at += PIECE) {
          signal?.throwIfAborted();
          engine.call(() => stream.push(value.subarray(at, at + PIECE)));
          await engine.behind();
        }
        done += value.length;
        if (onProgress && performance.now() - told >= 50) {
          told = performance.now();
          onProgress({ phase: 'open', done, unit: 'bytes' });
        }
        signal?.throwIfAborted();
      }
      return await engine.drive<ImageHandle>(() => stream.finish(), {}, options);
    } catch (error) {
      await reader.cancel(error).catch(() => {});
      throw error;
    } finally {
      if (generation === engine.generation) stream.free();
    }
  }

  /**
   * Lists a tar as container runtimes read it: as Go's `archive/tar` does, with the entries marked that other readers
   * would see differently. Throws where a runtime would stop; with `limits: { strict: true }`, also where readers see
   * different things.
   */
  async function readTar(from: SeekableSource, options: WorkOptions & EntryOptions & { limits?: ImageLimits } = {}): Promise<FileEntry[]> {
    await engine.init();
    const source = await seekable(from);
    try {
      return await engine.drive<FileEntry[]>((glue) => glue.readTar(source.size, entryOptions(options), options.limits), [source], options);
    } finally {
      await source.close?.();
    }
  }

  /**
   * Reads the blob of a layer by itself, in one pass and bounded memory: both digests, what it is compressed with, how
   * many entries its tar has. What is wrong with it is in the answer; only unreadable sources throw.
   */
  async function readLayer(from: SeekableSource, options: WorkOptions & LayerOptions = {}): Promise<LayerFacts> {
    await engine.init();
    const { digests, limits } = options;
    const source = await seekable(from);
    try {
      await engine.prepareFor(digests === false ? 0 : source.size);
      return await engine.drive<LayerFacts>((glue) => glue.readLayer(source.size, { digests, limits }), [source], options);
    } finally {
      await source.close?.();
    }
  }

  return { openImage, openImageDirectory, readLayer, readTar };
}

const PIECE = 1 << 20;

/** Bytes of the one buffer that a stream fills again and again. */
const BUFFER = 256 << 10;

/**
 * Reads a stream into one buffer where it can fill ours: a large body otherwise leaves its whole size as garbage,
 * faster than it is collected. What `read` gives is valid until the next call.
 */
function piecewise(from: ReadableStream<Uint8Array>): { read(): Promise<Uint8Array | undefined>; cancel(reason: unknown): Promise<void> } {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = from.getReader({ mode: 'byob' });
  } catch {
    const reader = from.getReader();
    return { read: async () => (await reader.read()).value, cancel: (reason) => reader.cancel(reason) };
  }
  let buffer = new ArrayBuffer(BUFFER);
  return {
    async read() {
      const { done, value } = await byob.read(new Uint8Array(buffer));
      if (!value || (done && value.length === 0)) return undefined;
      buffer = value.buffer as ArrayBuffer;
      return value;
    },
    cancel: (reason) => byob.cancel(reason),
  };
}
