// Differences of texts, line by line, as `diff -u` writes them and `patch` and `git apply` read them.

const CONTEXT = 3;
/** Changes that are told exactly: it bounds the work on texts that have little in common. */
const MOST = 2000;

/** A line on the way from one text to another. */
export interface LineStep {
  mark: ' ' | '-' | '+';
  text: string;
  /** The places in both texts before this step, from 0. */
  a: number;
  b: number;
}

/** Lines with their ends. */
const split = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** A shortest way from one list of lines to another. If it has more than `most` changes, all between the first and the last is changed. */
export function lineSteps(a: readonly string[], b: readonly string[], most = MOST): LineStep[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const middle = shortest(x, y, most) ?? [...x.map(() => '-' as const), ...y.map(() => '+' as const)];
  const same = (count: number) => Array<LineStep['mark']>(count).fill(' ');
  let [i, j] = [0, 0];
  return [...same(head), ...middle, ...same(tail)].map((mark) => {
    const step = { mark, text: mark === '+' ? b[j]! : a[i]!, a: i, b: j };
    if (mark !== '+') i++;
    if (mark !== '-') j++;
    return step;
  });
}

/** Myers' greedy algorithm (1986). */
function shortest(a: readonly string[], b: readonly string[], most: number): LineStep['mark'][] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  const down = (at: Map<number, number>, d: number, k: number): boolean => k === -d || (k !== d && (at.get(k - 1) ?? -1) < (at.get(k + 1) ?? -1));
  for (let d = 0; d <= Math.min(a.length + b.length, most); d++) {
    trail.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      let i = down(furthest, d, k) ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      while (i < a.length && i - k < b.length && a[i] === b[i - k]) i++;
      furthest.set(k, i);
      if (i < a.length || i - k < b.length) continue;
      // The end is reached: back along the trail.
      const marks: LineStep['mark'][] = [];
      let [x, y] = [a.length, b.length];
      for (let d = trail.length - 1; d > 0; d--) {
        const before = trail[d]!;
        const added = down(before, d, x - y);
        const k = added ? x - y + 1 : x - y - 1;
        const from = before.get(k) ?? 0;
        for (; x > from && y > from - k; x--, y--) marks.push(' ');
        marks.push(added ? '+' : '-');
        [x, y] = [from, from - k];
      }
      for (; x > 0; x--) marks.push(' ');
      return marks.reverse();
    }
  }
  return undefined;
}

/** What differs, with three lines around: each piece with its `@@` line. */
export function hunks(steps: readonly LineStep[]): { range: string; steps: LineStep[] }[] {
  const changed = steps.flatMap((step, n) => (step.mark === ' ' ? [] : [n]));
  const range = (start: number, count: number): string => `${count ? start + 1 : start}${count === 1 ? '' : `,${count}`}`;
  const out: { range: string; steps: LineStep[] }[] = [];
  for (let c = 0; c < changed.length; ) {
    const from = Math.max(0, changed[c]! - CONTEXT);
    let last = changed[c]!;
    while (c < changed.length && changed[c]! - last <= 2 * CONTEXT + 1) last = changed[c++]!;
    const hunk = steps.slice(from, last + CONTEXT + 1);
    const [old, fresh] = [hunk.filter((l) => l.mark !== '+').length, hunk.filter((l) => l.mark !== '-').length];
    out.push({ range: `@@ -${range(hunk[0]!.a, old)} +${range(hunk[0]!.b, fresh)} @@`, steps: hunk });
  }
  return out;
}

/** The names that git gives the two sides of a file: quoted where they hold what would end them. */
export function gitNames(name: string): [string, string] {
  const path = name.replaceAll('\\', '/').replace(/^(\.\/|\/)+/, '');
  return [quoted(`a/${path}`), quoted(`b/${path}`)];
}

function quoted(name: string): string {
  if (!/[\x00-\x1f"\\\x7f]/.test(name)) return name.includes(' ') ? `${name}\t` : name;
  return `"${name.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}

/** The difference of two texts of a file, by the names of both; empty where there is none. */
export function unifiedDiff([from, to]: [string, string], before: string, after: string): string {
  if (before === after) return '';
  const line = ({ mark, text }: LineStep): string => (text.endsWith('\n') ? `${mark}${text}` : `${mark}${text}\n\\ No newline at end of file\n`);
  return `--- ${from}\n+++ ${to}\n${hunks(lineSteps(split(before), split(after))).map((hunk) => `${hunk.range}\n${hunk.steps.map(line).join('')}`).join('')}`;
}
