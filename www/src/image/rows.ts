// The rows of a tree that are visible: what is open, what the filter leaves, single-child folders joined.
import { CHANGE, type TreeData } from '../engine/types.ts';

export interface Filter {
  words: string[];
  min: number | undefined;
  max: number | undefined;
  changes: Set<number> | undefined;
}

const UNITS: Record<string, number> = { '': 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const CHANGES: Record<string, number[]> = { added: [CHANGE.added], changed: [CHANGE.changed], removed: [CHANGE.removed] };

export function parseFilter(text: string): Filter | undefined {
  const filter: Filter = { words: [], min: undefined, max: undefined, changes: undefined };
  for (const word of text.trim().split(/\s+/)) {
    if (word === '') continue;
    const size = /^([<>])(\d+(?:\.\d+)?)([a-z]*)$/i.exec(word);
    const unit = size ? UNITS[(size[3] ?? '').toLowerCase()] : undefined;
    const is = /^is:(\w+)$/i.exec(word);
    const changes = is ? CHANGES[(is[1] ?? '').toLowerCase()] : undefined;
    if (size && unit !== undefined) filter[size[1] === '>' ? 'min' : 'max'] = Number(size[2]) * unit;
    else if (changes) filter.changes = new Set([...(filter.changes ?? []), ...changes]);
    else filter.words.push(word.toLowerCase());
  }
  return filter.words.length === 0 && filter.min === undefined && filter.max === undefined && !filter.changes ? undefined : filter;
}

export function pathOf(tree: TreeData, row: number): string {
  const names: string[] = [];
  for (let at = row; at > 0; at = tree.parent[at] ?? 0) names.unshift(tree.names[at] ?? '');
  return names.join('/');
}

export function rowOf(tree: TreeData, path: string): number | undefined {
  let row = 0;
  for (const name of path.split('/')) {
    let next: number | undefined;
    for (let child = row + 1; child < (tree.end[row] ?? 0); child = tree.end[child] ?? tree.count) {
      if (tree.names[child] === name) {
        next = child;
        break;
      }
    }
    if (next === undefined) return undefined;
    row = next;
  }
  return row > 0 ? row : undefined;
}

/** Which rows a filter leaves, with the folders above them; and how many match themselves. */
export function applyFilter(tree: TreeData, filter: Filter | undefined, hidden: ReadonlySet<number>): { keep: Uint8Array | undefined; matches: number } {
  if (!filter && hidden.size === 0) return { keep: undefined, matches: tree.count - 1 };
  const keep = new Uint8Array(tree.count);
  const paths = filter?.words.some((word) => word.includes('/')) ?? false;
  const full: string[] = [''];
  let matches = 0;
  for (let row = 1; row < tree.count; row++) {
    const change = tree.change[row] ?? 0;
    const name = (tree.names[row] ?? '').toLowerCase();
    const parent = tree.parent[row] ?? 0;
    if (paths) full[row] = parent === 0 ? name : `${full[parent]}/${name}`;
    if (hidden.has(change)) continue;
    if (filter) {
      const folder = tree.kind[row] === 1;
      const size = tree.size[row] ?? 0;
      if (filter.changes && !filter.changes.has(change)) continue;
      if ((filter.min !== undefined || filter.max !== undefined) && folder) continue;
      if (filter.min !== undefined && size <= filter.min) continue;
      if (filter.max !== undefined && size >= filter.max) continue;
      if (!filter.words.every((word) => (word.includes('/') ? `${full[row]}` : name).includes(word))) continue;
    }
    matches += 1;
    for (let at = row; at > 0 && !keep[at]; at = tree.parent[at] ?? 0) keep[at] = 1;
  }
  return { keep, matches };
}

export interface Row {
  /** Place in the tree: of the last folder of a joined row. */
  at: number;
  /** Place of the first folder of a joined row. */
  from: number;
  level: number;
  setSize: number;
  place: number;
  open: boolean | undefined;
}

/** Children of a row that stay, in order. */
function childrenOf(tree: TreeData, row: number, keep: Uint8Array | undefined): number[] {
  const list: number[] = [];
  for (let child = row + 1; child < (tree.end[row] ?? 0); child = tree.end[child] ?? tree.count) if (!keep || keep[child]) list.push(child);
  return list;
}

export function visibleRows(tree: TreeData, isOpen: (row: number) => boolean, keep: Uint8Array | undefined): Row[] {
  const rows: Row[] = [];
  const stack: { children: number[]; next: number; level: number }[] = [{ children: childrenOf(tree, 0, keep), next: 0, level: 1 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (!top) break;
    if (top.next >= top.children.length) {
      stack.pop();
      continue;
    }
    const from = top.children[top.next] as number;
    top.next += 1;
    let at = from;
    let inside = tree.kind[at] === 1 ? childrenOf(tree, at, keep) : [];
    // A folder with one folder in it, and the same mark, makes one row with it.
    while (inside.length === 1 && tree.kind[inside[0] as number] === 1 && tree.change[inside[0] as number] === tree.change[at]) {
      at = inside[0] as number;
      inside = childrenOf(tree, at, keep);
    }
    const folder = inside.length > 0;
    const open = folder ? isOpen(at) : undefined;
    rows.push({ at, from, level: top.level, setSize: top.children.length, place: top.next, open });
    if (open) stack.push({ children: inside, next: 0, level: top.level + 1 });
  }
  return rows;
}

export function labelOf(tree: TreeData, row: Row): string {
  let name = tree.names[row.at] ?? '';
  for (let at = row.at; at !== row.from; ) {
    at = tree.parent[at] ?? 0;
    name = `${tree.names[at] ?? ''}/${name}`;
    if (at === 0) break;
  }
  return name;
}
