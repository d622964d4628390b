// What people ask about an image: what is in it, what it is made from, what is stored for nothing.
import { alignHistory, baseOf } from './history.js';
import type { Image, Which } from './image.js';
import type { WorkOptions } from './engine.js';
import type { DiveEfficiency, FileCount, LayerCounts, ManifestSummary, MergedEntry, WastedFile } from './wasm/layerwright.js';

/** How to analyze. */
export interface AnalyzeOptions extends WorkOptions, Which {
  /** An image that this one may be made from: an open image, or the diffIDs of its layers. */
  base?: Image | readonly string[];
  /** Most files in each list. Default 50. */
  most?: number;
  /** Compare contents to find duplicates: one more pass. Default true. */
  duplicates?: boolean;
}

/** What one layer does, and who made it. */
export interface LayerAnalysis extends LayerCounts {
  /** Its place, the base being 0. */
  layer: number;
  /** The digest of its blob. */
  digest?: string;
  /** Bytes of its blob. */
  size: number;
  /** The instruction that made it. */
  instruction?: string;
  /** It is part of the base image, as far as that is known. */
  base: boolean;
}

/** Files of one content. */
export interface DuplicateFiles {
  /** The sha256 of the content in hexadecimal. */
  sha256: string;
  /** The size of one in bytes. */
  size: number;
  /** Where it is. Names of one hard-linked file count once. */
  paths: string[];
  /** Bytes that are there more than once. */
  bytes: number;
}

/** Something that runs programs. */
export interface Runtime {
  name: string;
  version?: string;
  /** What says so: a path, or a variable of the environment. */
  from: string;
}

/** What is part of what, in bytes of visible files. */
export interface Parts {
  /** What the operating system's packages bring, or lies where they do. */
  system: FileCount;
  /** Runtimes and what they bring along. */
  runtime: FileCount;
  /** Libraries of the application: `node_modules`, `site-packages`, jars, gems. */
  dependencies: FileCount;
  /** All else. */
  application: FileCount;
}

/** What an image is made from. */
export interface BaseImage {
  /** Layers from the bottom that belong to it. */
  layers: number;
  /** How it is known: layers shared with a given image, what the image says of itself, or a guess from the times of the history. */
  by: 'layers' | 'annotation' | 'history';
  name?: string;
  digest?: string;
}

/** What is known of an image. */
export interface ImageAnalysis {
  /** The digest of the image. */
  digest: string;
  names: string[];
  platform?: string;
  /** Bytes of its blobs. */
  stored: number;
  /** All that can be seen. */
  visible: FileCount;
  /** Bytes of copies that a later layer replaces or hides; the copy that is kept is not counted. */
  wastedBytes: number;
  /** What dive would say. */
  dive: DiveEfficiency & { /** Wasted bytes by user bytes, from 0 on. */ userWastedPercent: number };
  layers: LayerAnalysis[];
  /** Copies that are stored for nothing, the largest first. */
  wasted: WastedFile[];
  /** The largest visible files. */
  largest: Pick<MergedEntry, 'path' | 'size' | 'layer'>[];
  /** Contents that are there more than once, what is most first. */
  duplicates: DuplicateFiles[];
  /** The operating system, of `os-release`. */
  os?: { id?: string; name?: string; version?: string };
  base?: BaseImage;
  runtimes: Runtime[];
  parts: Parts;
  /** Labels, and annotations of the manifest over them. */
  labels: Record<string, string>;
}

/** Files that say which version of a runtime there is, and how. */
const VERSION_FILES: { name: string; path: RegExp; read: (text: string) => string | undefined }[] = [
  { name: 'node', path: /^(?:usr\/(?:local\/)?|opt\/[^/]+\/)include\/node\/node_version\.h$/, read: (t) => ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`NODE_${part}_VERSION\\s+(\\d+)`).exec(t)?.[1]).join('.') },
  { name: 'java', path: /^(?:usr\/lib\/jvm|opt|usr\/local)(?:\/[^/]+){1,2}\/release$/, read: (t) => /^JAVA_VERSION="([^"]+)"/m.exec(t)?.[1] },
  { name: 'go', path: /^usr\/(?:local|lib)\/go\/VERSION$/, read: (t) => /^go(\S+)/.exec(t)?.[1] },
  { name: 'python', path: /^usr\/(?:local\/)?include\/python3\.\d+\/patchlevel\.h$/, read: (t) => /PY_VERSION\s+"([^"]+)"/.exec(t)?.[1] },
  { name: 'php', path: /^usr\/(?:local\/)?include\/php\/main\/php_version\.h$/, read: (t) => /PHP_VERSION "([^"]+)"/.exec(t)?.[1] },
];

/** Paths that name a runtime and its version. */
const VERSION_PATHS: { name: string; path: RegExp }[] = [
  { name: 'python', path: /^usr\/(?:local\/)?lib\/python(3\.\d+)\/os\.pyc?$/ },
  { name: 'ruby', path: /^usr\/(?:local\/)?lib\/ruby\/(\d+\.\d+\.\d+)\/set\.rb$/ },
  { name: 'dotnet', path: /^usr\/(?:share|lib)\/dotnet\/shared\/Microsoft\.NETCore\.App\/(\d[^/]*)\/System\.Private\.CoreLib\.dll$/ },
  { name: 'perl', path: /^usr\/(?:local\/)?(?:share|lib(?:\/[^/]+)?)\/perl5?\/(5\.\d+(?:\.\d+)?)\/strict\.pm$/ },
  { name: 'erlang', path: /^usr\/(?:local\/)?lib\/erlang\/releases\/(\d+)\/OTP_VERSION$/ },
];

/** Programs that name a runtime without a version. */
const PROGRAMS: Record<string, string> = { node: 'node', java: 'java', python3: 'python', ruby: 'ruby', php: 'php', 'php-fpm': 'php', perl: 'perl', dotnet: 'dotnet', deno: 'deno', bun: 'bun', nginx: 'nginx', postgres: 'postgresql', mysqld: 'mysql', 'redis-server': 'redis', erl: 'erlang', go: 'go', rustc: 'rust', guile: 'guile', lua: 'lua' };

/** `NAME_VERSION` of the official images. */
const VARIABLES: Record<string, string> = { NODE_VERSION: 'node', PYTHON_VERSION: 'python', JAVA_VERSION: 'java', GOLANG_VERSION: 'go', RUBY_VERSION: 'ruby', PHP_VERSION: 'php', DOTNET_VERSION: 'dotnet', NGINX_VERSION: 'nginx', PG_VERSION: 'postgresql', REDIS_VERSION: 'redis', DENO_VERSION: 'deno', BUN_VERSION: 'bun', RUST_VERSION: 'rust', OTP_VERSION: 'erlang' };

const DEPENDENCIES = /(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor\/(?:bundle|gems|cache)|gems|\.m2\/repository|\.cargo\/registry|go\/pkg\/mod|\.nuget\/packages|bower_components)\/|(?:^|\/)(?:BOOT-INF|WEB-INF)\/lib\/|\/lib\/[^/]+\.jar$|^app\/libs?\/|^opt\/venv\/lib\//;
const RUNTIME = /^usr\/local\/(?:lib|include|share|bin)\/(?:node|python|ruby|php|perl|npm|corepack)|^usr\/local\/bin\/(?:node|npm|npx|corepack|yarn|python|pip|ruby|gem|bundle|php|deno|bun)|^usr\/local\/go\/|^(?:usr\/lib\/jvm|opt\/(?:java|jdk|jre)[^/]*)\/|^usr\/(?:lib|share)\/dotnet\/|^opt\/yarn|^usr\/local\/(?:cargo|rustup)\//;
const SYSTEM = /^(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|media|mnt|proc|run|sbin|sys|tmp|usr|var)(?:\/|$)/;

/** Which part a file belongs to: by its path. */
export function partOf(path: string): keyof Parts {
  if (path.startsWith('usr/local/lib/node_modules/npm/') || path.startsWith('usr/local/lib/node_modules/corepack/')) return 'runtime';
  // Debian's own Python packages are the system's.
  if (/^usr\/lib\/python3\/dist-packages\//.test(path)) return 'system';
  if (DEPENDENCIES.test(path)) return 'dependencies';
  if (RUNTIME.test(path)) return 'runtime';
  if (/^usr\/src\/(?:app|code)\/|^var\/(?:www|task|app)\/|^usr\/share\/nginx\/html\/|^usr\/local\/bin\//.test(path)) return 'application';
  return SYSTEM.test(path) ? 'system' : 'application';
}

const stringsOf = (value: unknown): Record<string, string> => Object.fromEntries(Object.entries(typeof value === 'object' && value !== null ? value : {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));

/** `KEY=value` and `KEY="value"` lines. */
function osRelease(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/gm)].map((m) => [m[1]!, m[2] ?? m[3] ?? m[4] ?? '']));
}

/** The layers that a given image shares from the bottom, or as far as the history's times tell. */
function baseImage(manifest: ManifestSummary, options: AnalyzeOptions): BaseImage | undefined {
  const said = baseOf(manifest);
  const { base } = options;
  const diffIds = manifest.layers.map((layer) => layer.diffId);
  const given = base === undefined ? undefined : 'manifest' in base ? base.manifest.layers.map((layer) => layer.diffId) : base;
  if (given) {
    const shared = given.findIndex((id, i) => id === undefined || id !== diffIds[i]);
    const layers = shared < 0 ? given.length : shared;
    if (layers === given.length && layers > 0) {
      const of = base !== undefined && 'manifest' in base ? base.manifest : undefined;
      return { layers, by: 'layers', ...(of?.names[0] ? { name: of.names[0] } : {}), ...(of ? { digest: of.digest } : {}) };
    }
  }
  const { steps, layers } = alignHistory(manifest);
  const guess = guessBase(steps.map((step) => Date.parse(step.created ?? '')));
  const count = layers.filter((step) => step && step.index < guess).length;
  if (said) return { layers: count, by: 'annotation', ...said };
  return count > 0 ? { layers: count, by: 'history' } : undefined;
}

/** A base image is made at another time: the last pause of more than an hour in the times of the history, if all before is of one go. */
function guessBase(times: number[]): number {
  let at = 0;
  for (let i = 1; i < times.length; i++) if (times[i]! - times[i - 1]! > 3_600_000) at = i;
  return at;
}

/** @internal */
export async function analyzeImage(image: Image, counted: (most: number) => Promise<[counts: { layers: LayerCounts[]; visible: FileCount; dive: DiveEfficiency }, wasted: WastedFile[]]>, options: AnalyzeOptions): Promise<ImageAnalysis> {
  const { most = 50, duplicates: compare = true, signal, onProgress } = options;
  const work = { signal, onProgress };
  const at = image.find(options);
  const manifest = image.manifests[at]!;
  const layerList = await image.layers({ ...work, image: at });
  const [counts, wasted] = await counted(most);
  const files = await image.files({ ...work, image: at, contents: compare });
  const read = async (path: string): Promise<string | undefined> => {
    try {
      return new TextDecoder().decode(await image.readFile(path, { ...work, image: at, limit: 64 << 10 }));
    } catch {
      // Not there, a folder, too large, damaged: then it tells nothing.
      signal?.throwIfAborted();
      return undefined;
    }
  };
  const base = baseImage(manifest, options);
  const history = alignHistory(manifest);
  const parts: Parts = { system: { files: 0, bytes: 0 }, runtime: { files: 0, bytes: 0 }, dependencies: { files: 0, bytes: 0 }, application: { files: 0, bytes: 0 } };
  const byContent = new Map<string, MergedEntry[]>();
  const runtimes: Runtime[] = [];
  const toRead: { name: string; path: string; read: (text: string) => string | undefined }[] = [];
  const programs: Runtime[] = [];
  // All names of a hard-linked file are one file.
  const inodes = new Set<number>();
  const single: MergedEntry[] = [];
  for (const file of files) {
    if (file.kind !== 'file') {
      if (file.kind === 'symlink') noteProgram(file.path);
      continue;
    }
    noteProgram(file.path);
    if (file.inode !== undefined) {
      if (inodes.has(file.inode)) continue;
      inodes.add(file.inode);
    }
    single.push(file);
    const part = parts[partOf(file.path)];
    part.files++;
    part.bytes += file.size;
    if (file.sha256 !== undefined && file.size > 0) {
      const same = byContent.get(file.sha256);
      if (same) same.push(file);
      else byContent.set(file.sha256, [file]);
    }
    for (const known of VERSION_FILES) if (known.path.test(file.path)) toRead.push({ ...known, path: file.path });
    for (const { name, path } of VERSION_PATHS) {
      const version = path.exec(file.path)?.[1];
      if (version !== undefined) runtimes.push({ name, version, from: file.path });
    }
  }
  function noteProgram(path: string): void {
    const program = /^(?:usr\/)?(?:local\/)?s?bin\/([\w.-]+)$/.exec(path)?.[1];
    const name = program === undefined ? undefined : PROGRAMS[program];
    if (name !== undefined && Object.hasOwn(PROGRAMS, program!)) programs.push({ name, from: path });
  }
  const named: Runtime[] = [];
  for (const known of toRead.slice(0, 20)) {
    const version = (await read(known.path)) ?? '';
    const found = known.read(version);
    if (found !== undefined && /^\d/.test(found)) named.push({ name: known.name, version: found, from: known.path });
  }
  const environment = manifest.config?.config?.Env;
  const said: Runtime[] = [];
  for (const pair of Array.isArray(environment) ? environment : []) {
    const [key, ...value] = String(pair).split('=');
    const name = Object.hasOwn(VARIABLES, key!) ? VARIABLES[key!] : undefined;
    if (name !== undefined && value.join('=')) said.push({ name, version: value.join('='), from: `ENV ${key}` });
  }
  // What a file says is surer than what its path or a variable says.
  const all = new Map<string, Runtime>();
  for (const runtime of [...named, ...said, ...runtimes, ...programs]) if (!all.has(runtime.name)) all.set(runtime.name, runtime);

  const duplicates: DuplicateFiles[] = [];
  for (const [sha256, same] of byContent) {
    if (same.length > 1) duplicates.push({ sha256, size: same[0]!.size, paths: same.map((file) => file.path), bytes: same[0]!.size * (same.length - 1) });
  }
  duplicates.sort((a, b) => b.bytes - a.bytes || (a.sha256 < b.sha256 ? -1 : 1));
  const largest = single.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  const release = osRelease((await read('etc/os-release')) ?? (await read('usr/lib/os-release')) ?? '');
  const os = { ...(release.ID ? { id: release.ID } : {}), ...(release.PRETTY_NAME || release.NAME ? { name: release.PRETTY_NAME || release.NAME! } : {}), ...(release.VERSION_ID ? { version: release.VERSION_ID } : {}) };
  const { dive } = counts;
  return {
    digest: manifest.digest,
    names: manifest.names,
    ...(manifest.platform === undefined ? {} : { platform: manifest.platform }),
    stored: layerList.reduce((sum, layer) => sum + layer.size, 0),
    visible: counts.visible,
    wastedBytes: counts.layers.reduce((sum, layer) => sum + layer.wasted.bytes, 0),
    dive: { ...dive, userWastedPercent: dive.userBytes > 0 ? dive.wastedBytes / dive.userBytes : 0 },
    layers: counts.layers.map((layer, i) => {
      const { digest, size } = layerList[i]!;
      const instruction = history.layers[i]?.instruction ?? history.layers[i]?.createdBy;
      return { layer: i, ...(digest === undefined ? {} : { digest }), size, ...(instruction ? { instruction } : {}), base: i < (base?.layers ?? 0), ...layer };
    }),
    wasted,
    largest: largest.slice(0, most).map(({ path, size, layer }) => ({ path, size, layer })),
    duplicates: duplicates.slice(0, most),
    ...(Object.keys(os).length ? { os } : {}),
    ...(base ? { base } : {}),
    runtimes: [...all.values()],
    parts,
    labels: { ...stringsOf(manifest.config?.config?.Labels), ...manifest.annotations },
  };
}
