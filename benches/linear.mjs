// Whether the time of each part grows in proportion to the input, natively: the crate's benchmark `linear` tells.
import { corpusFiles } from './corpus.mjs';
import { native } from './native.mjs';

export default async function linear() {
  const rows = await (await native('linear'))(corpusFiles().files);
  const shapes = new Map();
  for (const row of rows) shapes.set(row.shape, [...(shapes.get(row.shape) ?? []), row]);
  const parts = [...new Set(rows.map((r) => r.work))];
  const line = (name, cells, tree) => name.padEnd(37) + cells.map((c) => c.padStart(15)).join('') + tree.padStart(9);
  return {
    title: 'linear: how many times as long twice the input takes (2: in proportion); bytes of tree for a byte of text',
    lines: [
      line('', parts, 'tree'),
      ...[...shapes].map(([shape, list]) => line(shape, list.map((r) => `${r.ratio.toFixed(1)} (${r.seconds.toFixed(2)} s)`), list[0].held.toFixed(1))),
    ],
  };
}
