// The state of the Dockerfile view: its text, what the worker found in it, what is selected.
import lintWorkerUrl from '../engine/lint.worker.ts?worker&url';
import { engineOver } from '../engine/editing.ts';
import type { Analysis, AnalyseParams, Finding, LintApi } from '../engine/types.ts';
import { isAbort, Client } from '../lib/rpc.ts';
import { isOwnEntry, packText, route, setParams, unpackText } from '../lib/route.ts';
import { loadText, profile, saveText } from '../lib/settings.ts';
import { Store } from '../lib/store.ts';
import { notify, say } from '../ui/notices.tsx';
import type { Severity } from '../ui/parts.tsx';
import { sentence } from '../ui/prose.tsx';
import { plural } from '../lib/format.ts';

export type FileName = 'Dockerfile' | '.dockerignore';

export const DEFAULT_PLATFORM = 'linux/amd64';
export const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386', 'linux/ppc64le', 'linux/riscv64', 'linux/s390x', 'windows/amd64'];
/** Above this many characters of packed text a link is likely to be cut by what carries it. */
export const LINK_LIMIT = 8000;

export interface DockerfileState {
  ready: boolean;
  dockerfile: string;
  dockerignore: string;
  file: FileName;
  target: string | undefined;
  platform: string;
  buildArgs: Record<string, string>;
  analysis: Analysis;
  /** The text that `analysis` is about. */
  analysed: string | undefined;
  error: string | undefined;
  /** Which finding is selected, by place in `analysis.findings`. */
  selected: number | undefined;
  /** Line of the cursor, from 1. */
  line: number;
  shown: Record<Severity, boolean>;
}

export const dockerfile = new Store<DockerfileState>({
  ready: false,
  dockerfile: '',
  dockerignore: '',
  file: 'Dockerfile',
  target: undefined,
  platform: DEFAULT_PLATFORM,
  buildArgs: {},
  analysis: { findings: [] },
  analysed: undefined,
  error: undefined,
  selected: undefined,
  line: 1,
  shown: { error: true, warning: true, info: true },
});

export const severityOf = (finding: Finding): Severity => (finding.level === 'style' ? 'info' : finding.level);

/** What the view does for commands and lists: set by the mounted editor. */
export interface EditorHandle {
  goTo(line: number, column?: number): void;
  replace(text: string): void;
  edit(edits: Finding['fix'] & object): void;
  undo(): void;
  focus(): void;
}

export const editor: { now: EditorHandle | undefined } = { now: undefined };

// ---- analysis: one call at a time, the newest text wins ----

const client = new Client<LintApi>(lintWorkerUrl, 'lint');
export const engine = engineOver(client);
client.onCrash = () => {
  notify('The reader stopped and was restarted. Your text is safe.');
  running = false;
  schedule();
};

let running = false;
let dirty = false;

function params(): AnalyseParams {
  const { dockerfile: text, dockerignore, target, platform, buildArgs } = dockerfile.value;
  return { text, dockerignore, profile: profile.value, target, platform, buildArgs };
}

async function schedule(): Promise<void> {
  dirty = true;
  if (running) return;
  running = true;
  while (dirty) {
    dirty = false;
    const asked = params();
    try {
      const analysis = await client.call('analyse', asked);
      // A text typed meanwhile makes this answer old; it is only shown when it is about the present text.
      if (asked.text === dockerfile.value.dockerfile) settle(asked.text, analysis);
      if (analysis.planning) void planLater();
    } catch (error) {
      if (isAbort(error)) break;
      dockerfile.patch({ error: error instanceof Error ? error.message : String(error), analysed: asked.text });
    }
  }
  running = false;
}

let waiting = false;

/** Reads the text once more when the planner is loaded. */
async function planLater(): Promise<void> {
  if (waiting) return;
  waiting = true;
  try {
    await client.call('planner', {});
    void schedule();
  } catch (error) {
    if (isAbort(error)) return;
    const { analysis } = dockerfile.value;
    dockerfile.patch({ analysis: { ...analysis, planning: false, planError: error instanceof Error ? error.message : String(error) } });
  } finally {
    waiting = false;
  }
}

function settle(text: string, analysis: Analysis): void {
  const { selected, analysis: before, line } = dockerfile.value;
  const old = selected === undefined ? undefined : before.findings[selected];
  let next: number | undefined;
  if (old) {
    // The selection stays on the same finding, wherever it has moved to.
    const same = analysis.findings.findIndex((finding) => finding.code === old.code && finding.line === old.line && finding.message === old.message);
    next = same >= 0 ? same : undefined;
  }
  if (next === undefined) {
    const here = analysis.findings.findIndex((finding) => finding.line <= line && line <= finding.endLine);
    next = here >= 0 ? here : undefined;
  }
  dockerfile.patch({ analysis, analysed: text, error: undefined, selected: next });
  const n = analysis.findings.length;
  say(n === 0 ? 'No findings' : plural(n, 'finding'));
}

profile.subscribe(() => void schedule());

// ---- the text, its address and its keeping ----

let keepTimer: ReturnType<typeof setTimeout> | undefined;
/** The packed text that the address shows. */
let linked: string | undefined;

async function keep(): Promise<void> {
  const { dockerfile: text, dockerignore } = dockerfile.value;
  const packed = text === '' ? undefined : await packText(text);
  if (dockerfile.value.dockerfile !== text) return;
  // A long text stays out of the address while typing; *Link* still makes one.
  linked = packed !== undefined && packed.length <= LINK_LIMIT ? packed : undefined;
  if (route.value.view === 'dockerfile') setParams({ v: linked ? '1' : undefined, d: linked }, 'replace');
  await saveText('present', { dockerfile: text, dockerignore, ...(linked ? { link: linked } : {}) });
}

function keepSoon(): void {
  clearTimeout(keepTimer);
  keepTimer = setTimeout(() => void keep(), 300);
}

export function setText(file: FileName, text: string): void {
  const now = dockerfile.value;
  if ((file === 'Dockerfile' ? now.dockerfile : now.dockerignore) === text) return;
  dockerfile.patch(file === 'Dockerfile' ? { dockerfile: text } : { dockerignore: text });
  keepSoon();
  void schedule();
}

/** Replaces the whole Dockerfile by another text, with a way back. */
export function openText(text: string, what: string): void {
  const before = dockerfile.value.dockerfile;
  dockerfile.patch({ file: 'Dockerfile', selected: undefined, line: 1, target: undefined, buildArgs: {} });
  if (editor.now) editor.now.replace(text);
  else setText('Dockerfile', text);
  setParams({ t: undefined, L: undefined }, 'replace');
  if (before.trim() !== '' && before !== text) notify(`Opened ${what}.`, { label: 'Undo', run: () => (editor.now ? editor.now.replace(before) : setText('Dockerfile', before)) });
}

export function setTarget(target: string | undefined): void {
  dockerfile.patch({ target });
  setParams({ t: target }, 'push');
  void schedule();
}

export function setPlatform(platform: string): void {
  dockerfile.patch({ platform });
  setParams({ p: platform === DEFAULT_PLATFORM ? undefined : platform }, 'push');
  void schedule();
}

export function setBuildArg(name: string, value: string | undefined): void {
  const buildArgs = { ...dockerfile.value.buildArgs };
  if (value === undefined) delete buildArgs[name];
  else buildArgs[name] = value;
  dockerfile.patch({ buildArgs });
  void schedule();
}

/** Moves the selection to a finding and the cursor to its place. */
export function selectFinding(index: number | undefined, move = true): void {
  const finding = index === undefined ? undefined : dockerfile.value.analysis.findings[index];
  dockerfile.patch({ selected: finding ? index : undefined, ...(finding ? { file: 'Dockerfile' as const } : {}) });
  if (finding && move) editor.now?.goTo(finding.line, finding.column);
}

export function stepFinding(by: 1 | -1): void {
  const { analysis, selected, shown } = dockerfile.value;
  const order = analysis.findings.map((finding, index) => ({ index, visible: shown[severityOf(finding)] })).filter(({ visible }) => visible);
  if (order.length === 0) return;
  const at = order.findIndex(({ index }) => index === selected);
  const next = order[at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length];
  if (!next) return;
  selectFinding(next.index);
  const finding = analysis.findings[next.index];
  if (finding) say(`${sentence(finding.message)} ${finding.code}, line ${finding.line}`);
}

/** Applies one fix; the editor's history takes it back. */
export function applyFix(finding: Finding): void {
  if (!finding.fix || dockerfile.value.analysed !== dockerfile.value.dockerfile) return;
  editor.now?.edit(finding.fix);
  notify(`Fixed ${finding.code} on line ${finding.line}.`, { label: 'Undo', keys: 'Ctrl Z', run: () => editor.now?.undo() });
}

export async function safeFixes(): Promise<{ text: string; fixed: number }> {
  return client.call('fixSafe', params());
}

export async function formatText(): Promise<void> {
  const { dockerfile: text } = dockerfile.value;
  const formatted = await client.call('format', { text });
  if (dockerfile.value.dockerfile !== text) return;
  if (formatted === text) {
    notify('The Dockerfile is formatted already.');
    return;
  }
  editor.now?.replace(formatted);
  notify('Formatted.', { label: 'Undo', keys: 'Ctrl Z', run: () => editor.now?.undo() });
}

/** Puts the pragma that silences `finding` on its instruction. */
export function ignoreOnLine(finding: Finding): void {
  const { analysis, dockerfile: text } = dockerfile.value;
  const owner = analysis.plan?.stages.flatMap((stage) => [{ line: stage.line, endLine: stage.line }, ...stage.steps]).find((step) => step.line <= finding.line && finding.line <= step.endLine);
  const lines = text.split('\n');
  const line = owner?.line ?? finding.line;
  const above = lines[line - 2];
  const pragma = /^#\s*hadolint\s+ignore=(.*)$/.exec(above ?? '');
  if (pragma && above !== undefined) lines[line - 2] = `${above.trimEnd()},${finding.code}`;
  else lines.splice(line - 1, 0, `# hadolint ignore=${finding.code}`);
  editor.now?.replace(lines.join('\n'));
}

/** The address of this Dockerfile, whatever its length. */
export async function linkToText(): Promise<string> {
  const { dockerfile: text, target, platform, line } = dockerfile.value;
  const packed = await packText(text);
  const parts = ['v=1', `d=${packed}`];
  if (target) parts.push(`t=${encodeURIComponent(target)}`);
  if (platform !== DEFAULT_PLATFORM) parts.push(`p=${platform}`);
  if (line > 1) parts.push(`L=${line}`);
  return `${location.href.split('#', 1)[0]}#/dockerfile?${parts.join('&')}`;
}

/** Fills the view from the address and from what was kept. */
export async function restore(): Promise<void> {
  const { params: query } = route.value;
  const packed = route.value.view === 'dockerfile' ? query.get('d') : undefined;
  const [kept, fromLink] = await Promise.all([loadText('present'), packed ? unpackText(packed) : undefined]);
  // Typed before the storage answered: that text is the newest.
  if (dockerfile.value.dockerfile === '') {
    const mine = kept?.dockerfile ?? '';
    const useLink = fromLink !== undefined && packed !== kept?.link;
    const text = useLink ? fromLink : mine;
    const line = Number(query.get('L') ?? 1);
    dockerfile.patch({
      dockerfile: text,
      dockerignore: kept?.dockerignore ?? '',
      target: query.get('t'),
      platform: query.get('p') ?? DEFAULT_PLATFORM,
      line: Number.isSafeInteger(line) && line > 0 ? line : 1,
    });
    linked = packed;
    if (useLink && mine.trim() !== '' && mine !== fromLink && kept) {
      await saveText('replaced', kept);
      notify('Opened the Dockerfile of the link. Yours is kept.', { label: 'Back to mine', run: () => void backToMine() });
    }
    if (packed && fromLink === undefined) notify('The Dockerfile in this link could not be read: it is cut or changed. Your own text is here.');
  }
  dockerfile.patch({ ready: true });
  void schedule();
}

/** Brings back the text that a link took the place of. */
export async function backToMine(): Promise<void> {
  const replaced = await loadText('replaced');
  if (!replaced) {
    notify('No Dockerfile was replaced by a link.');
    return;
  }
  openText(replaced.dockerfile, 'your own Dockerfile');
}

// Back and forward, and a link opened in the same tab.
route.subscribe(() => {
  const { view, params: query } = route.value;
  if (view !== 'dockerfile' || !dockerfile.value.ready) return;
  const target = query.get('t');
  const platform = query.get('p') ?? DEFAULT_PLATFORM;
  if (target !== dockerfile.value.target || platform !== dockerfile.value.platform) {
    dockerfile.patch({ target, platform });
    void schedule();
  }
  const packed = query.get('d');
  if (packed === linked) return;
  // Going back must not bring back an older text: only an address from elsewhere does.
  if (isOwnEntry()) setParams({ v: linked ? '1' : undefined, d: linked }, 'replace');
  else if (packed) {
    linked = packed;
    void unpackText(packed).then((text) => {
      if (text !== undefined && text !== dockerfile.value.dockerfile) openText(text, 'the Dockerfile of the link');
    });
  }
});
