// What the page remembers on this machine: small choices in localStorage, Dockerfiles in IndexedDB.
import { Store } from './store.ts';

export type Theme = 'system' | 'light' | 'dark';
export const PROFILES = ['recommended', 'hadolint', 'buildkit', 'strict', 'all'] as const;
export type Profile = (typeof PROFILES)[number];
export const PROFILE_NAMES: Record<Profile, string> = { recommended: 'Recommended', hadolint: 'hadolint', buildkit: 'BuildKit', strict: 'Strict', all: 'All rules' };

const PREFIX = 'layerwright.';

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // Storage is off or full: the choice holds for this visit.
  }
}

const oneOf = <T extends string>(all: readonly T[], value: string | undefined, otherwise: T): T => (all.includes(value as T) ? (value as T) : otherwise);

export const theme = new Store<Theme>(oneOf(['system', 'light', 'dark'], read('theme'), 'system'));
export const profile = new Store<Profile>(oneOf(PROFILES, read('profile'), 'recommended'));
export const keysOn = new Store<boolean>(read('keys') !== 'off');

theme.subscribe(() => {
  const value = theme.value;
  if (value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  write('theme', value === 'system' ? undefined : value);
});
profile.subscribe(() => write('profile', profile.value === 'recommended' ? undefined : profile.value));
keysOn.subscribe(() => write('keys', keysOn.value ? undefined : 'off'));

export function nextTheme(): void {
  theme.set(theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system');
}

/** The saved share of a splitter, in pixels or percent as its user keeps it. */
export function savedNumber(key: string): number | undefined {
  const value = Number(read(key) ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

export const saveNumber = (key: string, value: number | undefined): void => write(key, value === undefined ? undefined : String(Math.round(value * 10) / 10));

/** A Dockerfile as it is kept. `link` is the packed text its address last showed. */
export interface SavedText {
  dockerfile: string;
  dockerignore: string;
  link?: string;
}

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('layerwright', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('texts');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('storage is in use by an older tab'));
  });
}

async function inStore<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const db = await database();
    try {
      return await new Promise<T>((resolve, reject) => {
        const request = run(db.transaction('texts', mode).objectStore('texts'));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}

/** `present`: what is being edited. `replaced`: what a link's text took the place of. */
export type TextSlot = 'present' | 'replaced';

export const loadText = (slot: TextSlot): Promise<SavedText | undefined> => inStore<SavedText | undefined>('readonly', (store) => store.get(slot));
export const saveText = (slot: TextSlot, text: SavedText): Promise<unknown> => inStore('readwrite', (store) => store.put(text, slot));

/** Removes all that this page stored, but for its own files. */
export async function forgetEverything(): Promise<void> {
  await inStore('readwrite', (store) => store.clear() as IDBRequest<undefined>);
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
  theme.set('system');
  profile.set('recommended');
  keysOn.set(true);
}
