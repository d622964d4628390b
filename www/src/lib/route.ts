// All state a link must restore is in the fragment: a query would reach the host's log.
import { Store } from './store.ts';

export type View = 'start' | 'dockerfile' | 'image' | 'compare';

export interface Route {
  view: View;
  /** In the order they were written; keys that this version does not know are kept. */
  params: ReadonlyMap<string, string>;
}

const VIEWS: ReadonlySet<string> = new Set<View>(['dockerfile', 'image', 'compare']);

export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  const [name = '', query = ''] = [text.split('?', 1)[0] ?? '', text.slice(text.indexOf('?') + 1)];
  const params = new Map<string, string>();
  if (text.includes('?'))
    for (const part of query.split('&')) {
      const at = part.indexOf('=');
      const key = at < 0 ? part : part.slice(0, at);
      if (key) params.set(decode(key), at < 0 ? '' : decode(part.slice(at + 1)));
    }
  return { view: VIEWS.has(name) ? (name as View) : 'start', params };
}

export function formatRoute({ view, params }: Route): string {
  const query = [...params].map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&');
  return `#/${view === 'start' ? '' : view}${query ? `?${query}` : ''}`;
}

/** Slashes, colons and commas stay readable; what would end the value does not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%(2F|3A|2C|40)/gi, (code) => decodeURIComponent(code));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Marks the history entries that this page made, apart from addresses typed or followed. */
const OWN = { layerwright: 1 };

export const isOwnEntry = (): boolean => (history.state as typeof OWN | null)?.layerwright === 1;

export const route = new Store<Route>(parseRoute(location.hash));

export function navigate(next: Route, how: 'push' | 'replace'): void {
  const url = formatRoute(next);
  if (url !== location.hash) history[how === 'push' ? 'pushState' : 'replaceState'](OWN, '', url);
  route.set(next);
}

/** Changes some parameters of the present view; `undefined` removes one. */
export function setParams(changes: Record<string, string | undefined>, how: 'push' | 'replace'): void {
  const params = new Map(route.value.params);
  let changed = false;
  for (const [key, value] of Object.entries(changes)) {
    if (params.get(key) === value) continue;
    changed = true;
    if (value === undefined) params.delete(key);
    else params.set(key, value);
  }
  if (changed) navigate({ view: route.value.view, params }, how);
}

/** The parameters each view had when it was left, so that the header's links go back to them. */
const left = new Map<View, ReadonlyMap<string, string>>();

export function goTo(view: View, params?: ReadonlyMap<string, string>): void {
  const now = route.value;
  if (now.view === view && !params) return;
  left.set(now.view, now.params);
  navigate({ view, params: params ?? left.get(view) ?? new Map() }, 'push');
}

export function hrefOf(view: View): string {
  return formatRoute({ view, params: left.get(view) ?? new Map() });
}

const reread = () => route.set(parseRoute(location.hash));
addEventListener('popstate', reread);
addEventListener('hashchange', reread);

/** Text as deflate-raw in base64url. */
export async function packText(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The most text a link may unpack to, in bytes. */
const UNPACK_LIMIT = 4_000_000;

/** The text of `packText`; `undefined` for anything else. */
export async function unpackText(packed: string): Promise<string | undefined> {
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let text = '';
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > UNPACK_LIMIT) {
        await reader.cancel();
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return undefined;
  }
}
