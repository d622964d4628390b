// One image made of another, and several put together.
import { addFiles, type BuildGlue, type ContextFile } from './build.js';
import type { Engine, Glue, RandomAccess, Sources, WorkOptions } from './engine.js';
import { Image, type Which } from './image.js';
import { type ClosableSource, type SeekableSource, seekable } from './sources.js';
import type { ChangeReport, ChangeSettings, CombineSettings, ImageChange, ImageCombination, ImageHandle } from './wasm/layerwright.js';

/** The functions of the module that this file calls. */
export interface ChangeGlue extends BuildGlue {
  ImageChange: new (image: ImageHandle, only?: number, settings?: ChangeSettings) => ImageChange;
  ImageCombination: new (settings?: CombineSettings) => ImageCombination;
}

/** A layer to add. */
export type NewLayer = (
  | {
      /** A layer as it is: a tar, plain or compressed with gzip or zstd. Its bytes are kept. */
      tar: SeekableSource;
    }
  | {
      /** Files, put into the image as `COPY` does it: directories that are there keep their mode and owner. */
      files: Iterable<ContextFile>;
      /** Where they go. Default: `/`. */
      destination?: string;
    }
) & {
  /** What the history says about it. */
  createdBy?: string;
};

/** What to change. */
export interface ChangeRequest extends ChangeSettings, Which {
  /** Layers to add, the lowest first. */
  append?: Iterable<NewLayer>;
  /** Files that get another content, by their paths, in every layer that holds them. Mode, owner and times stay. */
  edit?: Record<string, Uint8Array | string>;
  /** Put the layers on another base: the image that they stand on, and the one they shall stand on. Both have to stay open as long as the outcome is used. */
  rebase?: { from: Image; onto: Image };
}

/** How to put images together. */
export interface CombineOptions extends CombineSettings, WorkOptions {}

/** An image that was made of another one: open, and ready to be saved. */
export class ChangedImage extends Image {
  /** What was done to each of its images. */
  readonly report: ChangeReport;

  /** @internal */
  constructor(engine: Engine<ChangeGlue>, handle: ImageHandle, sources: Sources, source: ClosableSource | undefined, report: ChangeReport) {
    super(engine, handle, sources, source, {});
    this.report = report;
  }
}

export function changeApi<G extends ChangeGlue & Glue>(engine: Engine<G>) {
  /**
   * Makes an image of another: appends layers, changes the configuration, puts it on another base, squashes, drops files,
   * recompresses, converts. All platforms are changed alike, or the one that `image` or `platform` names. Layers that
   * nothing touches keep their bytes. The given image stays as it is, and has to stay open as long as the outcome is used.
   */
  async function changeImage(from: Image, request: ChangeRequest, options: WorkOptions = {}): Promise<ChangedImage> {
    const { append = [], edit = {}, rebase, image, platform, ...settings } = request;
    const only = image === undefined && platform === undefined ? undefined : from.find({ ...(image === undefined ? {} : { image }), ...(platform === undefined ? {} : { platform }) });
    const change = engine.call((glue) => new glue.ImageChange(from.handle, only, settings));
    const generation = engine.generation;
    const sources: Record<number, RandomAccess> = { ...from.sources };
    const opened: ClosableSource[] = [];
    const close = async () => {
      for (const source of opened.splice(0)) await source.close?.();
    };
    try {
      if (rebase) {
        Object.assign(sources, rebase.from.sources, rebase.onto.sources);
        engine.call(() => change.rebase(rebase.from.handle, rebase.onto.handle));
      }
      for (const [path, content] of Object.entries(edit)) {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        engine.call(() => change.edit(path, bytes));
      }
      for (const layer of append) {
        if ('tar' in layer) {
          const source = await seekable(layer.tar);
          opened.push(source);
          const number = engine.reserve(1);
          sources[number] = source;
          engine.call(() => change.appendTar(number, source.size, layer.createdBy));
        } else {
          const files = engine.call((glue) => new glue.ImageBuild(new Uint8Array(), {}));
          try {
            engine.call(() => files.addContext('layer'));
            await addFiles(engine, files, 'layer', layer.files, sources, opened);
            engine.call(() => change.appendFiles(files, 'layer', layer.destination ?? '/', layer.createdBy));
          } finally {
            if (generation === engine.generation) files.free();
          }
        }
      }
      const answer = await engine.drive<{ image: ImageHandle; report: ChangeReport }>(() => change.start(), sources, options);
      // Layers given as tars are read again when the outcome is saved.
      const tars: ClosableSource = { size: 0, read: () => Promise.resolve(new Uint8Array()), close: () => close() };
      return new ChangedImage(engine, answer.image, sources, tars, answer.report);
    } catch (error) {
      await close();
      throw error;
    } finally {
      if (generation === engine.generation) change.free();
    }
  }

  /** Puts images together: side by side in one archive, or with `index` as the platforms of one image. They have to stay open as long as the outcome is used. */
  async function combineImages(images: Iterable<Image>, options: CombineOptions = {}): Promise<Image> {
    const { signal, onProgress, ...settings } = options;
    const combination = engine.call((glue) => new glue.ImageCombination(settings));
    const generation = engine.generation;
    try {
      const sources: Record<number, RandomAccess> = {};
      for (const image of images) {
        Object.assign(sources, image.sources);
        engine.call(() => combination.add(image.handle));
      }
      const answer = await engine.drive<{ image: ImageHandle }>(() => combination.start(), sources, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
      return new Image(engine, answer.image, sources, undefined, {});
    } finally {
      if (generation === engine.generation) combination.free();
    }
  }

  return { changeImage, combineImages };
}
