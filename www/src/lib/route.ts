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

/** Slashes, colons and commas stay readable; what would end the value does not. Bytes that are no UTF-8 stay the bytes they are. */
function encode(text: string): string {
  return text
    .split(/([\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff])/)
    .map((part, i) => {
      if (i % 2 === 0 || part.length === 2) return encodeURIComponent(part).replace(/%(2F|3A|2C|40)/gi, (code) => decodeURIComponent(code));
      const code = part.charCodeAt(0);
      return code >= 0xdc80 && code <= 0xdcff ? `%${(code - 0xdc00).toString(16).toUpperCase()}` : '%EF%BF%BD';
    })
    .join('');
}

function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let out = '';
    for (let at = 0; at < bytes.length; ) {
      const first = bytes[at] ?? 0;
      const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
      try {
        out += decoder.decode(bytes.subarray(at, at + length));
        at += length;
      } catch {
        // As everywhere here: a byte that is no text is a lone surrogate.
        out += String.fromCharCode(0xdc00 + first);
        at += 1;
      }
    }
    return out;
  });
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
