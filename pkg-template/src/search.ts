// Which files of an image are meant: the words of a search box and the options of `find`, one language.
import { LayerwrightError } from './errors.js';
import { globSource } from './glob.js';
import type { MergedEntry, TextFound } from './wasm/layerwright.js';

/** What to look for. All that is given must hold. */
export interface FileQuery {
  /** Names or paths: each must match. With `*`, `?`, `[…]` or `{…}` a pattern, of the path if it has a slash, else of the name; without, a part of the path in any case. */
  names?: string[];
  /** What it is. */
  kind?: MergedEntry['kind'];
  /** Fewest bytes. Files only. */
  minSize?: number;
  /** Most bytes. Files only. */
  maxSize?: number;
  /** The layer that brought it, the base being 0. */
  layer?: number;
  /** Permissions: exactly these, all of these, or any of these. */
  mode?: { bits: number; match: 'exact' | 'all' | 'any' };
  /** The owner's number. */
  uid?: number;
  /** The group's number. */
  gid?: number;
  /** Runs with the rights of its owner or group, whoever starts it. */
  setuid?: boolean;
  /** A text in it. */
  text?: string;
}

/** A file that was looked for. */
export interface FileFound extends MergedEntry {
  /** Where the text stands, if there was one. */
  match?: Omit<TextFound, 'name'>;
}

const KINDS: Record<string, MergedEntry['kind']> = { f: 'file', d: 'dir', l: 'symlink', c: 'char', b: 'block', p: 'fifo', file: 'file', dir: 'dir', directory: 'dir', symlink: 'symlink', link: 'symlink', char: 'char', block: 'block', fifo: 'fifo' };
const UNITS: Record<string, number> = { '': 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };

const wrong = (word: string, expected: string) => new LayerwrightError('QUERY_INVALID', `"${word}" is no ${expected}.`, { word });

/** Bytes of `1`, `10kB`, `1.5M`, `2MiB`; decimal units, `KiB` and the like for powers of two. */
export function parseBytes(text: string): number {
  const m = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = UNITS[m?.[2]?.toLowerCase() ?? '?'];
  if (!m || unit === undefined) throw wrong(text, 'size: expected a number and a unit, such as 10kB, 1.5MB, 2MiB');
  return Math.round(Number(m[1]) * unit);
}

/** One condition, named as the options of `layerwright find` are. */
export function addCondition(query: FileQuery, key: string, value: string): void {
  switch (key) {
    case 'name':
      (query.names ??= []).push(value);
      return;
    case 'type': {
      const kind = KINDS[value];
      if (!kind) throw wrong(value, `type: expected ${Object.keys(KINDS).slice(6).join(', ')} or its first letter`);
      query.kind = kind;
      return;
    }
    case 'size': {
      const sign = value[0];
      const bytes = parseBytes(sign === '+' || sign === '-' ? value.slice(1) : value);
      if (sign === '+') query.minSize = bytes + 1;
      else if (sign === '-') query.maxSize = bytes - 1;
      else query.minSize = query.maxSize = bytes;
      return;
    }
    case 'layer':
      if (!/^\d+$/.test(value)) throw wrong(value, 'layer: expected a number from 0');
      query.layer = Number(value);
      return;
    case 'mode': {
      const m = /^([-/]?)([0-7]{1,4})$/.exec(value);
      if (!m) throw wrong(value, 'mode: expected octal digits, with - before them for "all of these", / for "any of these"');
      query.mode = { bits: Number.parseInt(m[2]!, 8), match: m[1] === '-' ? 'all' : m[1] === '/' ? 'any' : 'exact' };
      return;
    }
    case 'owner': {
      const m = /^(\d+)?(?::(\d+))?$/.exec(value);
      if (!m || value === '' || value === ':') throw wrong(value, 'owner: expected numbers, as UID, UID:GID or :GID');
      if (m[1] !== undefined) query.uid = Number(m[1]);
      if (m[2] !== undefined) query.gid = Number(m[2]);
      return;
    }
    case 'text':
      query.text = value;
      return;
    case 'is':
      if (value !== 'setuid') throw wrong(value, 'condition: expected is:setuid');
      query.setuid = true;
      return;
    default:
      throw wrong(key, 'condition: expected name, type, size, layer, mode, owner, text or is');
  }
}

/**
 * Reads what people type: `*.js`, `>1MB`, `<=10kB`, `text:TODO`, `type:dir`, `layer:3`, `mode:/6000`, `owner:0`,
 * `is:setuid`. Double quotes keep spaces. All words must hold.
 */
export function parseQuery(text: string): FileQuery {
  const query: FileQuery = {};
  for (const m of text.matchAll(/(?:"[^"]*"?|\S)+/g)) {
    const word = m[0];
    const plain = word.replaceAll('"', '');
    const size = /^(>=?|<=?)(.+)$/.exec(word);
    const pair = /^(name|type|size|layer|mode|owner|text|is):(.*)$/s.exec(plain);
    if (size) {
      const bytes = parseBytes(size[2]!);
      if (size[1] === '>') query.minSize = bytes + 1;
      else if (size[1] === '>=') query.minSize = bytes;
      else if (size[1] === '<') query.maxSize = bytes - 1;
      else query.maxSize = bytes;
    } else if (pair && !word.startsWith('"')) addCondition(query, pair[1]!, pair[2]!);
    else if (plain) addCondition(query, 'name', plain);
  }
  return query;
}

/** Whether a file is meant, as far as can be said without its content. */
export function matcher(query: FileQuery): (file: MergedEntry) => boolean {
  const names = (query.names ?? []).map((name) => {
    const pattern = name.replace(/^\.?\/+/, '');
    if (!/[*?[{]/.test(pattern)) {
      const part = pattern.toLowerCase();
      return (path: string) => path.toLowerCase().includes(part);
    }
    const whole = pattern.includes('/');
    const regex = new RegExp(`^${globSource(pattern)}$`, 's');
    return (path: string) => regex.test(whole ? path : path.slice(path.lastIndexOf('/') + 1));
  });
  const { kind, minSize, maxSize, layer, mode, uid, gid, setuid, text } = query;
  const sized = minSize !== undefined || maxSize !== undefined || text !== undefined;
  return (file) => {
    if (kind !== undefined && file.kind !== kind) return false;
    if (sized && (file.kind !== 'file' || file.size < (minSize ?? 0) || file.size > (maxSize ?? Infinity))) return false;
    if (layer !== undefined && file.layer !== layer) return false;
    if (mode) {
      const bits = file.mode & mode.bits;
      if (mode.match === 'exact' ? file.mode !== mode.bits : mode.match === 'all' ? bits !== mode.bits : mode.bits !== 0 && bits === 0) return false;
    }
    if (uid !== undefined && file.uid !== uid) return false;
    if (gid !== undefined && file.gid !== gid) return false;
    if (setuid && (file.kind !== 'file' || (file.mode & 0o6000) === 0)) return false;
    return names.every((name) => name(file.path));
  };
}
