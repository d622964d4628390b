// What the page knows of the package: the shapes that cross from the workers. Only the files of this folder name the package.
import type * as lw from 'layerwright';
import type { DiffLine } from '../lib/diff.ts';

export type ImageAnalysis = lw.ImageAnalysis;
export type TarDifference = lw.TarDifference;

export interface Edit {
  start: number;
  end: number;
  text: string;
}

export interface Fix {
  title: string;
  safe: boolean;
  edits: Edit[];
}

/** One finding. Lines and columns count from 1, offsets from 0, in UTF-16 units. */
export interface Finding {
  code: string;
  name?: string | undefined;
  level: 'error' | 'warning' | 'info' | 'style';
  message: string;
  help?: string | undefined;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  start: number;
  end: number;
  url?: string | undefined;
  fix?: Fix | undefined;
}

export interface PlanStep {
  instruction: string;
  text: string;
  line: number;
  endLine: number;
  kind: 'layer' | 'config' | 'run';
  createsLayer: boolean;
  needsExecutor: boolean;
  contextPaths: string[];
  /** What of `contextPaths` .dockerignore leaves out. */
  ignoredPaths?: { path: string; pattern: string }[] | undefined;
  fromStage?: number | undefined;
  unknown?: string | undefined;
}

export interface PlanStage {
  index: number;
  name?: string | undefined;
  base: { kind: 'scratch' | 'stage' | 'image' | 'context'; stage?: number | undefined; reference?: string | undefined };
  platform?: string | undefined;
  reachable: boolean;
  /** No stage of the file, but an image or context that `--from` names. */
  implicit?: boolean | undefined;
  deps: number[];
  line: number;
  endLine: number;
  steps: PlanStep[];
}

/** The `config` object of an image configuration, in the specification's own field names. */
export interface ContainerConfig {
  User?: string;
  ExposedPorts?: Record<string, unknown>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, unknown>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  OnBuild?: string[];
  Healthcheck?: { Test?: string[]; Interval?: number; Timeout?: number; StartPeriod?: number; Retries?: number };
}

export interface Plan {
  stages: PlanStage[];
  /** Index of the stage that is built. */
  target: number;
  config: ContainerConfig;
  contextPaths: string[];
  /** What kept the plan from being whole. */
  problems: { message: string; line?: number | undefined }[];
}

export interface AnalyseParams {
  text: string;
  dockerignore: string;
  profile: string;
  target?: string | undefined;
  platform: string;
  buildArgs: Record<string, string>;
}

export interface Analysis {
  findings: Finding[];
  plan?: Plan | undefined;
  /** There is no plan yet: the planner is still being loaded. */
  planning?: boolean | undefined;
  /** Why there is no plan. */
  planError?: string | undefined;
  /** How many rules were checked, where the package says. */
  rules?: number | undefined;
}

export interface FixedText {
  text: string;
  fixed: number;
}

export interface LintApi {
  analyse(params: AnalyseParams): Analysis;
  /** Answers once `analyse` gives plans. */
  planner(params: Record<string, never>): void;
  fixSafe(params: AnalyseParams): FixedText;
  format(params: { text: string }): string;
  completions(params: PlaceParams): lw.Completion[];
  hover(params: PlaceParams): lw.Hover | undefined;
  folding(params: { text: string }): lw.FoldingRange[];
  definition(params: PlaceParams): lw.TextRange | undefined;
  prepareRename(params: PlaceParams): lw.RenameTarget | undefined;
  rename(params: PlaceParams & { newName: string }): lw.TextEdit[];
}

/** A place in a text, in UTF-16 units. */
export interface PlaceParams {
  text: string;
  offset: number;
}

// ---- images ----

export type FileKind = 'file' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo' | 'socket';

export interface LayerInfo {
  digest?: string | undefined;
  compression?: string | undefined;
  diffId?: string | undefined;
  mediaType: string;
  /** Bytes as stored in the archive or registry. */
  stored: number;
  /** Bytes of the files it holds, unpacked. */
  content: number;
  /** Bytes of its files that a later layer replaces or hides. */
  wasted: number;
  files: number;
  /** The command of the history that made it. */
  command?: string | undefined;
  created?: string | undefined;
  /** Belongs to the base image, as far as the history tells. */
  base: boolean;
  /** Why its files could not be read, or not all of them. */
  problem?: string | undefined;
}

export interface HistoryItem {
  created?: string | undefined;
  createdBy?: string | undefined;
  comment?: string | undefined;
  author?: string | undefined;
  empty: boolean;
  /** Number of the layer it made, from 1. */
  layer?: number | undefined;
}

export interface PlatformChoice {
  index: number;
  label: string;
}

export interface ImageSummary {
  /** The name the image carries, or the file's. */
  name: string;
  source: string;
  form: string;
  names: string[];
  platforms: PlatformChoice[];
  platform: number;
  manifestDigest?: string | undefined;
  configDigest?: string | undefined;
  created?: string | undefined;
  config: ContainerConfig;
  facts: [label: string, value: string][];
  layers: LayerInfo[];
  history: HistoryItem[];
  baseName?: string | undefined;
  stored: number;
  content: number;
  wasted: number;
  files: number;
}

/** Kinds of change of a path in one layer, as bits. */
export const CHANGE = { none: 0, added: 1, changed: 2, removed: 3 } as const;

/**
 * A tree of files as flat arrays, parents before their children and siblings in order.
 * Row 0 is the root. Removed rows are under the folder they were in.
 */
export interface TreeData {
  count: number;
  parent: Int32Array;
  /** Row after the last descendant. */
  end: Int32Array;
  kind: Uint8Array;
  change: Uint8Array;
  /** Layer that the path's present state came from, from 1. */
  layer: Uint16Array;
  /** Bytes: of the file, or of all files below a folder. */
  size: Float64Array;
  /** Bytes of `size` that layers of the base image brought. */
  baseSize: Float64Array;
  /** Files inside a folder. */
  inside: Uint32Array;
  /** Changed paths inside a folder. */
  changedInside: Uint32Array;
  names: string[];
  notes: string[];
  totals: { added: number; changed: number; removed: number; size: number };
}

/** What is stored: what can be seen in the end, and copies that cannot. */
export interface StoredTrees {
  kept: TreeData;
  wasted: TreeData;
}

export const KINDS: readonly FileKind[] = ['file', 'dir', 'symlink', 'hardlink', 'char', 'block', 'fifo', 'socket'];

/** What a search found, in order of the paths. Layers count from 1. */
export interface Found {
  count: number;
  paths: string[];
  kind: Uint8Array;
  size: Float64Array;
  layer: Uint16Array;
  /** Where a text stands: its first line, and how often it is there. */
  matches?: { line: number; text: string; count: number }[] | undefined;
}

export interface PathEvent {
  layer: number;
  what: string;
  detail?: string | undefined;
  size?: number | undefined;
  wasted: boolean;
}

export interface FileDetails {
  path: string;
  kind: FileKind;
  events: PathEvent[];
  size: number;
  mode: number;
  uid: number;
  gid: number;
  owner?: string | undefined;
  group?: string | undefined;
  mtime?: number | undefined;
  link?: string | undefined;
  device?: string | undefined;
  xattrs: string[];
}

export interface FileContent {
  bytes: Uint8Array;
  digest: string;
  size: number;
}

export interface VerifyItem {
  what: string;
  digest: string;
  state: 'verified' | 'failed' | 'unread';
  problem?: string | undefined;
}

/** Something wrong or odd about the image. */
export interface Oddity {
  severity: 'error' | 'warning' | 'info';
  code: string;
  message: string;
  /** The document: its digest, or its file in the archive. */
  document?: string | undefined;
  /** The place in the document: `$.layers[0].size`. */
  path?: string | undefined;
  /** The layer, by its number from 1, or else by its name. */
  layer?: string | undefined;
  layerNumber?: number | undefined;
  /** The entry of the layer. */
  entry?: string | undefined;
  /** The clause of the specification that it is against. */
  clause?: string | undefined;
  /** How often. */
  count: number;
}

export interface VerifyResult {
  verdict: 'ok' | 'flag' | 'error';
  /** Where readers of tar see something else than container runtimes do. */
  differences: TarDifference[];
  items: VerifyItem[];
  oddities: Oddity[];
  verified: number;
  total: number;
}

/** A file of a folder that was dropped, by its path from that folder. */
export interface FolderFile {
  path: string;
  file: Blob;
}

/** A Dockerfile and its folder, to be made an image without running anything. */
export interface Recipe {
  name: string;
  dockerfile: string;
  files: { path: string; text: string }[];
}

export interface ImageApi {
  /** The image as an OCI layout in a tar. */
  assemble(params: Recipe): Uint8Array;
  open(params: { source: Blob | FolderFile[]; name: string; platform?: string | undefined }): ImageSummary;
  select(params: { index: number }): ImageSummary;
  tree(params: { layer: number; merged: boolean }): TreeData;
  /** What one layer stores (from 1), or all of them. */
  stored(params: { layer?: number | undefined }): StoredTrees;
  details(params: { path: string; layer: number }): FileDetails | undefined;
  content(params: { path: string; layer: number }): FileContent;
  find(params: { text: string; layer: number; limit: number }): { path: string; size: number; layer: number }[];
  /** Files that all words hold for, of all layers merged or only of what one of them brought. */
  search(params: { text: string; layer?: number | undefined }): Found;
  /** What it is made of and what is stored for nothing; duplicates need the contents of all files. */
  analyze(params: { duplicates: boolean }): ImageAnalysis;
  /** By event of a path's history, whether the bytes are those of the event before. */
  sameBytes(params: { path: string }): boolean[];
  verify(params: Record<string, never>): VerifyResult;
  close(params: Record<string, never>): void;
}

// ---- two images ----

/** One of the two images. Layers count from 1. */
export interface ComparedImage {
  name: string;
  source: string;
  digest: string;
  platforms: PlatformChoice[];
  platform: number;
  /** Bytes as stored. */
  stored: number;
  layers: { command?: string | undefined; digest?: string | undefined; stored: number; base: boolean; problem?: string | undefined }[];
}

export type PairStatus = 'same' | 'compression' | 'time' | 'order' | 'content' | 'only';

export interface ConfigRow {
  key: string;
  change: 'added' | 'changed' | 'removed';
  a?: string | undefined;
  b?: string | undefined;
  /** Says when or by whom it was built, and nothing of how it runs. */
  about: boolean;
}

/** Why a file differs, as bits. */
export const REASONS = ['kind', 'content', 'mode', 'owner', 'link', 'device', 'xattrs', 'time'] as const;

/** Files that differ, in order of their paths. Layers count from 1; 0 is none. */
export interface FileChanges {
  count: number;
  paths: string[];
  /** As in `CHANGE`. */
  change: Uint8Array;
  /** Bits of `REASONS`. */
  reasons: Uint8Array;
  kind: Uint8Array;
  sizeA: Float64Array;
  sizeB: Float64Array;
  layerA: Uint16Array;
  layerB: Uint16Array;
}

export interface Comparison {
  verdict: 'identical' | 'equivalent' | 'different';
  /** What differs, the weightiest first. */
  why: string[];
  a: ComparedImage;
  b: ComparedImage;
  pairs: { a?: number | undefined; b?: number | undefined; status: PairStatus }[];
  /** Bytes of the second image that a registry holding the first one has already. */
  sharedBlobBytes: number;
  /** Bytes that a disk holding the first one has already, unpacked. */
  sharedDiskBytes: number;
  config: ConfigRow[];
  history: DiffLine[];
  files: FileChanges;
  sameFiles: number;
}

/** A line on both sides, or on one of them. */
export interface SideLine {
  a?: number | undefined;
  b?: number | undefined;
  /** The text of the first side where the line is on it, else of the second. */
  text: string;
}

/** One file that differs. */
export interface FileDifference {
  path: string;
  change: 'added' | 'changed' | 'removed';
  /** What differs, with both values. */
  facts: { what: string; a?: string | undefined; b?: string | undefined }[];
  /** The lines, where both are small texts. */
  lines?: SideLine[] | undefined;
  /** Why there are none. */
  note?: string | undefined;
}

export type ImageFiles = Blob | FolderFile[];

export interface CompareApi {
  compare(params: { a: ComparedSource; b: ComparedSource }): Comparison;
  difference(params: { index: number }): FileDifference;
}

export interface ComparedSource {
  source: ImageFiles;
  /** The same for the same source: what is open already is not opened again. */
  key: number;
  name: string;
  /** Which of its images. */
  index?: number | undefined;
  platform?: string | undefined;
}
