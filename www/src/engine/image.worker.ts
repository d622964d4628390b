import { serve } from '../lib/rpc-serve.ts';
import { Comparer } from './compare.ts';
import { Reader, assemble } from './image.ts';
import type { CompareApi, ImageApi } from './types.ts';

const reader = new Reader();
const comparer = new Comparer();

/** The typed arrays of a table go to the page instead of being copied. */
function moved(table: object, transfer: (...buffers: Transferable[]) => void): void {
  for (const part of Object.values(table)) if (ArrayBuffer.isView(part)) transfer(part.buffer as ArrayBuffer);
}

serve<ImageApi & CompareApi>({
  async assemble(recipe, work) {
    const bytes = await assemble(recipe, work);
    work.transfer(bytes.buffer as ArrayBuffer);
    return bytes;
  },
  open: ({ source, name, platform }, work) => reader.open(source, name, platform, work),
  select: ({ index }, work) => reader.select(index, work),
  tree({ layer, merged }, { transfer }) {
    const tree = reader.tree(layer, merged);
    moved(tree, transfer);
    return tree;
  },
  stored({ layer }, { transfer }) {
    const trees = reader.stored(layer);
    moved(trees.kept, transfer);
    moved(trees.wasted, transfer);
    return trees;
  },
  details: ({ path, layer }) => reader.details(path, layer),
  async content({ path, layer }, work) {
    const content = await reader.content(path, layer, work);
    work.transfer(content.bytes.buffer as ArrayBuffer);
    return content;
  },
  find: ({ text, limit }) => reader.find(text, limit),
  async search({ text, layer }, work) {
    const found = await reader.search(text, layer, work);
    moved(found, work.transfer);
    return found;
  },
  analyze: ({ duplicates }, work) => reader.analyze(duplicates, work),
  sameBytes: ({ path }, work) => reader.sameBytes(path, work),
  verify: (_, work) => reader.verify(work),
  close: () => reader.close(),
  async compare({ a, b }, work) {
    const found = await comparer.compare(a, b, work);
    moved(found.files, work.transfer);
    return found;
  },
  difference: ({ index }, work) => comparer.difference(index, work),
});
