// Two images side by side, as the page shows them.
import * as lw from 'layerwright';
import { type DiffLine, lineDiff } from '../lib/diff.ts';
import { mode as modeText, time } from '../lib/format.ts';
import type { CallContext } from '../lib/rpc-types.ts';
import { baseLayers, historyItems } from './history.ts';
import { chosen, namesOf, openSource, platformChoices, titleOf } from './source.ts';
import { CHANGE, type ComparedImage, type ComparedSource, type Comparison, type ConfigRow, type FileChanges, type FileDifference, KINDS, REASONS, type SideLine } from './types.ts';

/** Texts above this are not compared line by line, in bytes. */
const TEXT_LIMIT = 1_000_000;

interface Side {
  key: number;
  name: string;
  image: lw.Image;
  at: number;
}

/** The two images that are open in this worker, and what was found about them. */
export class Comparer {
  #a: Side | undefined;
  #b: Side | undefined;
  #files: readonly lw.FileDifference[] = [];

  async compare(a: ComparedSource, b: ComparedSource, work: CallContext): Promise<Comparison> {
    this.#files = [];
    // What stays open on either side is not read again.
    const before = [this.#a, this.#b];
    const [first, second] = [await this.#side(a, before, work), await this.#side(b, before, work)];
    for (const side of before) if (side && side.image !== first.image && side.image !== second.image) side.image.close();
    [this.#a, this.#b] = [first, second];
    const { signal, onProgress } = work;
    // Texts are compared when they are looked at.
    const found = await lw.compareImages(first.image, second.image, { a: { image: first.at }, b: { image: second.at }, textLimit: 0, signal, onProgress });
    this.#files = found.files;
    const [x, y] = [manifestOf(first), manifestOf(second)];
    return {
      verdict: found.verdict,
      why: found.why,
      a: compared(first),
      b: compared(second),
      pairs: found.layers.map(({ a: i, b: j, status }) => ({ a: i === undefined ? undefined : i + 1, b: j === undefined ? undefined : j + 1, status })),
      sharedBlobBytes: found.sharedBlobBytes,
      sharedDiskBytes: found.sharedDiskBytes,
      config: configRows(x, y),
      history: lineDiff(historyLines(x), historyLines(y)),
      files: columns(found.files),
      sameFiles: found.sameFiles,
    };
  }

  async #side({ source, key, name, index, platform }: ComparedSource, open: readonly (Side | undefined)[], work: CallContext): Promise<Side> {
    const known = open.find((side) => side?.key === key);
    const image = known?.image ?? (await openSource(source, work));
    const wanted = index === undefined ? undefined : image.images[index];
    return { key, name, image, at: wanted ? image.manifests.indexOf(wanted) : chosen(image, platform) };
  }

  /** What differs at one path, with the lines of small texts. */
  async difference(index: number, work: CallContext): Promise<FileDifference> {
    const file = this.#files[index];
    const [first, second] = [this.#a, this.#b];
    if (!file || !first || !second) throw new Error('this comparison is no longer open');
    const { a, b, path, status } = file;
    const answer: FileDifference = { path, change: status, facts: factsOf(a, b) };
    const files = [a, b].filter((entry) => entry?.kind === 'file');
    if (files.length === 0 || (status === 'changed' && !file.reasons.includes('content') && !file.reasons.includes('kind'))) return answer;
    if (files.some((entry) => (entry?.size ?? 0) > TEXT_LIMIT)) return { ...answer, note: 'Too large to compare line by line.' };
    const read = async (side: Side, entry: lw.MergedEntry | undefined) => (entry?.kind === 'file' ? await side.image.readFile(path, { signal: work.signal, image: side.at }) : new Uint8Array());
    const [before, after] = [textLines(await read(first, a)), textLines(await read(second, b))];
    if (!before || !after) return { ...answer, note: 'No text: the bytes differ.' };
    return { ...answer, lines: numbered(lineDiff(before, after)) };
  }

  close(): void {
    this.#a?.image.close();
    this.#b?.image.close();
    this.#a = this.#b = undefined;
    this.#files = [];
  }
}

function manifestOf({ image, at }: Side): lw.ManifestSummary {
  const manifest = image.manifests[at];
  if (!manifest) throw Object.assign(new Error('It is an archive, but no container image is in it.'), { code: 'NO_SUCH_IMAGE' });
  return manifest;
}

function compared(side: Side): ComparedImage {
  const manifest = manifestOf(side);
  const history = historyItems(Array.isArray(manifest.config?.history) ? manifest.config.history : [], manifest.layers.length);
  const base = baseLayers(history);
  const commands = new Map(history.map((item) => [item.layer, item.createdBy]));
  const { images } = side.image;
  return {
    name: titleOf(namesOf(manifest), side.name),
    source: side.name,
    digest: manifest.digest,
    platforms: platformChoices(images),
    platform: images.indexOf(manifest),
    stored: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
    layers: manifest.layers.map((layer, i) => ({ command: commands.get(i + 1), digest: layer.digest ?? layer.diffId, stored: layer.size, base: i < base, problem: layer.problem?.message })),
  };
}

const historyLines = (manifest: lw.ManifestSummary): string[] => {
  const items = Array.isArray(manifest.config?.history) ? manifest.config.history : [];
  return historyItems(items, manifest.layers.length).map((item) => (item.createdBy ?? '(no command)').replaceAll('\n', ' '));
};

function columns(files: readonly lw.FileDifference[]): FileChanges {
  const count = files.length;
  const out: FileChanges = {
    count,
    paths: files.map((file) => file.path),
    change: new Uint8Array(count),
    reasons: new Uint8Array(count),
    kind: new Uint8Array(count),
    sizeA: new Float64Array(count),
    sizeB: new Float64Array(count),
    layerA: new Uint16Array(count),
    layerB: new Uint16Array(count),
  };
  files.forEach(({ status, reasons, a, b }, i) => {
    out.change[i] = CHANGE[status];
    out.reasons[i] = reasons.reduce((bits, reason) => bits | (1 << REASONS.indexOf(reason)), 0);
    out.kind[i] = Math.max(0, KINDS.indexOf((b ?? a)?.kind as (typeof KINDS)[number]));
    out.sizeA[i] = a?.size ?? 0;
    out.sizeB[i] = b?.size ?? 0;
    out.layerA[i] = a ? a.layer + 1 : 0;
    out.layerB[i] = b ? b.layer + 1 : 0;
  });
  return out;
}

/** The facts of a file that differ; of a file that is on one side only, all of them. */
function factsOf(a: lw.MergedEntry | undefined, b: lw.MergedEntry | undefined): FileDifference['facts'] {
  const facts: FileDifference['facts'] = [];
  const fact = (what: string, of: (entry: lw.MergedEntry) => string | undefined) => {
    const [x, y] = [a && of(a), b && of(b)];
    if (x !== y) facts.push({ what, a: x, b: y });
  };
  fact('Kind', (entry) => entry.kind);
  fact('Size', (entry) => (entry.kind === 'file' ? String(entry.size) : undefined));
  fact('Content', (entry) => (entry.sha256 === undefined ? undefined : `sha256:${entry.sha256}`));
  fact('Mode', (entry) => modeText(entry.kind, entry.mode));
  fact('Owner', (entry) => `${entry.uid}:${entry.gid}`);
  fact('Points to', (entry) => entry.link);
  fact('Device', (entry) => entry.device?.join(', '));
  const names = [...new Set([...Object.keys(a?.xattrs ?? {}), ...Object.keys(b?.xattrs ?? {})])].sort();
  for (const name of names) fact(`Attribute ${name}`, (entry) => entry.xattrs?.[name]);
  fact('Modified', (entry) => time(entry.mtime));
  fact('Layer', (entry) => String(entry.layer + 1));
  return facts;
}

/** The lines of a text, or nothing for what is none. */
function textLines(bytes: Uint8Array): string[] | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch {
    return undefined;
  }
}

function numbered(lines: readonly DiffLine[]): SideLine[] {
  let a = 0;
  let b = 0;
  return lines.map(({ kind, text }) => (kind === 'same' ? { a: ++a, b: ++b, text } : kind === 'removed' ? { a: ++a, text } : { b: ++b, text }));
}

/** Fields of the configuration that tell how it was made, and nothing of how it runs. */
const ABOUT = /^(?:created|author|comment|docker_version|container|container_config|id|parent|throwaway|moby\..*)$/;

/** What differs in the configurations, value by value: variables and labels by their names. */
function configRows(x: lw.ManifestSummary, y: lw.ManifestSummary): ConfigRow[] {
  const rows: ConfigRow[] = [];
  const add = (key: string, a: string | undefined, b: string | undefined, about = false) => {
    if (a !== b) rows.push({ key, change: a === undefined ? 'added' : b === undefined ? 'removed' : 'changed', a, b, about });
  };
  const map = (label: (key: string) => string, a: Record<string, unknown>, b: Record<string, unknown>, about: (key: string) => boolean = () => false) => {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) add(label(key), shown(a[key]), shown(b[key]), about(key));
  };
  const [a, b] = [configOf(x), configOf(y)];
  map((key) => key, plain(a.run), plain(b.run), (key) => key === 'Image' || key === 'Hostname');
  map((key) => `Env ${key}`, environment(a.run.Env), environment(b.run.Env));
  if (rows.length === 0 || !rows.some(({ key }) => key.startsWith('Env '))) add('Order of Env', shown(a.run.Env), shown(b.run.Env));
  map((key) => `Label ${key}`, record(a.run.Labels), record(b.run.Labels), (key) => /^org\.opencontainers\.image\.(?:created|revision)$/.test(key));
  map((key) => `Port ${key}`, record(a.run.ExposedPorts), record(b.run.ExposedPorts));
  map((key) => `Volume ${key}`, record(a.run.Volumes), record(b.run.Volumes));
  map((key) => key, a.top, b.top, (key) => ABOUT.test(key));
  map((key) => `Annotation ${key}`, x.annotations, y.annotations, () => true);
  return rows.sort((p, q) => Number(p.about) - Number(q.about));
}

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

function configOf(manifest: lw.ManifestSummary): { run: Record<string, unknown>; top: Record<string, unknown> } {
  const { config, history: _history, rootfs: _rootfs, ...top } = record(manifest.config);
  return { run: record(config), top };
}

/** The settings that are one value each. */
function plain(run: Record<string, unknown>): Record<string, unknown> {
  const { Env: _env, Labels: _labels, ExposedPorts: _ports, Volumes: _volumes, ...rest } = run;
  return rest;
}

function environment(value: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of Array.isArray(value) ? value : []) {
    const text = String(pair);
    const at = text.indexOf('=');
    out[at < 0 ? text : text.slice(0, at)] = at < 0 ? '' : text.slice(at + 1);
  }
  return out;
}

/** A value as a person reads it; what is empty is not set. */
function shown(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '' || value === false) return undefined;
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.length === 0) return undefined;
  return JSON.stringify(value);
}
