// What a terminal can show: colours, width, sizes, progress.
import { fstatSync, writeSync } from 'node:fs';
import type { Progress } from '../index.js';

/** Whether a stream is a terminal. Node takes milliseconds to set up a stream, so it is only asked for where it may be one. */
function isTerminal(name: 'stdout' | 'stderr'): boolean {
  try {
    return fstatSync(name === 'stdout' ? 1 : 2).isCharacterDevice() && process[name].isTTY;
  } catch {
    return false;
  }
}

/** Whether to use colours on a stream: NO_COLOR and FORCE_COLOR decide, else whether it is a terminal. */
function style(name: 'stdout' | 'stderr'): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0') return true;
  return process.env.TERM !== 'dumb' && isTerminal(name);
}

export const stdoutStyle = (): boolean => style('stdout');
export const stderrStyle = (): boolean => style('stderr');
export const terminalWidth = (): number => (isTerminal('stdout') && process.stdout.columns) || Number(process.env.COLUMNS) || 100;

/** Writes to standard output at once, also where it is a pipe whose reader is slow. */
export function print(text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // The pipe is full: wait a little for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

/** Whether the terminal is known to follow links; FORCE_HYPERLINK decides where it is set. */
export function stdoutLinks(): boolean {
  const { FORCE_HYPERLINK, TERM_PROGRAM, VTE_VERSION, WT_SESSION, KITTY_WINDOW_ID, KONSOLE_VERSION, TERM, CI } = process.env;
  if (FORCE_HYPERLINK !== undefined) return FORCE_HYPERLINK !== '0';
  if (CI || !isTerminal('stdout')) return false;
  return Number(VTE_VERSION) >= 5000 || ['iTerm.app', 'WezTerm', 'vscode', 'ghostty', 'Hyper', 'rio'].includes(TERM_PROGRAM ?? '') || Boolean(WT_SESSION ?? KITTY_WINDOW_ID ?? KONSOLE_VERSION) || TERM === 'xterm-kitty' || TERM === 'alacritty';
}

export function paint(on: boolean) {
  const sgr = (open: number, close: number) => (text: string) => (on ? `\x1b[${open}m${text}\x1b[${close}m` : text);
  return { bold: sgr(1, 22), dim: sgr(2, 22), underline: sgr(4, 24), red: sgr(31, 39), green: sgr(32, 39), yellow: sgr(33, 39), blue: sgr(34, 39), magenta: sgr(35, 39), cyan: sgr(36, 39) };
}

/** Decimal units, one decimal from 1 kB on. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** `-rw-r--r--` of a type and a mode. */
export function modeText(type: string, mode: number): string {
  const kind = { dir: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p', hardlink: 'h' }[type] ?? '-';
  const triple = (shift: number, special: boolean, letter: string) => {
    const bits = (mode >> shift) & 7;
    const x = special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${x}`;
  };
  return kind + triple(6, (mode & 0o4000) !== 0, 's') + triple(3, (mode & 0o2000) !== 0, 's') + triple(0, (mode & 0o1000) !== 0, 't');
}

/**
 * Text from an image or a Dockerfile, safe to print: control characters, bidirectional controls and bytes that are
 * not UTF-8 (lone surrogates U+DC80 to U+DCFF) are shown as escapes.
 */
export function safe(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (c) => {
    const code = c.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

export const shortDigest = (digest: string): string => digest.replace(/^(\w+:[0-9a-f]{12}).*$/, '$1');

/** Cuts a line in the middle of nothing: at the end, with an ellipsis. */
export const clip = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`);

/** Shows progress on standard error, on a terminal, once the work has taken half a second. */
export function progressLine(title: string): { onProgress?: (p: Progress) => void; end: () => void } {
  if (!process.stderr.isTTY) return { end: () => {} };
  const began = performance.now();
  let shown = false;
  return {
    onProgress(p) {
      if (performance.now() - began < 500) return;
      shown = true;
      const seconds = (performance.now() - began) / 1000;
      const amount = p.unit === 'bytes' ? `${size(p.done)}${p.total ? ` of ${size(p.total)}` : ''}, ${size(p.done / seconds)}/s` : `${p.done}${p.total ? ` of ${p.total}` : ''} ${p.unit}`;
      process.stderr.write(`\r\x1b[2K${clip(`${title}: ${amount}${p.item ? ` ${safe(p.item)}` : ''}`, (process.stderr.columns ?? 80) - 1)}`);
    },
    end() {
      if (shown) process.stderr.write('\r\x1b[2K');
    },
  };
}
