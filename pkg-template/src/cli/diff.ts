// A unified diff of two texts.

/** Lines around a change that are shown. */
const AROUND = 3;

/** The changes from `before` to `after` as `diff -u` writes them; nothing where there are none. */
export function unified(name: string, before: string, after: string): string {
  const [a, b] = [lines(before), lines(after)];
  const steps = script(a, b);
  const out: string[] = [];
  for (let at = 0; at < steps.length; ) {
    const first = steps.findIndex((s, i) => i >= at && s.mark !== ' ');
    if (first < 0) break;
    const start = Math.max(at, first - AROUND);
    let end = first;
    // Changes with few lines between them share one hunk.
    for (let i = first, quiet = 0; i < steps.length && quiet <= 2 * AROUND; i++) {
      quiet = steps[i]!.mark === ' ' ? quiet + 1 : 0;
      if (!quiet) end = i + 1;
    }
    end = Math.min(steps.length, end + AROUND);
    const hunk = steps.slice(start, end);
    const count = (mark: string) => hunk.filter((s) => s.mark !== mark).length;
    const range = (line: number, n: number) => `${n ? line + 1 : line},${n}`;
    out.push(`@@ -${range(hunk[0]!.a, count('+'))} +${range(hunk[0]!.b, count('-'))} @@\n`);
    for (const { mark, text } of hunk) out.push(text.endsWith('\n') ? `${mark}${text}` : `${mark}${text}\n\\ No newline at end of file\n`);
    at = end;
  }
  return out.length ? `--- ${name}\n+++ ${name}\n${out.join('')}` : '';
}

interface Step {
  mark: ' ' | '-' | '+';
  text: string;
  /** The places in both texts before this step, from 0. */
  a: number;
  b: number;
}

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** More differing lines than this are told as one replacement. */
const MAX_CHANGES = 2000;

/** A shortest way from one list to the other (Myers 1986). */
function script(a: string[], b: string[]): Step[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const marks = [...Array<Step['mark']>(head).fill(' '), ...shortest(x, y), ...Array<Step['mark']>(tail).fill(' ')];
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  for (const mark of marks) {
    steps.push({ mark, text: mark === '+' ? b[j]! : a[i]!, a: i, b: j });
    if (mark !== '+') i++;
    if (mark !== '-') j++;
  }
  return steps;
}

function shortest(a: string[], b: string[]): Step['mark'][] {
  const furthest = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, MAX_CHANGES); d++) {
    trail.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let i = down ? furthest.get(k + 1) ?? 0 : (furthest.get(k - 1) ?? 0) + 1;
      while (i < a.length && i - k < b.length && a[i] === b[i - k]) i++;
      furthest.set(k, i);
      if (i >= a.length && i - k >= b.length) return back(trail, a.length, b.length);
    }
  }
  return [...a.map(() => '-' as const), ...b.map(() => '+' as const)];
}

/** The way that led to the end, from its trail. */
function back(trail: Map<number, number>[], i: number, j: number): Step['mark'][] {
  const marks: Step['mark'][] = [];
  for (let d = trail.length - 1; d >= 0; d--) {
    const furthest = trail[d]!;
    const k = i - j;
    const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const [pi, pj] = d === 0 ? [0, 0] : [furthest.get(from) ?? 0, (furthest.get(from) ?? 0) - from];
    while (i > pi && j > pj && !(d > 0 && i === pi + (down ? 0 : 1) && j === pj + (down ? 1 : 0))) {
      marks.push(' ');
      i--;
      j--;
    }
    if (d > 0) marks.push(down ? '+' : '-');
    [i, j] = [pi, pj];
  }
  return marks.reverse();
}
