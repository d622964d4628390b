// What a fix changes, as lines.
import type { Edit } from '../engine/types.ts';
import { type DiffLine, lineDiff } from '../lib/diff.ts';

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
