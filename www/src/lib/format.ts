// Numbers, sizes and times as the page writes them: decimal units, one decimal from 1 MB, UTC.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 10_000) return `${oneDecimal.format(bytes / 1000)} kB`;
  if (bytes < 999_500) return `${whole.format(bytes / 1000)} kB`;
  const units = ['MB', 'GB', 'TB', 'PB'];
  let value = bytes / 1e6;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${oneDecimal.format(value)} ${units[unit]}`;
}

export const exactBytes = (bytes: number): string => `${whole.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export const percent = (part: number, all: number): string => `${all > 0 ? Math.round((part / all) * 100) : 0} %`;

/** `2026-11-18 09:41:07 UTC`; the input is in seconds since 1970. */
export function time(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds} s since 1970`;
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function isoTime(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : time(at / 1000);
}

export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** `sha256:9c1e…4a70`. */
export function shortDigest(digest: string): string {
  const at = digest.indexOf(':');
  const hex = digest.slice(at + 1);
  return hex.length <= 12 ? digest : `${digest.slice(0, at + 1)}${hex.slice(0, 4)}…${hex.slice(-4)}`;
}

const TYPES: Record<string, string> = { file: '-', dir: 'd', symlink: 'l', hardlink: '-', char: 'c', block: 'b', fifo: 'p', socket: 's' };

/** `-rw-r--r--  0644`, as ls writes it, with the octal form behind it. */
export function mode(kind: string, bits: number): string {
  const letters = [6, 3, 0].map((shift, who) => {
    const triple = (bits >> shift) & 7;
    const special = bits & [0o4000, 0o2000, 0o1000][who]!;
    const x = triple & 1 ? (special ? (who === 2 ? 't' : 's') : 'x') : special ? (who === 2 ? 'T' : 'S') : '-';
    return `${triple & 4 ? 'r' : '-'}${triple & 2 ? 'w' : '-'}${x}`;
  });
  return `${TYPES[kind] ?? '?'}${letters.join('')}  ${(bits & 0o7777).toString(8).padStart(4, '0')}`;
}
