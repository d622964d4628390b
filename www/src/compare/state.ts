// The two images that are compared, and the worker that does it.
import imageWorkerUrl from '../engine/image.worker.ts?worker&url';
import type { CompareApi, Comparison } from '../engine/types.ts';
import { type Source, image, openImage } from '../image/state.ts';
import { nameText } from '../lib/names.tsx';
import { goTo, isOwnEntry, route, setParams } from '../lib/route.ts';
import { Client, type RemoteError, isAbort } from '../lib/rpc.ts';
import type { Progress } from '../lib/rpc-types.ts';
import { Store } from '../lib/store.ts';
import { say } from '../ui/notices.tsx';
import { verdictText } from './words.ts';

export interface Slot {
  source: Source;
  /** The same for the same source. */
  key: number;
  /** Which of its images. */
  index?: number;
}

export interface CompareState {
  /** Rises with every comparison: what was asked of an earlier one is void. */
  generation: number;
  a: Slot | undefined;
  b: Slot | undefined;
  working: Progress | undefined;
  failure: { code: string; message: string; stopped: boolean } | undefined;
  found: Comparison | undefined;
}

const EMPTY: CompareState = { generation: 0, a: undefined, b: undefined, working: undefined, failure: undefined, found: undefined };

export const comparison = new Store<CompareState>(EMPTY);

export const comparer = new Client<CompareApi>(imageWorkerUrl, 'compare');
let stopping: AbortController | undefined;

comparer.onCrash = (report) => comparison.patch({ working: undefined, found: undefined, failure: { code: 'CRASH', message: `The reader stopped and was restarted. ${report}`, stopped: false } });

const keys = new WeakMap<object, number>();
let nextKey = 1;

function slot(source: Source): Slot {
  const key = keys.get(source.content) ?? nextKey++;
  keys.set(source.content, key);
  return { source, key };
}

/** Takes images that were dropped or picked: two begin anew, one fills the free side or becomes the second. */
export function offer(sources: readonly Source[]): void {
  if (route.value.view !== 'compare') goTo('compare', new Map());
  const [first, second] = sources;
  if (!first) return;
  const { a } = comparison.value;
  // What the Image view shows is what a second image is compared with.
  const before = a ?? (image.value.from && image.value.summary ? slot(image.value.from) : undefined);
  if (second) comparison.patch({ a: slot(first), b: slot(second) });
  else if (before) comparison.patch({ a: before, b: slot(first) });
  else comparison.patch({ a: slot(first), b: undefined });
  void compare();
}

/** Puts an image on one side. */
export function place(side: 'a' | 'b', source: Source): void {
  comparison.patch({ [side]: slot(source) });
  void compare();
}

export function choose(side: 'a' | 'b', index: number): void {
  const now = comparison.value[side];
  if (!now) return;
  comparison.patch({ [side]: { ...now, index } });
  void compare();
}

export function swap(): void {
  const { a, b } = comparison.value;
  comparison.patch({ a: b, b: a });
  void compare();
}

export async function compare(): Promise<void> {
  stopping?.abort();
  const controller = new AbortController();
  stopping = controller;
  const { a, b, generation } = comparison.value;
  if (!a || !b) {
    comparison.patch({ working: undefined, failure: undefined, found: undefined });
    return;
  }
  comparison.patch({ generation: generation + 1, working: { phase: 'open', done: 0, unit: 'bytes' }, failure: undefined, found: undefined });
  const sent = ({ source, key, index }: Slot) => ({ source: source.content, name: source.name, key, index });
  try {
    const found = await comparer.call('compare', { a: sent(a), b: sent(b) }, { signal: controller.signal, onProgress: (working) => stopping === controller && comparison.patch({ working }) });
    if (stopping !== controller) return;
    comparison.patch({ working: undefined, found });
    if (route.value.view === 'compare') {
      document.title = `${nameText(found.a.name)} to ${nameText(found.b.name)} - Layerwright`;
      const { params } = route.value;
      const same = params.get('a') === found.a.digest && params.get('b') === found.b.digest;
      setParams({ a: found.a.digest, b: found.b.digest, ...(same ? {} : { f: undefined, q: undefined }) }, same || !params.has('a') || !isOwnEntry() ? 'replace' : 'push');
    }
    say(verdictText(found));
  } catch (error) {
    if (stopping !== controller) return;
    const { code = 'INTERNAL', message = String(error) } = error as RemoteError;
    comparison.patch({ working: undefined, failure: { code, message, stopped: isAbort(error) } });
  }
}

export function stopComparing(): void {
  stopping?.abort();
}

export function closeComparison(): void {
  stopping?.abort();
  stopping = undefined;
  comparer.stop();
  comparison.set({ ...EMPTY, generation: comparison.value.generation + 1 });
}

/** Opens one of the two in the Image view, at a path: there every layer that touched it is listed. */
export function openSide(side: 'a' | 'b', path: string): void {
  const { [side]: slot, found } = comparison.value;
  if (!slot || !found) return;
  goTo('image', new Map([['img', found[side].digest], ['f', path]]));
  if (image.value.summary && image.value.from?.content === slot.source.content && image.value.summary.manifestDigest === found[side].digest) return;
  void openImage(slot.source);
}

/** Goes to the next or the previous file that differs. */
export function stepDifference(by: 1 | -1): void {
  const { found } = comparison.value;
  if (!found || found.files.count === 0) return;
  const { paths } = found.files;
  const at = paths.indexOf(route.value.params.get('f') ?? '');
  const next = paths[at < 0 ? (by > 0 ? 0 : paths.length - 1) : (at + by + paths.length) % paths.length];
  setParams({ f: next }, at < 0 ? 'push' : 'replace');
}
