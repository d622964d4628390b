// How one list of lines becomes another.
import { lineSteps } from '../../../pkg-template/src/unified.ts';

export interface DiffLine {
  kind: 'removed' | 'added' | 'same';
  text: string;
}

const KINDS = { ' ': 'same', '-': 'removed', '+': 'added' } as const;

/** The shortest way from one list of lines to another. Long differences are shown as a whole. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  return lineSteps(before, after).map(({ mark, text }) => ({ kind: KINDS[mark], text }));
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
