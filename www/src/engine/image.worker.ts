import { serve } from '../lib/rpc-serve.ts';
import { Reader, assemble } from './image.ts';
import type { ImageApi } from './types.ts';

const reader = new Reader();

serve<ImageApi>({
  async assemble(recipe, work) {
    const bytes = await assemble(recipe, work);
    work.transfer(bytes.buffer as ArrayBuffer);
    return bytes;
  },
  open: ({ source, name, platform }, work) => reader.open(source, name, platform, work),
  select: ({ index }, work) => reader.select(index, work),
  tree({ layer, merged }, { transfer }) {
    const tree = reader.tree(layer, merged);
    for (const part of Object.values(tree)) if (ArrayBuffer.isView(part)) transfer(part.buffer as ArrayBuffer);
    return tree;
  },
  details: ({ path, layer }) => reader.details(path, layer),
  async content({ path, layer }, work) {
    const content = await reader.content(path, layer, work);
    work.transfer(content.bytes.buffer as ArrayBuffer);
    return content;
  },
  find: ({ text, limit }) => reader.find(text, limit),
  verify: (_, work) => reader.verify(work),
  close: () => reader.close(),
});
