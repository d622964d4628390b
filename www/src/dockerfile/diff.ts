// What a fix changes, as lines.
import type { Edit } from '../engine/types.ts';
import type { DiffLine } from '../ui/parts.tsx';

/** The text with `edits` made. Edits do not overlap. */
export function applied(text: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < at) continue;
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}

/** The lines that `edits` touch, before and after, and their numbers from 1. */
export function editedLines(text: string, edits: readonly Edit[]): { lines: DiffLine[]; numbers: number[] } {
  const lines: DiffLine[] = [];
  const numbers: number[] = [];
  const sorted = [...edits].sort((a, b) => a.start - b.start);
  const lineOf = (offset: number) => {
    let n = 1;
    for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) n += 1;
    return n;
  };
  for (let i = 0; i < sorted.length; ) {
    // Edits on the same or on touching lines make one piece.
    const first = sorted[i] as Edit;
    const from = text.lastIndexOf('\n', first.start - 1) + 1;
    let to = text.indexOf('\n', first.end);
    if (to < 0) to = text.length;
    let j = i + 1;
    while (j < sorted.length && (sorted[j] as Edit).start <= to) {
      const end = text.indexOf('\n', (sorted[j] as Edit).end);
      to = end < 0 ? text.length : end;
      j += 1;
    }
    const group = sorted.slice(i, j).map((edit) => ({ start: edit.start - from, end: edit.end - from, text: edit.text }));
    const before = text.slice(from, to);
    const after = applied(before, group);
    const start = lineOf(from);
    const was = before.split('\n');
    const is = after.split('\n');
    for (const line of lineDiff(was, is)) if (line.kind !== 'same') lines.push(line);
    was.forEach((line, k) => is[k] !== line && numbers.push(start + k));
    i = j;
  }
  return { lines, numbers };
}

const CELLS = 4_000_000;

/** The shortest way from one list of lines to another. Long differences are shown as a whole. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  return [...same(before.slice(0, head)), ...middle(a, b), ...same(before.slice(before.length - tail))];
}

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (a.length * b.length > CELLS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? (longest[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0);
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i] as string });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && (longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0))) {
      out.push(removed(a[i] as string));
      i += 1;
    } else {
      out.push(added(b[j] as string));
      j += 1;
    }
  }
  return out;
}

/** Only the changed lines, each with `around` lines of context. `undefined` marks a gap. */
export function hunks(lines: readonly DiffLine[], around = 2): (DiffLine | undefined)[] {
  const keep = new Uint8Array(lines.length);
  lines.forEach((line, i) => {
    if (line.kind !== 'same') keep.fill(1, Math.max(0, i - around), i + around + 1);
  });
  const out: (DiffLine | undefined)[] = [];
  lines.forEach((line, i) => {
    if (keep[i]) out.push(line);
    else if (out.length > 0 && out.at(-1) !== undefined) out.push(undefined);
  });
  if (out.at(-1) === undefined) out.pop();
  return out;
}
