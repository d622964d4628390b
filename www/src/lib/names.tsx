// Every name that comes from a file passes through here before it is shown: what cannot be seen, what turns the
// direction of text and what looks like another letter becomes a tag, markup stays text.
import type { VNode } from 'preact';

/** A stretch of plain text, or the tag shown in place of one character or byte. */
export type NamePart = string | { tag: string };

const CONTROL = [
  'NUL', 'SOH', 'STX', 'ETX', 'EOT', 'ENQ', 'ACK', 'BEL', 'BS', 'TAB', 'LF', 'VT', 'FF', 'CR', 'SO', 'SI',
  'DLE', 'DC1', 'DC2', 'DC3', 'DC4', 'NAK', 'SYN', 'ETB', 'CAN', 'EM', 'SUB', 'ESC', 'FS', 'GS', 'RS', 'US',
];

/** Letters of other scripts that look like a Latin one. */
const LOOKALIKE = new Set(
  'аеорсухіјѕһԁԛԝӏɡ' + 'АВЕЅІЈКМНОРСТХУԌԚԜӀ' + 'αοντυρκιγ' + 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ' + 'օսոհցզ' + 'ⅰⅴⅹⅼⅽⅾⅿⅠⅤⅩⅬⅭⅮⅯ',
);

const hex = (code: number, width: number) => code.toString(16).toUpperCase().padStart(width, '0');

function tagOf(code: number, latin: boolean): string | undefined {
  if (code < 0x20) return CONTROL[code];
  if (code === 0x7f) return 'DEL';
  if (code < 0x7f) return undefined;
  // Bytes that are no UTF-8 arrive as lone low surrogates.
  if (code >= 0xdc80 && code <= 0xdcff) return `0x${hex(code - 0xdc00, 2)}`;
  const hidden =
    code < 0xa0 || code === 0xad || code === 0x34f || code === 0x61c || code === 0x115f || code === 0x1160 || code === 0x17b4 || code === 0x17b5 ||
    (code >= 0x180b && code <= 0x180f) || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) || code === 0x3164 || (code >= 0xd800 && code <= 0xdfff) || (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff || code === 0xffa0 || (code >= 0xfff9 && code <= 0xfffd) || (code >= 0xe0000 && code <= 0xe0fff);
  const space = code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x202f || code === 0x205f || code === 0x3000;
  const alike = latin && (LOOKALIKE.has(String.fromCodePoint(code)) || (code >= 0xff01 && code <= 0xff5e) || (code >= 0x1d400 && code <= 0x1d7ff));
  return hidden || space || alike ? `U+${hex(code, 4)}` : undefined;
}

/**
 * The parts of a name, or of a path: a look-alike is judged by the segment it stands in, and so is a space at an edge.
 * Of `words` (a command, a message) every space is an ordinary one, and a look-alike is judged by its word.
 */
export function nameParts(name: string, words = false): NamePart[] {
  const parts: NamePart[] = [];
  let plain = '';
  const tag = (text: string) => {
    if (plain) parts.push(plain);
    plain = '';
    parts.push({ tag: text });
  };
  const separator = words ? ' ' : '/';
  let first = true;
  for (const segment of name.split(separator)) {
    if (!first) plain += separator;
    first = false;
    const latin = /[A-Za-z]/.test(segment);
    const chars = [...segment];
    chars.forEach((char, index) => {
      const code = char.codePointAt(0) ?? 0;
      const edge = !words && code === 0x20 && (index === 0 || index === chars.length - 1);
      const shown = edge ? 'U+0020' : tagOf(code, latin);
      if (shown) tag(shown);
      else plain += char;
    });
  }
  if (plain) parts.push(plain);
  return parts;
}

/** The name as plain text, for titles, labels and messages: `invoice[U+202E]fdp.sh`. */
export function nameText(name: string, words = false): string {
  return nameParts(name, words)
    .map((part) => (typeof part === 'string' ? part : `[${part.tag}]`))
    .join('');
}

const TAIL = 12;

/** A name from a file. With `cut`, a name too long for its place loses its middle, never its extension. */
export function Name({ text, cut = false, words = false, mark }: { text: string; cut?: boolean; words?: boolean; mark?: string | undefined }): VNode {
  const parts = nameParts(text, words);
  if (cut) {
    const last = parts.at(-1);
    if (typeof last === 'string' && last.length > TAIL * 2) {
      const at = last.length - TAIL;
      return (
        <bdi class="name in-two" title={nameText(text)}>
          <span class="head">{render([...parts.slice(0, -1), last.slice(0, at)], mark)}</span>
          <span class="tail">{last.slice(at)}</span>
        </bdi>
      );
    }
  }
  return <bdi class="name">{render(parts, mark)}</bdi>;
}

function render(parts: NamePart[], mark?: string) {
  return parts.map((part) => {
    if (typeof part !== 'string') return <span class="tag">{part.tag}</span>;
    const at = mark ? part.toLowerCase().indexOf(mark.toLowerCase()) : -1;
    if (!mark || at < 0) return part;
    return [part.slice(0, at), <mark>{part.slice(at, at + mark.length)}</mark>, part.slice(at + mark.length)];
  });
}

/** The name as a shell takes it, exactly. */
export function shellQuoted(name: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(name)) return name;
  if (nameParts(name).every((part) => typeof part === 'string') && !/[^ -~]/.test(name)) return `'${name.replaceAll("'", `'\\''`)}'`;
  const encoder = new TextEncoder();
  let out = '';
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0x20 && code < 0x7f) out += char === "'" || char === '\\' ? `\\${char}` : char;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${hex(code - 0xdc00, 2).toLowerCase()}`;
    else for (const byte of encoder.encode(char)) out += `\\x${hex(byte, 2).toLowerCase()}`;
  }
  return `$'${out}'`;
}
