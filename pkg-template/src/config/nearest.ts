/** The name one or two letters off from what was written, if there is one: ` Did you mean "x"?`. */
export function didYouMean(written: string, names: Iterable<string>): string {
  let best: { name: string; far: number } | undefined;
  for (const name of names) {
    const far = distance(name.toLowerCase(), written.toLowerCase());
    if (far <= (written.length > 6 ? 2 : 1) && (!best || far < best.far)) best = { name, far };
  }
  return best ? ` Did you mean "${best.name}"?` : '';
}

/** Letters to add, drop, change or swap with their neighbour to get from one to the other. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
