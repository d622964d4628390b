// Which of the files that differ are shown.
import { CHANGE, type FileChanges, REASONS } from '../engine/types.ts';
import { parseFilter } from '../image/rows.ts';

export const TIME = 1 << REASONS.indexOf('time');

/** A change of the time and of nothing else. */
export const timeOnly = (files: FileChanges, i: number): boolean => files.change[i] === CHANGE.changed && files.reasons[i] === TIME;

export interface Shown {
  added: boolean;
  changed: boolean;
  removed: boolean;
  timeOnly: boolean;
}

/** How many there are of each. */
export function totals(files: FileChanges): Record<keyof Shown, number> {
  const out = { added: 0, changed: 0, removed: 0, timeOnly: 0 };
  for (let i = 0; i < files.count; i++) {
    if (timeOnly(files, i)) out.timeOnly += 1;
    else if (files.change[i] === CHANGE.added) out.added += 1;
    else if (files.change[i] === CHANGE.removed) out.removed += 1;
    else out.changed += 1;
  }
  return out;
}

/** Places of the files that a filter leaves: words of the path, sizes of either side, and reasons as `is:mode`. */
export function shownFiles(files: FileChanges, shown: Shown, text: string, layer: { side: 'a' | 'b'; number: number } | undefined): number[] {
  let reasons = 0;
  const rest = text.replace(/(?:^|\s)is:(\w+)/g, (whole, name: string) => {
    const at = (REASONS as readonly string[]).indexOf(name.toLowerCase());
    if (at < 0) return whole;
    reasons |= 1 << at;
    return ' ';
  });
  const filter = parseFilter(rest);
  const layers = layer?.side === 'a' ? files.layerA : files.layerB;
  const out: number[] = [];
  for (let i = 0; i < files.count; i++) {
    const change = files.change[i] ?? 0;
    if (timeOnly(files, i) ? !shown.timeOnly : change === CHANGE.added ? !shown.added : change === CHANGE.removed ? !shown.removed : !shown.changed) continue;
    if (layer && layers[i] !== layer.number) continue;
    if (reasons !== 0 && ((files.reasons[i] ?? 0) & reasons) === 0) continue;
    if (filter) {
      const path = (files.paths[i] ?? '').toLowerCase();
      if (filter.changes && !filter.changes.has(change)) continue;
      const size = Math.max(files.sizeA[i] ?? 0, files.sizeB[i] ?? 0);
      if (filter.min !== undefined && size <= filter.min) continue;
      if (filter.max !== undefined && size >= filter.max) continue;
      if (!filter.words.every((word) => path.includes(word))) continue;
    }
    out.push(i);
  }
  return out;
}

export function reasonWords(files: FileChanges, i: number): string {
  const change = files.change[i];
  if (change === CHANGE.added) return 'added';
  if (change === CHANGE.removed) return 'removed';
  const bits = files.reasons[i] ?? 0;
  const words = REASONS.filter((_, at) => bits & (1 << at)).map((reason) => (reason === 'xattrs' ? 'attributes' : reason));
  // The time differs nearly always: it is a reason only where it is the only one.
  return (words.length > 1 ? words.filter((word) => word !== 'time') : words.map((word) => `${word} only`)).join(', ').replace(/^(?!time)(\w+) only$/, '$1');
}
