// Unified diffs, as `patch` and `git apply` read them.

const CONTEXT = 3;
/** Differences after which the rest counts as changed as a whole: it bounds the work on files that have little in common. */
const MAX_EDITS = 2000;

/** Lines with their ends. */
const split = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Pairs of indices of lines that stay, in order (Myers). */
function common(a: string[], b: string[]): [number, number][] {
  const pairs: [number, number][] = [];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) pairs.push([start, start++]);
  let [endA, endB] = [a.length, b.length];
  const tail: [number, number][] = [];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) tail.unshift([--endA, --endB]);
  const [n, m] = [endA - start, endB - start];
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  search: for (let d = 0; d <= Math.min(n + m, MAX_EDITS); d++) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < n && y < m && a[start + x] === b[start + y]) x++, y++;
      reach.set(k, x);
      if (x >= n && y >= m) {
        const middle: [number, number][] = [];
        for (let step = d; step >= 0; step--) {
          const before = trace[step]!;
          const k = x - y;
          const down = k === -step || (k !== step && (before.get(k - 1) ?? -1) < (before.get(k + 1) ?? -1));
          const from = down ? k + 1 : k - 1;
          const fromX = step === 0 ? 0 : (before.get(from) ?? 0);
          const fromY = step === 0 ? 0 : fromX - from;
          while (x > fromX && y > fromY && x > 0 && y > 0 && a[start + x - 1] === b[start + y - 1]) middle.unshift([start + --x, start + --y]);
          [x, y] = [fromX, fromY];
        }
        pairs.push(...middle);
        break search;
      }
    }
  }
  return [...pairs, ...tail];
}

/** A name as git writes it: quoted where it holds what would end it. */
function quoted(name: string): string {
  if (!/[\x00-\x1f"\\\x7f]/.test(name)) return name.includes(' ') ? `${name}\t` : name;
  return `"${name.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}

/** The difference of two texts of a file; empty where there is none. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const [a, b] = [split(before), split(after)];
  const lines: { mark: ' ' | '-' | '+'; text: string; a: number; b: number }[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...common(a, b), [a.length, b.length] as [number, number]]) {
    for (; i < x; i++) lines.push({ mark: '-', text: a[i]!, a: i, b: j });
    for (; j < y; j++) lines.push({ mark: '+', text: b[j]!, a: i, b: j });
    if (x < a.length && y < b.length) lines.push({ mark: ' ', text: a[x]!, a: i++, b: j++ });
  }
  const path = name.replaceAll('\\', '/').replace(/^(\.\/|\/)+/, '');
  const out = [`--- ${quoted(`a/${path}`)}\n`, `+++ ${quoted(`b/${path}`)}\n`];
  const changed = lines.flatMap((l, n) => (l.mark === ' ' ? [] : [n]));
  for (let c = 0; c < changed.length; ) {
    const from = Math.max(0, changed[c]! - CONTEXT);
    let last = changed[c]!;
    while (c < changed.length && changed[c]! - last <= 2 * CONTEXT) last = changed[c++]!;
    const hunk = lines.slice(from, last + CONTEXT + 1);
    const [oldCount, newCount] = [hunk.filter((l) => l.mark !== '+').length, hunk.filter((l) => l.mark !== '-').length];
    const range = (start: number, count: number): string => `${count ? start + 1 : start}${count === 1 ? '' : `,${count}`}`;
    out.push(`@@ -${range(hunk[0]!.a, oldCount)} +${range(hunk[0]!.b, newCount)} @@\n`);
    for (const { mark, text } of hunk) out.push(text.endsWith('\n') ? `${mark}${text}` : `${mark}${text}\n\\ No newline at end of file\n`);
  }
  return out.join('');
}

/** A diff in colours. */
export function coloured(diff: string): string {
  return diff.replace(/^(---|\+\+\+|@@|[-+])(.*)$/gm, (line, mark: string) => {
    const style = mark === '@@' ? '36' : mark.length === 3 ? '1' : mark === '-' ? '31' : '32';
    return `\x1b[${style}m${line}\x1b[0m`;
  });
}
