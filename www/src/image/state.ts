// The image that is open, and the worker that reads it. The views over it come with the Image view.
import imageWorkerUrl from '../engine/image.worker.ts?worker&url';
import type { FolderFile, ImageApi, ImageSummary, Recipe, VerifyResult } from '../engine/types.ts';
import { nameText } from '../lib/names.tsx';
import { isOwnEntry, route, setParams } from '../lib/route.ts';
import { Client, RemoteError, isAbort } from '../lib/rpc.ts';
import type { Progress } from '../lib/rpc-types.ts';
import { Store } from '../lib/store.ts';
import { notify, say } from '../ui/notices.tsx';

export interface Opening {
  name: string;
  size: number;
  progress: Progress | undefined;
  /** Bytes a second, over the whole time so far. */
  speed: number;
  started: number;
}

export interface Failure {
  name: string;
  code: string;
  message: string;
  stopped: boolean;
}

/** What was dropped or picked: an archive, or the files of a layout folder. */
export interface Source {
  name: string;
  size: number;
  content: Blob | FolderFile[];
}

export interface ImageState {
  /** Rises with every image or platform that is shown: what was asked of an earlier one is void. */
  generation: number;
  from: Source | undefined;
  opening: Opening | undefined;
  failure: Failure | undefined;
  summary: ImageSummary | undefined;
  verify: VerifyResult | undefined;
  verifying: Progress | undefined;
  verifyError: string | undefined;
}

const EMPTY: ImageState = { generation: 0, from: undefined, opening: undefined, failure: undefined, summary: undefined, verify: undefined, verifying: undefined, verifyError: undefined };

export const image = new Store<ImageState>(EMPTY);

export const reader = new Client<ImageApi>(imageWorkerUrl, 'image');
let stopping: AbortController | undefined;

reader.onCrash = (report) => {
  const { from, opening, generation } = image.value;
  image.set({ ...EMPTY, generation: generation + 1, from, failure: { name: opening?.name ?? from?.name ?? 'the image', code: 'CRASH', message: `The reader stopped and was restarted. ${report}`, stopped: false } });
};

/** Opens an image in the worker and shows it. */
export async function openImage(from: Source): Promise<void> {
  stopping?.abort();
  const controller = new AbortController();
  stopping = controller;
  const started = performance.now();
  const generation = image.value.generation + 1;
  image.set({ ...EMPTY, generation, from, opening: { name: from.name, size: from.size, progress: undefined, speed: 0, started } });
  let quarter = 0;
  try {
    const summary = await reader.call(
      'open',
      { source: from.content, name: from.name, platform: route.value.view === 'image' ? route.value.params.get('p') : undefined },
      {
        signal: controller.signal,
        onProgress: (progress) => {
          if (stopping !== controller || !image.value.opening) return;
          const seconds = (performance.now() - started) / 1000;
          image.patch({ opening: { ...image.value.opening, progress, speed: progress.unit === 'bytes' && seconds > 0.2 ? progress.done / seconds : 0 } });
          const now = progress.total ? Math.floor((progress.done / progress.total) * 4) : 0;
          if (now > quarter && now < 4) say(`${now * 25} %`);
          quarter = Math.max(quarter, now);
        },
      },
    );
    if (stopping !== controller) return;
    show(summary);
    say(`Opened ${from.name}`);
    void verify();
  } catch (error) {
    if (stopping !== controller) return;
    const stopped = isAbort(error);
    const { code = 'INTERNAL', message = String(error) } = error as RemoteError;
    const done = image.value.opening?.progress?.done ?? 0;
    image.set({ ...EMPTY, generation, from, failure: { name: from.name, code, message: stopped ? String(done) : message, stopped } });
  }
}

function show(summary: ImageSummary): void {
  const { from, generation } = image.value;
  image.set({ ...EMPTY, generation: generation + 1, from, summary });
  if (route.value.view === 'image') {
    document.title = `${nameText(summary.name)} - Layerwright`;
    const wanted = route.value.params.get('img');
    // A link that named this image keeps its place; another image begins at its start.
    const digest = summary.manifestDigest ?? summary.configDigest;
    const same = wanted === digest;
    setParams({ img: digest, ...(same ? {} : { l: undefined, f: undefined, q: undefined, z: undefined, tab: undefined }) }, wanted === undefined || same || !isOwnEntry() ? 'replace' : 'push');
  }
}

/** An image that the worker assembles, as if it had been dropped. */
export async function assembled(recipe: Recipe): Promise<Source> {
  const bytes = await reader.call('assemble', recipe);
  return { name: `${recipe.name.replace(':', '-')}.tar`, size: bytes.length, content: new Blob([bytes as BlobPart]) };
}

export async function openRecipe(recipe: Recipe): Promise<void> {
  await openImage(await assembled(recipe));
}

export function stopOpening(): void {
  stopping?.abort();
}

export async function selectPlatform(index: number): Promise<void> {
  const { generation } = image.value;
  try {
    const summary = await reader.call('select', { index });
    if (image.value.generation !== generation) return;
    show(summary);
    void verify();
  } catch (error) {
    notify(`That platform could not be opened. ${error instanceof Error ? error.message : ''}`);
  }
}

let stoppingVerify: AbortController | undefined;

export function stopVerifying(): void {
  stoppingVerify?.abort();
}

/** Checks every digest of the image that is open. */
export async function verify(): Promise<void> {
  const { generation } = image.value;
  const current = () => image.value.generation === generation;
  stoppingVerify?.abort();
  const controller = new AbortController();
  stoppingVerify = controller;
  image.patch({ verifying: { phase: 'verify', done: 0, unit: 'bytes' }, verifyError: undefined });
  try {
    const result = await reader.call('verify', {}, { signal: controller.signal, onProgress: (progress) => current() && image.patch({ verifying: progress }) });
    if (!current()) return;
    image.patch({ verify: result, verifying: undefined });
    const failed = result.items.filter((item) => item.state === 'failed').length;
    say(failed > 0 ? `${failed} digests do not match` : `${result.verified} of ${result.total} digests verified`);
  } catch (error) {
    if (current() && stoppingVerify === controller) image.patch({ verifying: undefined, ...(isAbort(error) ? {} : { verifyError: error instanceof Error ? error.message : String(error) }) });
  }
}

export function closeImage(): void {
  stopping?.abort();
  stopping = undefined;
  reader.stop();
  image.set({ ...EMPTY, generation: image.value.generation + 1 });
}
