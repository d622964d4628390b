// Where the blocks of the map go: squarified (Bruls, Huizing, van Wijk), folders with a head, small ones merged.
import type { StoredTrees, TreeData } from '../engine/types.ts';

export type Part = keyof StoredTrees;

export interface Block {
  part: Part;
  /** Row of the tree; of a joined folder, the last one. */
  row: number;
  /** What is written on it: the names of joined folders with it. */
  name: string;
  bytes: number;
  /** How many small things it stands for; 0 if it is one thing. */
  more: number;
  x: number;
  y: number;
  width: number;
  height: number;
  depth: number;
  folder: boolean;
  /** Other blocks lie inside it: only its head can be seen. */
  open: boolean;
}

interface Item {
  part: Part;
  row: number;
  name: string;
  bytes: number;
  more: number;
}

/** At most so many blocks are drawn. */
const MOST = 800;
/** What is thinner is merged with the others like it, in pixels. */
const THIN = 3;
export const HEAD = 17;

const isFolder = (tree: TreeData, row: number): boolean => tree.kind[row] === 1;

/** A folder with one folder in it is one with it. */
function joined(tree: TreeData, from: number): { row: number; name: string } {
  let row = from;
  let name = tree.names[row] ?? '';
  while (isFolder(tree, row) && row + 1 < (tree.end[row] ?? 0) && tree.end[row + 1] === tree.end[row] && isFolder(tree, row + 1)) {
    row += 1;
    name += `/${tree.names[row] ?? ''}`;
  }
  return { row, name };
}

/** The things in a folder, the largest first. */
export function itemsOf(tree: TreeData, part: Part, folder: number): Item[] {
  const items: Item[] = [];
  for (let row = folder + 1; row < (tree.end[folder] ?? 0); row = tree.end[row] ?? tree.count) items.push({ part, ...joined(tree, row), bytes: tree.size[row] ?? 0, more: 0 });
  return items.sort((a, b) => b.bytes - a.bytes);
}

/** The blocks of what is in a folder of one part, or of the whole: then the wasted copies are a block among the others. */
export function layOut(trees: StoredTrees, zoom: { part: Part; row: number }, width: number, height: number): Block[] {
  const blocks: Block[] = [];
  let items = itemsOf(trees[zoom.part], zoom.part, zoom.row);
  if (zoom.part === 'kept' && zoom.row === 0 && (trees.wasted.size[0] ?? 0) > 0) items = [...items, { part: 'wasted' as const, row: 0, name: 'wasted', bytes: trees.wasted.size[0] ?? 0, more: 0 }].sort((a, b) => b.bytes - a.bytes);
  place(items, 0, 0, width, height, 0);
  return blocks;

  function place(all: Item[], x: number, y: number, w: number, h: number, depth: number): void {
    const total = all.reduce((sum, item) => sum + item.bytes, 0);
    if (total <= 0 || w <= 0 || h <= 0) return;
    const scale = (w * h) / total;
    const large = all.filter((item) => item.bytes * scale >= THIN * THIN * 2);
    const small = all.slice(large.length);
    if (small.length === 1 && small[0]) large.push(small[0]);
    else if (small.length > 1) {
      const first = small[0] as Item;
      large.push({ part: first.part, row: first.row, name: `${small.length} more`, bytes: small.reduce((sum, item) => sum + item.bytes, 0), more: small.length });
    }
    squarify(large, scale, x, y, w, h, (item, bx, by, bw, bh) => {
      const tree = trees[item.part];
      const folder = item.more === 0 && isFolder(tree, item.row);
      const open = folder && blocks.length < MOST - 60 && (bw >= 64 && bh >= 44) && depth < 3;
      blocks.push({ ...item, x: bx, y: by, width: bw, height: bh, depth, folder, open });
      if (open) place(itemsOf(tree, item.part, item.row), bx + 1, by + HEAD, bw - 2, bh - HEAD - 1, depth + 1);
    });
  }
}

/** Rows of blocks along the shorter side, as square as they can be. */
function squarify(items: Item[], scale: number, x: number, y: number, w: number, h: number, put: (item: Item, x: number, y: number, w: number, h: number) => void): void {
  let at = 0;
  while (at < items.length) {
    const side = Math.min(w, h);
    let sum = 0;
    let end = at;
    let worst = Number.POSITIVE_INFINITY;
    const largest = (items[at] as Item).bytes * scale;
    while (end < items.length) {
      const area = (items[end] as Item).bytes * scale;
      const next = sum + area;
      const ratio = Math.max((side * side * largest) / (next * next), (next * next) / (side * side * area));
      if (ratio > worst) break;
      worst = ratio;
      sum = next;
      end += 1;
    }
    const thick = side > 0 ? sum / side : 0;
    let along = 0;
    for (; at < end; at++) {
      const item = items[at] as Item;
      const length = thick > 0 ? (item.bytes * scale) / thick : 0;
      if (w >= h) put(item, x, y + along, thick, length);
      else put(item, x + along, y, length, thick);
      along += length;
    }
    if (w >= h) {
      x += thick;
      w -= thick;
    } else {
      y += thick;
      h -= thick;
    }
  }
}

/** The block that an arrow key leads to from another one. */
export function neighbour(blocks: readonly Block[], from: number, key: string): number | undefined {
  const start = blocks[from];
  if (!start) return undefined;
  // Of an open folder only the head counts.
  const middle = (block: Block) => ({ x: block.x + block.width / 2, y: block.y + (block.open ? HEAD : block.height) / 2 });
  const here = middle(start);
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  blocks.forEach((block, i) => {
    if (i === from) return;
    const there = middle(block);
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    const [along, across] = key === 'ArrowLeft' ? [-dx, dy] : key === 'ArrowRight' ? [dx, dy] : key === 'ArrowUp' ? [-dy, dx] : [dy, dx];
    if (along <= 0.5) return;
    const distance = along + Math.abs(across) * 2;
    if (distance < least) [least, best] = [distance, i];
  });
  return best;
}

const KINDS: readonly [name: string, test: RegExp][] = [
  ['programs and libraries', /(?:^|\/)s?bin\/[^/.]+$|\.(?:so(?:\.[\d.]+)?|a|o|dll|exe|node|wasm|dylib|ko)$/],
  ['code', /\.(?:js|mjs|cjs|jsx|ts|tsx|py|pyc|pyo|rb|php|pl|pm|go|rs|c|h|hpp|cc|cpp|java|class|lua|sh|css|vue|scm|elc?|map)$/i],
  ['archives', /\.(?:jar|war|zip|gz|tgz|xz|bz2|zst|tar|whl|gem|deb|rpm|apk|7z|br)$/i],
  ['data', /\.(?:json|xml|ya?ml|toml|ini|conf|csv|tsv|sql|db|sqlite3?|dat|bin|mo|cache|idx|pem|crt|proto|properties)$/i],
  ['pictures, fonts, media', /\.(?:png|jpe?g|gif|svg|webp|avif|ico|ttf|otf|woff2?|pfb|mp[34]|ogg|wav|webm)$/i],
  ['text', /\.(?:md|txt|html?|rst|adoc|tex|pdf|log|[1-8])$|(?:^|\/)(?:LICEN[CS]E|README|COPYING|NOTICE|copyright|changelog)[^/]*$/i],
];

export const KIND_NAMES: readonly string[] = [...KINDS.map(([name]) => name), 'other'];

/** What kind of file a path names, by its place and ending. */
export function kindOf(path: string): number {
  const at = KINDS.findIndex(([, test]) => test.test(path));
  return at < 0 ? KINDS.length : at;
}

/** For each row the largest file in it: itself, for a file. */
export function largestFiles(tree: TreeData): Int32Array {
  const largest = new Int32Array(tree.count).fill(-1);
  for (let row = tree.count - 1; row > 0; row--) {
    if (!isFolder(tree, row)) largest[row] = row;
    const parent = tree.parent[row] ?? 0;
    const [own, best] = [largest[row] ?? -1, largest[parent] ?? -1];
    if (own >= 0 && (best < 0 || (tree.size[own] ?? 0) >= (tree.size[best] ?? 0))) largest[parent] = own;
  }
  return largest;
}
