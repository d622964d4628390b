// Two images side by side: layers, configuration, history, files, and whether one is a rebuild of the other.
import type { WorkOptions } from './engine.js';
import type { Image, Which } from './image.js';
import { hunks, lineSteps } from './unified.js';
import type { FileEntry, LayerSummary, ManifestSummary, MergedEntry } from './wasm/layerwright.js';

/** How to compare. */
export interface CompareOptions extends WorkOptions {
  /** Which image of the first. */
  a?: Which;
  /** Which image of the second. */
  b?: Which;
  /** Largest text of which the differences are shown, in bytes. 0 shows none. Default 64 kB. */
  textLimit?: number;
  /** Most files whose texts are compared. Default 50. */
  texts?: number;
}

/** Why two files differ. */
export type FileReason = 'kind' | 'content' | 'mode' | 'owner' | 'link' | 'device' | 'xattrs' | 'time';

/** A path that differs. */
export interface FileDifference {
  path: string;
  status: 'added' | 'removed' | 'changed';
  /** For a change. */
  reasons: FileReason[];
  a?: MergedEntry;
  b?: MergedEntry;
  /** The differences of a small text as a unified diff. */
  diff?: string;
}

/** A layer of one or both images. */
export interface LayerPair {
  /** Its place in the first image. */
  a?: number;
  /** Its place in the second. */
  b?: number;
  /**
   * `same`: one blob. `compression`: one tar in two blobs. `time`: the same files in the same order but for times. `order`: the
   * same files in another order, times aside. `content`: other files. `only`: there is no counterpart.
   */
  status: 'same' | 'compression' | 'time' | 'order' | 'content' | 'only';
  /** Bytes of the blob in the second image, or in the first where it is only there. */
  size: number;
}

/** A value of a configuration or of annotations that differs. */
export interface ValueDifference {
  /** Where: `config.Env[2]`, `history[1].created`. */
  path: string;
  a?: unknown;
  b?: unknown;
}

/** Two images side by side. */
export interface ImageComparison {
  /**
   * `identical`: one digest. `equivalent`: they run alike: the same files, attributes and run-time configuration; what differs
   * is when and how they were packed. `different`: all else.
   */
  verdict: 'identical' | 'equivalent' | 'different';
  /** What differs, for a person, the weightiest first. Empty where they are identical. */
  why: string[];
  a: Pick<ManifestSummary, 'digest' | 'names' | 'platform'>;
  b: Pick<ManifestSummary, 'digest' | 'names' | 'platform'>;
  layers: LayerPair[];
  /** Bytes of the second image's blobs that a registry has that holds the first. */
  sharedBlobBytes: number;
  /** Bytes of its unpacked layers that a disk has that holds the first: layers count as long as all below are the same. */
  sharedDiskBytes: number;
  /** Bytes of the second image's blobs. */
  blobBytes: number;
  /** Differences of the configuration, without history and layers. */
  config: ValueDifference[];
  history: ValueDifference[];
  files: FileDifference[];
  /** How many names are in both and do not differ. */
  sameFiles: number;
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Compares two images: the first is what was, the second what is. */
export async function compareImages(first: Image, second: Image, options: CompareOptions = {}): Promise<ImageComparison> {
  const { signal, onProgress, textLimit = 64_000, texts = 50 } = options;
  const work = { signal, onProgress };
  const [atA, atB] = [first.find(options.a), second.find(options.b)];
  const [a, b] = [first.manifests[atA]!, second.manifests[atB]!];
  const layersA = await first.layers({ ...work, image: atA });
  const layersB = await second.layers({ ...work, image: atB });
  const filesA = await first.files({ ...work, image: atA, contents: true });
  const filesB = await second.files({ ...work, image: atB, contents: true });
  const { files, same } = compareFiles(filesA, filesB);
  let left = texts;
  for (const file of files) {
    if (left === 0) break;
    const [x, y] = [file.a, file.b];
    if (x?.kind !== 'file' || y?.kind !== 'file' || !file.reasons.includes('content') || x.size > textLimit || y.size > textLimit) continue;
    left--;
    try {
      const [before, after] = [await first.readFile(file.path, { ...work, image: atA }), await second.readFile(file.path, { ...work, image: atB })];
      const diff = textDiff(before, after);
      if (diff !== undefined) file.diff = diff;
    } catch {
      // A streamed image has no contents to show.
      signal?.throwIfAborted();
    }
  }
  const layers = await pairLayers(layersA, layersB, (side, layer) => (side === 'a' ? first.entries(layer, { ...work, image: atA, contents: true }) : second.entries(layer, { ...work, image: atB, contents: true })));

  const [configA, historyA] = splitConfig(a.config);
  const [configB, historyB] = splitConfig(b.config);
  const config = differences(configA, configB);
  const history = differences(historyA, historyB, 'history');
  const annotations = differences(a.annotations, b.annotations, 'annotations');
  config.push(...annotations);

  const blobs = new Set(layersA.map((layer) => layer.digest));
  const onDisk = layersB.findIndex((layer, i) => layer.diffId === undefined || layer.diffId !== layersA[i]?.diffId);
  const verdict = verdictOf(a, b, layers, config, history, files);
  return {
    ...verdict,
    a: pick(a),
    b: pick(b),
    layers,
    sharedBlobBytes: sum(layersB.filter((layer) => layer.digest !== undefined && blobs.has(layer.digest)).map((layer) => layer.size)),
    sharedDiskBytes: sum(layersB.slice(0, onDisk < 0 ? layersB.length : onDisk).map((layer) => layer.unpacked ?? 0)),
    blobBytes: sum(layersB.map((layer) => layer.size)),
    config,
    history,
    files,
    sameFiles: same,
  };
}

const pick = ({ digest, names, platform }: ManifestSummary) => ({ digest, names, platform });

/** Both lists are in the order of their paths' bytes, parents first; a map needs no order. */
function compareFiles(a: MergedEntry[], b: MergedEntry[]): { files: FileDifference[]; same: number } {
  const before = new Map(a.map((file) => [file.path, file]));
  const files: FileDifference[] = [];
  let same = 0;
  for (const file of b) {
    const old = before.get(file.path);
    if (!old) {
      files.push({ path: file.path, status: 'added', reasons: [], b: file });
      continue;
    }
    before.delete(file.path);
    const reasons = reasonsOf(old, file);
    if (reasons.length) files.push({ path: file.path, status: 'changed', reasons, a: old, b: file });
    else same++;
  }
  for (const file of before.values()) files.push({ path: file.path, status: 'removed', reasons: [], a: file });
  files.sort((x, y) => (x.path < y.path ? -1 : x.path > y.path ? 1 : 0));
  return { files, same };
}

function reasonsOf(a: MergedEntry, b: MergedEntry): FileReason[] {
  const reasons: FileReason[] = [];
  const one = a.kind === b.kind;
  if (!one) reasons.push('kind');
  if (a.kind === 'file' && one && (a.size !== b.size || a.sha256 !== b.sha256)) reasons.push('content');
  if (a.mode !== b.mode && !(one && a.kind === 'symlink')) reasons.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) reasons.push('owner');
  if (one && a.link !== b.link) reasons.push('link');
  if (one && a.device?.join() !== b.device?.join()) reasons.push('device');
  if (!equal(a.xattrs, b.xattrs)) reasons.push('xattrs');
  // A directory's time says when something in it was made.
  if (a.mtime !== b.mtime) reasons.push('time');
  return reasons;
}

async function pairLayers(a: LayerSummary[], b: LayerSummary[], read: (side: 'a' | 'b', layer: number) => Promise<FileEntry[]>): Promise<LayerPair[]> {
  const pairs: LayerPair[] = [];
  const matched = new Map<number, number>();
  const used = new Set<number>();
  const match = (by: (layer: LayerSummary) => string | undefined) => {
    b.forEach((layer, j) => {
      if (matched.has(j)) return;
      const key = by(layer);
      const i = key === undefined ? -1 : a.findIndex((other, i) => !used.has(i) && by(other) === key);
      if (i < 0) return;
      matched.set(j, i);
      used.add(i);
    });
  };
  match((layer) => layer.digest);
  match((layer) => layer.diffId);
  // What is left is paired in order.
  const rest = a.map((_, i) => i).filter((i) => !used.has(i));
  for (const j of b.keys()) {
    if (matched.has(j) || rest.length === 0) continue;
    // Only a neighbour of what stands around it is a counterpart.
    const i = rest.shift()!;
    matched.set(j, i);
    used.add(i);
  }
  for (const [j, layer] of b.entries()) {
    const i = matched.get(j);
    if (i === undefined) {
      pairs.push({ b: j, status: 'only', size: layer.size });
      continue;
    }
    const old = a[i]!;
    let status: LayerPair['status'];
    if (old.digest !== undefined && old.digest === layer.digest) status = 'same';
    else if (old.diffId !== undefined && old.diffId === layer.diffId) status = 'compression';
    else if (!old.present || !layer.present || old.encrypted || layer.encrypted) status = 'content';
    else status = compareEntries(await read('a', i), await read('b', j));
    pairs.push({ a: i, b: j, status, size: layer.size });
  }
  for (const [i, layer] of a.entries()) if (!used.has(i)) pairs.push({ a: i, status: 'only', size: layer.size });
  return pairs;
}

function compareEntries(a: FileEntry[], b: FileEntry[]): LayerPair['status'] {
  if (a.length !== b.length) return 'content';
  const key = ({ mtime: _, ...entry }: FileEntry) => JSON.stringify(entry, Object.keys(entry).sort());
  const [x, y] = [a.map(key), b.map(key)];
  if (x.every((line, i) => line === y[i])) return 'time';
  x.sort();
  y.sort();
  return x.every((line, i) => line === y[i]) ? 'order' : 'content';
}

/** The configuration without what tells how it was made, and that. */
function splitConfig(config: ManifestSummary['config']): [Record<string, unknown>, unknown] {
  const { history, rootfs: _, ...rest } = (config ?? {}) as Record<string, unknown>;
  return [rest, history];
}

function equal(a: unknown, b: unknown): boolean {
  return differences(a, b).length === 0;
}

/** Paths at which two JSON values differ. Null and absence are the same. */
function differences(a: unknown, b: unknown, path = ''): ValueDifference[] {
  if (a === b || (a ?? undefined) === (b ?? undefined)) return [];
  const object = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (object(a) && object(b) && Array.isArray(a) === Array.isArray(b)) {
    const list = Array.isArray(a);
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], list ? `${path}[${key}]` : path ? `${path}.${key}` : key));
  }
  return [{ path: path || '$', ...(a === undefined || a === null ? {} : { a }), ...(b === undefined || b === null ? {} : { b }) }];
}

/** Fields that say when and by whom an image was made, and nothing of how it runs. */
const ABOUT_BUILD = /^(?:created$|author$|docker_version$|container$|container_config(?:\.|$)|id$|parent$|throwaway$|comment$|moby\.|config\.Image$|config\.Hostname$|annotations\.|config\.Labels\.org\.opencontainers\.image\.(?:created|revision)$)/;

function verdictOf(a: ManifestSummary, b: ManifestSummary, layers: LayerPair[], config: ValueDifference[], history: ValueDifference[], files: FileDifference[]): Pick<ImageComparison, 'verdict' | 'why'> {
  if (a.digest === b.digest) return { verdict: 'identical', why: [] };
  const why: string[] = [];
  const say = (count: number, one: string, many: string) => count > 0 && why.push(`${count} ${count === 1 ? one : many}`);
  const files_ = (of: (file: FileDifference) => boolean) => files.filter(of).length;
  const onlyTime = (file: FileDifference) => file.status === 'changed' && file.reasons.every((reason) => reason === 'time');
  const real = files.filter((file) => !onlyTime(file));
  const runs = config.filter(({ path }) => !ABOUT_BUILD.test(path));
  say(files_((f) => f.status === 'added'), 'file added', 'files added');
  say(files_((f) => f.status === 'removed'), 'file removed', 'files removed');
  say(files_((f) => f.reasons.includes('content')), 'file with other content', 'files with other content');
  say(real.filter((f) => f.status === 'changed' && !f.reasons.includes('content')).length, 'file with other attributes', 'files with other attributes');
  say(runs.length, 'setting of the configuration differs', 'settings of the configuration differ');
  say(files_(onlyTime), 'file that differs in its time alone', 'files that differ in their times alone');
  say(config.length - runs.length, 'field about the build differs', 'fields about the build differ');
  if (history.length) why.push('the history differs');
  const layer = (status: LayerPair['status']) => layers.filter((pair) => pair.status === status).length;
  say(layer('time'), 'layer with other times alone', 'layers with other times alone');
  say(layer('order'), 'layer with its files in another order', 'layers with their files in another order');
  say(layer('compression'), 'layer compressed otherwise', 'layers compressed otherwise');
  if (real.length === 0 && (layer('only') || layer('content'))) why.push('the files are spread over other layers');
  if (why.length === 0) why.push('the manifests are written otherwise');
  return { verdict: real.length === 0 && runs.length === 0 ? 'equivalent' : 'different', why };
}

/** Changed lines of a text that are shown. */
const CHANGES = 400;

/** A unified diff of two texts with three lines around, or `undefined` where one is no text or too much has changed. */
export function textDiff(before: Uint8Array, after: Uint8Array): string | undefined {
  const decode = (bytes: Uint8Array): string[] | undefined => {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return text.includes('\0') ? undefined : text.split('\n');
    } catch {
      return undefined;
    }
  };
  const [a, b] = [decode(before), decode(after)];
  if (!a || !b) return undefined;
  const steps = lineSteps(a, b, CHANGES);
  if (steps.filter(({ mark }) => mark !== ' ').length > CHANGES) return undefined;
  return hunks(steps).flatMap((hunk) => [hunk.range, ...hunk.steps.map(({ mark, text }) => mark + text)]).join('\n');
}
