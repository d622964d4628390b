// Tar, written and read in pieces, for what an executor of RUN gets and gives. Names are binary strings: one character a
// byte, since a file system's names are bytes.

/** A member of a tar. Names and link targets are binary strings; `binary` makes one of a text. */
export interface TarMember {
  path: string;
  type: 'file' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Seconds since 1970, in decimal digits, so that nothing is rounded. */
  mtime: string;
  linkname?: string;
  device?: [major: number, minor: number];
  /** Extended attributes by name, both binary strings. */
  xattrs?: Record<string, string>;
}

const BLOCK = 512;
const FLAGS = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' } as const;
const TYPES = Object.fromEntries(Object.entries(FLAGS).map(([type, flag]) => [flag, type])) as Record<string, TarMember['type']>;

/** The UTF-8 bytes of a text as a binary string. */
export const binary = (text: string): string => fromBytes(new TextEncoder().encode(text));

/** A binary string of bytes. */
export function fromBytes(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return out;
}

/** The bytes of a binary string. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const padded = (length: number): number => Math.ceil(length / BLOCK) * BLOCK;

/** How many zeros follow a body of that size. */
export const padding = (size: number): number => padded(size) - size;

/** What ends an archive. */
export const END = 2 * BLOCK;

/** The header of a member: one block, or a PAX header before it. */
export function header(member: TarMember): Uint8Array<ArrayBuffer> {
  const path = member.type === 'dir' && !member.path.endsWith('/') ? `${member.path}/` : member.path;
  const link = member.linkname ?? '';
  const records: [string, string][] = [];
  const plain = (text: string) => /^[\x01-\x7f]*$/.test(text);
  if (path.length > 100 || !plain(path)) records.push(['path', path]);
  if (link.length > 100 || !plain(link)) records.push(['linkpath', link]);
  const number = (key: string, value: number, limit: number): number => {
    if (value <= limit) return value;
    records.push([key, String(value)]);
    return 0;
  };
  const uid = number('uid', member.uid, 0o7777777);
  const gid = number('gid', member.gid, 0o7777777);
  const size = number('size', member.type === 'file' ? member.size : 0, 0o77777777777);
  let seconds = Number(member.mtime);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 0o77777777777) {
    records.push(['mtime', member.mtime]);
    seconds = Math.min(Math.max(0, Math.floor(seconds)), 0o77777777777);
  }
  for (const [key, value] of Object.entries(member.xattrs ?? {})) records.push([`SCHILY.xattr.${key}`, value]);
  const main = block(path, FLAGS[member.type], size, link, member.mode & 0o7777, uid, gid, seconds, member.device);
  if (!records.length) return main;
  const body = toBytes(records.map(([key, value]) => record(key, value)).join(''));
  const out = new Uint8Array(BLOCK + padded(body.length) + BLOCK);
  out.set(block('PaxHeaders/member', 'x', body.length, '', 0o644, 0, 0, 0));
  out.set(body, BLOCK);
  out.set(main, BLOCK + padded(body.length));
  return out;
}

function record(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function block(path: string, flag: string, size: number, link: string, mode: number, uid: number, gid: number, mtime: number, device?: [number, number]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(BLOCK);
  const put = (text: string, at: number, length: number) => out.set(toBytes(text.slice(0, length)), at);
  const octal = (value: number, at: number, digits: number) => put(value.toString(8).padStart(digits, '0'), at, digits);
  put(path, 0, 100);
  octal(mode, 100, 7);
  octal(uid, 108, 7);
  octal(gid, 116, 7);
  octal(size, 124, 11);
  octal(mtime, 136, 11);
  put('        ', 148, 8);
  put(flag, 156, 1);
  put(link, 157, 100);
  put('ustar\x0000', 257, 8);
  if (device) {
    octal(device[0], 329, 7);
    octal(device[1], 337, 7);
  }
  octal(out.reduce((sum, byte) => sum + byte, 0), 148, 6);
  out[154] = 0;
  return out;
}

/** Reads a tar that the core or `header` wrote, piece by piece: plain ustar with PAX headers. */
export class TarStream {
  #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();
  #left = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Some bytes, at most `most`; undefined at the end of the input. */
  async #some(most: number): Promise<Uint8Array | undefined> {
    while (!this.#held.length) {
      const { done, value } = await this.#pieces.next();
      if (done) return undefined;
      this.#held = value;
    }
    const out = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(out.length);
    return out;
  }

  async #exactly(length: number): Promise<Uint8Array> {
    if (this.#held.length >= length) return (await this.#some(length))!;
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const piece = await this.#some(length - at);
      if (!piece) throw new Error('the archive is cut off');
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }

  /** The next member; undefined at the mark that ends an archive, after which another one may follow. */
  async next(): Promise<TarMember | undefined> {
    while (this.#left > 0) {
      const piece = await this.#some(this.#left);
      if (!piece) throw new Error('the archive is cut off');
      this.#left -= piece.length;
    }
    let records: Map<string, string> = new Map();
    for (;;) {
      const block = fromBytes(await this.#exactly(BLOCK));
      if (/^\0*$/.test(block)) {
        await this.#exactly(BLOCK);
        return undefined;
      }
      const field = (at: number, length: number) => block.slice(at, at + length).split('\0', 1)[0]!;
      const octal = (at: number, length: number) => Number.parseInt(field(at, length).trim() || '0', 8);
      const flag = block[156]!;
      const size = octal(124, 12);
      if (flag === 'x') {
        records = readRecords(fromBytes(await this.#exactly(padded(size))).slice(0, size));
        continue;
      }
      const type = TYPES[flag];
      if (!type) throw new Error(`a member of the unknown type "${flag}"`);
      const number = (key: string, value: number) => Number(records.get(key) ?? value);
      const prefix = field(345, 155);
      const member: TarMember = {
        path: (records.get('path') ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100))).replace(/\/+$/, ''),
        type,
        mode: octal(100, 8) & 0o7777,
        uid: number('uid', octal(108, 8)),
        gid: number('gid', octal(116, 8)),
        size: type === 'file' ? number('size', size) : 0,
        mtime: records.get('mtime') ?? String(octal(136, 12)),
        linkname: records.get('linkpath') ?? field(157, 100),
        device: [octal(329, 8), octal(337, 8)],
      };
      const xattrs = [...records].filter(([key]) => key.startsWith('SCHILY.xattr.')).map(([key, value]) => [key.slice(13), value] as const);
      if (xattrs.length) member.xattrs = Object.fromEntries(xattrs);
      this.#left = padded(member.size);
      this.#body = member.size;
      return member;
    }
  }

  #body = 0;

  /** The bytes of the member that `next` gave, piece by piece. */
  async *body(): AsyncGenerator<Uint8Array> {
    while (this.#body > 0) {
      const piece = await this.#some(this.#body);
      if (!piece) throw new Error('the archive is cut off');
      this.#body -= piece.length;
      this.#left -= piece.length;
      yield piece;
    }
  }
}

function readRecords(text: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at);
    const length = Number(text.slice(at, space));
    if (space < 0 || !(length > 0)) break;
    const equals = text.indexOf('=', space);
    records.set(text.slice(space + 1, equals), text.slice(equals + 1, at + length - 1));
    at += length;
  }
  return records;
}
