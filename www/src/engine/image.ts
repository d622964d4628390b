// The one place that knows the image functions of the package.
import * as lw from 'layerwright';
import type { CallContext } from '../lib/rpc-types.ts';
import { FileIndex, type LayerEntry } from './files.ts';
import { baseLayers, historyItems, type RawHistory } from './history.ts';
import type { ContainerConfig, FileContent, FileDetails, FileKind, ImageSummary, LayerInfo, TreeData, VerifyItem, VerifyResult } from './types.ts';

// ---- the functions as they are called here ----

interface Work {
  signal?: AbortSignal;
  onProgress?: CallContext['onProgress'];
}

interface RawEntry {
  path: string;
  kind: string;
  size: number;
  mode: number;
  uid: number;
  gid: number;
  uname?: string;
  gname?: string;
  mtime?: number;
  link?: string;
  device?: [number, number];
  xattrs?: string[] | Record<string, unknown>;
}

interface RawLayer {
  digest?: string;
  diffId?: string;
  mediaType?: string;
  size: number;
  problem?: string;
}

interface RawConfig {
  architecture?: string;
  os?: string;
  variant?: string;
  created?: string;
  author?: string;
  config?: ContainerConfig;
  history?: RawHistory[];
}

interface RawView {
  digest?: string;
  configDigest?: string;
  names: string[];
  annotations?: Record<string, string>;
  layers: RawLayer[];
  config: RawConfig;
  problems?: string[];
  entries(layer: number, work?: Work): Promise<RawEntry[]>;
  read(layer: number, path: string, work?: Work): Promise<Uint8Array>;
  verify(work?: Work): Promise<{ items: VerifyItem[] }>;
}

interface RawImage {
  form: string;
  manifests: { digest?: string; platform?: string; names?: string[] }[];
  view(index: number, work?: Work): Promise<RawView>;
  close(): void;
}

const { init, openImage } = lw as unknown as { init(): Promise<void>; openImage(source: Blob, work?: Work): Promise<RawImage> };

const KIND_NAMES: Record<string, FileKind | 'whiteout' | 'opaque'> = {
  file: 'file', regular: 'file', dir: 'dir', directory: 'dir', symlink: 'symlink', hardlink: 'hardlink', link: 'hardlink',
  char: 'char', block: 'block', fifo: 'fifo', socket: 'socket', whiteout: 'whiteout', opaque: 'opaque',
};

function entryOf(raw: RawEntry): LayerEntry {
  return {
    path: raw.path.replace(/^\.?\/+|\/+$/g, ''),
    kind: KIND_NAMES[raw.kind] ?? 'file',
    size: raw.kind === 'file' || raw.kind === 'regular' ? raw.size : 0,
    mode: raw.mode,
    uid: raw.uid,
    gid: raw.gid,
    owner: raw.uname || undefined,
    group: raw.gname || undefined,
    mtime: raw.mtime,
    link: raw.link,
    device: raw.device?.join(', '),
    xattrs: Array.isArray(raw.xattrs) ? raw.xattrs : Object.keys(raw.xattrs ?? {}),
  };
}

/** The image that is open in this worker. */
export class Reader {
  #image: RawImage | undefined;
  #view: RawView | undefined;
  #index: FileIndex | undefined;
  #base = 0;
  #source = '';
  #selected = 0;

  async open(source: Blob, name: string, platform: string | undefined, work: CallContext): Promise<ImageSummary> {
    this.close();
    await init();
    this.#source = name;
    const image = await openImage(source, work);
    this.#image = image;
    const wanted = platform ? image.manifests.findIndex((manifest) => manifest.platform === platform) : -1;
    return this.select(Math.max(0, wanted), work);
  }

  async select(index: number, work: CallContext): Promise<ImageSummary> {
    const image = this.#present();
    const view = await image.view(index, work);
    this.#view = view;
    this.#selected = index;
    const problems: (string | undefined)[] = [];
    const layers: LayerEntry[][] = [];
    for (let i = 0; i < view.layers.length; i++) {
      try {
        layers.push((await view.entries(i, work)).map(entryOf));
        problems.push(view.layers[i]?.problem);
      } catch (error) {
        if (work.signal.aborted) throw error;
        // A layer that cannot be read leaves the others readable.
        layers.push([]);
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    const files = new FileIndex(layers);
    this.#index = files;
    return this.#summary(image, view, files, problems);
  }

  #summary(image: RawImage, view: RawView, files: FileIndex, problems: (string | undefined)[]): ImageSummary {
    const { config } = view;
    const history = historyItems(config.history ?? [], view.layers.length);
    const base = Math.min(baseLayers(history), view.layers.length);
    this.#base = base;
    const byLayer = new Map(history.map((item) => [item.layer, item]));
    const layers = view.layers.map((layer, i): LayerInfo => {
      const made = byLayer.get(i + 1);
      return {
        digest: layer.digest,
        diffId: layer.diffId,
        mediaType: layer.mediaType ?? '',
        stored: layer.size,
        content: files.content[i] ?? 0,
        wasted: files.wasted[i] ?? 0,
        files: files.counts[i] ?? 0,
        command: made?.createdBy,
        created: made?.created,
        base: i < base,
        problem: problems[i],
      };
    });
    const sum = (of: (layer: LayerInfo) => number) => layers.reduce((total, layer) => total + of(layer), 0);
    const platform = [config.os, config.architecture, config.variant].filter(Boolean).join('/');
    const facts: [string, string][] = [];
    const fact = (label: string, value: string | undefined) => value && facts.push([label, value]);
    fact('Platform', platform);
    fact('Form', image.form);
    fact('Author', config.author);
    for (const [key, value] of Object.entries(view.annotations ?? {})) fact(key, value);
    return {
      name: view.names[0] ?? this.#source,
      source: this.#source,
      form: image.form,
      names: view.names,
      platforms: image.manifests.map((manifest, index) => ({ index, label: manifest.platform || manifest.names?.[0] || `image ${index + 1}` })),
      platform: this.#selected,
      manifestDigest: view.digest,
      configDigest: view.configDigest,
      created: config.created,
      config: config.config ?? {},
      facts,
      layers,
      history,
      baseName: view.annotations?.['org.opencontainers.image.base.name'],
      stored: sum((layer) => layer.stored),
      content: sum((layer) => layer.content),
      wasted: sum((layer) => layer.wasted),
      files: files.files,
      problems: view.problems ?? [],
    };
  }

  /** Layers count from 1 here, as everywhere on the page. */
  tree(layer: number, merged: boolean): TreeData {
    return this.#files().tree(layer - 1, merged, this.#base);
  }

  details(path: string, layer: number): FileDetails | undefined {
    return this.#files().details(path, layer - 1);
  }

  async content(path: string, layer: number, work: CallContext): Promise<FileContent> {
    const view = this.#view;
    let at = this.#files().versionLayer(path, layer - 1);
    let name = path;
    // A hard link's bytes are those of the file it was made to, in the same layer or below.
    for (let hops = 0; at !== undefined && hops < 8; hops++) {
      const found = this.#files().details(name, at);
      if (found?.kind !== 'hardlink' || !found.link) break;
      name = found.link.replace(/^\.?\/+/, '');
      at = this.#files().versionLayer(name, at);
    }
    if (!view || at === undefined) throw new Error(`no file at ${name}`);
    // A copy of its own, since it is moved to the page.
    const bytes = Uint8Array.from(await view.read(at, name, work));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return { bytes, size: bytes.length, digest: `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')}` };
  }

  find(text: string, limit: number): { path: string; size: number; layer: number }[] {
    return this.#files().find(text, limit);
  }

  async verify(work: CallContext): Promise<VerifyResult> {
    if (!this.#view) throw new Error('no image is open');
    const { items } = await this.#view.verify(work);
    return { items, verified: items.filter((item) => item.state === 'verified').length, total: items.length };
  }

  close(): void {
    this.#image?.close();
    this.#image = undefined;
    this.#view = undefined;
    this.#index = undefined;
  }

  #present(): RawImage {
    if (!this.#image) throw new Error('no image is open');
    return this.#image;
  }

  #files(): FileIndex {
    if (!this.#index) throw new Error('no image is open');
    return this.#index;
  }
}
