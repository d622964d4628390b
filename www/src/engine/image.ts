// The one place that knows the image functions of the package.
import * as lw from 'layerwright';
import type { CallContext } from '../lib/rpc-types.ts';
import { FileIndex, type LayerEntry } from './files.ts';
import { baseLayers, historyItems } from './history.ts';
import { chosen, namesOf, openSource, platformChoices, titleOf } from './source.ts';
import { KINDS as KIND_ORDER, type ContainerConfig, type FileContent, type FileDetails, type FileKind, type Found, type ImageFiles, type ImageSummary, type LayerInfo, type Oddity, type Recipe, type StoredTrees, type TreeData, type VerifyItem, type VerifyResult } from './types.ts';

type Manifest = lw.ManifestSummary;

const KINDS: Record<string, FileKind> = { file: 'file', dir: 'dir', symlink: 'symlink', hardlink: 'hardlink', char: 'char', block: 'block', fifo: 'fifo' };

const clean = (path: string) => path.replace(/^(?:\.?\/)+|^\.$|\/+$/g, '');

/** An entry as the index takes it: whiteouts by what they hide. */
function entryOf(raw: lw.FileEntry, at: number): LayerEntry {
  const path = clean(raw.path);
  const slash = path.lastIndexOf('/') + 1;
  const name = path.slice(slash);
  const common = { size: 0, mode: raw.mode, uid: raw.uid, gid: raw.gid, at };
  if (name === '.wh..wh..opq') return { ...common, path: path.slice(0, Math.max(0, slash - 1)), kind: 'opaque' };
  if (name.startsWith('.wh.')) return { ...common, path: path.slice(0, slash) + name.slice(4), kind: 'whiteout' };
  const kind = KINDS[raw.kind] ?? 'file';
  return {
    ...common,
    path,
    kind,
    size: kind === 'file' ? raw.size : 0,
    // Root's own name is not said.
    owner: raw.uname ?? (raw.uid === 0 ? 'root' : undefined),
    group: raw.gname ?? (raw.gid === 0 ? 'root' : undefined),
    mtime: raw.mtime,
    link: raw.link,
    device: raw.device?.join(', '),
    xattrs: raw.xattrs,
  };
}

/** Members that overlay tools put beside whiteouts, and that no runtime shows. */
const isBookkeeping = (entry: LayerEntry) => (entry.kind === 'whiteout' || entry.kind === 'opaque') && /(^|\/)\.wh\./.test(entry.path);

/** Makes an image of a recipe, as an archive. */
export async function assemble({ name, dockerfile, files }: Recipe, work: CallContext): Promise<Uint8Array<ArrayBuffer>> {
  await lw.init();
  const options = { signal: work.signal, onProgress: work.onProgress };
  using image = await lw.buildImage({ dockerfile, context: files.map(({ path, text }) => ({ path, bytes: text })), tags: [name] }, options);
  const archive = await lw.saveImage(image, { format: 'oci-layout' });
  return Uint8Array.from(await archive.bytes());
}

/** Copies of a file above this are not compared, in bytes. */
const SAME_LIMIT = 20_000_000;

/** The image that is open in this worker. */
export class Reader {
  #image: lw.Image | undefined;
  #index: FileIndex | undefined;
  #base = 0;
  #source = '';
  /** Place of the shown image among the manifests. */
  #at = 0;

  async open(source: ImageFiles, name: string, platform: string | undefined, work: CallContext): Promise<ImageSummary> {
    this.close();
    this.#source = name;
    this.#image = await openSource(source, work);
    return this.#show(chosen(this.#image, platform), work);
  }

  /** `index` counts the images, as the summary lists them. */
  async select(index: number, work: CallContext): Promise<ImageSummary> {
    const manifest = this.#images()[index];
    if (!manifest) throw new Error('there is no such image');
    return this.#show(this.#present().manifests.indexOf(manifest), work);
  }

  #images(): Manifest[] {
    return this.#present().images;
  }

  async #show(at: number, work: CallContext): Promise<ImageSummary> {
    const image = this.#present();
    const manifest = image.manifests[at];
    if (!manifest) throw Object.assign(new Error('It is an archive, but no container image is in it.'), { code: 'NO_SUCH_IMAGE' });
    const options = { signal: work.signal, onProgress: work.onProgress, image: at };
    const layers = await image.layers(options);
    const entries: LayerEntry[][] = [];
    const problems: (string | undefined)[] = [];
    for (let i = 0; i < layers.length; i++) {
      let problem = layers[i]?.problem?.message;
      try {
        entries.push((await image.entries(i, options)).map(entryOf).filter((entry) => !isBookkeeping(entry)));
      } catch (error) {
        if (work.signal.aborted) throw error;
        // A layer that cannot be read leaves the others readable.
        entries.push([]);
        problem ??= error instanceof Error ? error.message : String(error);
      }
      problems.push(problem);
    }
    const index = new FileIndex(entries);
    this.#at = at;
    this.#index = index;
    return this.#summary(image, manifest, layers, index, problems);
  }

  #summary(image: lw.Image, manifest: Manifest, read: lw.LayerSummary[], files: FileIndex, problems: (string | undefined)[]): ImageSummary {
    const config = manifest.config ?? {};
    const items = Array.isArray(config.history) ? config.history : [];
    const history = historyItems(items, read.length);
    this.#base = Math.min(baseLayers(history), read.length);
    const byLayer = new Map(history.map((item) => [item.layer, item]));
    const layers = read.map((layer, i): LayerInfo => {
      const made = byLayer.get(i + 1);
      return {
        digest: layer.digest,
        diffId: layer.diffId,
        compression: layer.compression === 'none' ? undefined : layer.compression,
        mediaType: layer.mediaType,
        stored: layer.size,
        content: files.content[i] ?? 0,
        wasted: files.wasted[i] ?? 0,
        files: files.counts[i] ?? 0,
        command: made?.createdBy,
        created: made?.created,
        base: i < this.#base,
        problem: problems[i],
      };
    });
    const sum = (of: (layer: LayerInfo) => number) => layers.reduce((total, layer) => total + of(layer), 0);
    const facts: [string, string][] = [];
    const fact = (label: string, value: string | undefined) => typeof value === 'string' && value !== '' && facts.push([label, value]);
    fact('Platform', manifest.platform ?? [config.os, config.architecture, config.variant].filter(Boolean).join('/'));
    fact('Form', image.form);
    fact('Media type', manifest.mediaType);
    fact('Author', config.author);
    for (const [key, value] of Object.entries(manifest.annotations)) fact(key, value);
    const images = this.#images();
    const names = namesOf(manifest);
    return {
      name: titleOf(names, this.#source),
      source: this.#source,
      form: image.form,
      names,
      platforms: platformChoices(images),
      platform: images.indexOf(manifest),
      manifestDigest: manifest.digest,
      configDigest: manifest.configDigest,
      created: config.created,
      config: (config.config ?? {}) as ContainerConfig,
      facts,
      layers,
      history,
      baseName: manifest.annotations['org.opencontainers.image.base.name'],
      stored: sum((layer) => layer.stored),
      content: sum((layer) => layer.content),
      wasted: sum((layer) => layer.wasted),
      files: files.files,
    };
  }

  /** Layers count from 1 here, as everywhere on the page. */
  tree(layer: number, merged: boolean): TreeData {
    return this.#files().tree(layer - 1, merged, this.#base);
  }

  stored(layer: number | undefined): StoredTrees {
    return this.#files().stored(layer === undefined ? undefined : layer - 1, this.#base);
  }

  details(path: string, layer: number): FileDetails | undefined {
    return this.#files().details(path, layer - 1);
  }

  async content(path: string, layer: number, work: CallContext): Promise<FileContent> {
    const files = this.#files();
    let found = files.version(path, layer - 1);
    // A hard link's bytes are those of the file it was made to, in the same layer or below.
    for (let hops = 0; found?.entry.kind === 'hardlink' && found.entry.link !== undefined && hops < 8; hops++) found = files.version(clean(found.entry.link), found.layer);
    if (found?.entry.kind !== 'file' || found.entry.at === undefined) throw new Error('There is no file with bytes of its own at this path.');
    // A copy of its own, since it is moved to the page.
    const bytes = Uint8Array.from(await this.#present().readEntry(found.layer, found.entry.at, { signal: work.signal, image: this.#at }));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return { bytes, size: bytes.length, digest: `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')}` };
  }

  find(text: string, limit: number): { path: string; size: number; layer: number }[] {
    return this.#files().find(text, limit);
  }

  analyze(duplicates: boolean, work: CallContext): Promise<lw.ImageAnalysis> {
    return this.#present().analyze({ image: this.#at, most: 200, duplicates, signal: work.signal, onProgress: work.onProgress });
  }

  async sameBytes(path: string, work: CallContext): Promise<boolean[]> {
    const answer: boolean[] = [];
    let before: { size: number; bytes: Uint8Array } | undefined;
    for (const copy of this.#files().copies(path)) {
      let same = false;
      if (copy?.size && copy.size <= SAME_LIMIT) {
        const bytes = Uint8Array.from(await this.#present().readEntry(copy.layer, copy.at, { signal: work.signal, image: this.#at }));
        same = before?.size === copy.size && before.bytes.every((byte, i) => byte === bytes[i]);
        before = { size: copy.size, bytes };
      } else before = undefined;
      answer.push(same);
    }
    return answer;
  }

  /** The package's own words for a search, but layers count from 1 here. */
  async search(text: string, layer: number | undefined, work: CallContext): Promise<Found> {
    const query = lw.parseQuery(text);
    if (query.layer === 0) throw Object.assign(new Error('Layers count from 1 here: layer:1 is the first.'), { code: 'QUERY_INVALID' });
    if (query.layer !== undefined) query.layer -= 1;
    else if (layer !== undefined) query.layer = layer - 1;
    const files = await this.#present().search(query, { signal: work.signal, onProgress: work.onProgress, image: this.#at });
    return {
      count: files.length,
      paths: files.map((file) => file.path),
      kind: Uint8Array.from(files, (file) => Math.max(0, KIND_ORDER.indexOf(file.kind as FileKind))),
      size: Float64Array.from(files, (file) => file.size),
      layer: Uint16Array.from(files, (file) => file.layer + 1),
      matches: query.text ? files.map(({ match }) => ({ line: match?.line ?? 0, text: match?.text ?? '', count: match?.count ?? 0 })) : undefined,
    };
  }

  async verify(work: CallContext): Promise<VerifyResult> {
    const image = this.#present();
    const manifest = image.manifests[this.#at];
    const report = await image.verify({ signal: work.signal, onProgress: work.onProgress });
    const items: VerifyItem[] = [];
    const wrong = (digest: string, code: RegExp) => report.findings.find((finding) => finding.severity === 'error' && code.test(finding.code) && (finding.document === digest || finding.message.includes(digest)));
    if (manifest) {
      const isConfig = manifest.digest === manifest.configDigest;
      if (!isConfig) {
        const problem = wrong(manifest.digest, /^MANIFEST_/);
        items.push({ what: 'manifest', digest: manifest.digest, state: problem ? 'failed' : 'verified', problem: problem?.message });
      }
      if (manifest.configDigest) {
        const problem = wrong(manifest.configDigest, /^CONFIG_(DIGEST|SIZE|MISSING)/);
        items.push({ what: 'config', digest: manifest.configDigest, state: problem ? 'failed' : 'verified', problem: problem?.message });
      }
      for (const layer of report.layers.filter((known) => known.image === manifest.digest)) {
        const summary = manifest.layers[layer.layer];
        const problem = report.findings.find((finding) => finding.severity === 'error' && finding.layer === layer.name);
        const absent = summary !== undefined && (!summary.present || summary.encrypted);
        items.push({
          what: `layer ${layer.layer + 1}`,
          digest: summary?.digest ?? summary?.diffId ?? layer.name,
          state: layer.verified ? 'verified' : absent ? 'unread' : 'failed',
          problem: layer.verified ? undefined : problem?.message,
        });
      }
    }
    const numbers = new Map(report.layers.filter((known) => known.image === manifest?.digest).map((known) => [known.name, known.layer + 1]));
    const oddities = report.findings.map(
      ({ severity, code, message, document, path, layer, entry, clause, count = 1 }): Oddity => ({ severity, code, message, document, path, layer, layerNumber: layer === undefined ? undefined : numbers.get(layer), entry, clause, count }),
    );
    return { verdict: report.verdict, differences: lw.tarDifferences(report), items, oddities, verified: items.filter((item) => item.state === 'verified').length, total: items.length };
  }

  close(): void {
    this.#image?.close();
    this.#image = undefined;
    this.#index = undefined;
  }

  #present(): lw.Image {
    if (!this.#image) throw new Error('no image is open');
    return this.#image;
  }

  #files(): FileIndex {
    if (!this.#index) throw new Error('no image is open');
    return this.#index;
  }
}
