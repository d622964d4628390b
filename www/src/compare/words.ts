// What a comparison says, as sentences.
import type { Comparison } from '../engine/types.ts';
import { percent, size } from '../lib/format.ts';
import { nameText } from '../lib/names.tsx';

export const VERDICTS = { identical: 'Identical', equivalent: 'Semantically identical', different: 'Different' } as const;

const list = (items: readonly string[]): string => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** How much larger the second image is, as stored: "B is 84.8 MB smaller (22 %)." */
function sizeText({ a, b }: Comparison): string {
  const more = b.stored - a.stored;
  if (more === 0) return 'Both store the same number of bytes.';
  return `B is ${size(Math.abs(more))} ${more > 0 ? 'larger' : 'smaller'} (${percent(Math.abs(more), a.stored)}).`;
}

/** The largest layers that only one of the two has: "Gone: layer 6, RUN chown … (47.3 MB)." */
function layerText({ a, b, pairs }: Comparison): string {
  const alone = (side: 'a' | 'b', other: 'a' | 'b', word: string): string => {
    const layers = (side === 'a' ? a : b).layers;
    const largest = pairs
      .filter((pair) => pair[side] !== undefined && pair[other] === undefined)
      .map((pair) => ({ number: pair[side] ?? 0, layer: layers[(pair[side] ?? 0) - 1] }))
      .sort((x, y) => (y.layer?.stored ?? 0) - (x.layer?.stored ?? 0))
      .slice(0, 2)
      .filter(({ layer }) => (layer?.stored ?? 0) > 0);
    const name = (command: string | undefined) => (command === undefined ? '' : `, ${nameText(command.length > 48 ? `${command.slice(0, 47)}…` : command, true)}`);
    return largest.length === 0 ? '' : ` ${word}: ${list(largest.map(({ number, layer }) => `layer ${number}${name(layer?.command)} (${size(layer?.stored ?? 0)})`))}.`;
  };
  return alone('a', 'b', 'Gone') + alone('b', 'a', 'New');
}

/** The verdict and why, without its first word. */
export function reasonText(found: Comparison): string {
  const { verdict, why } = found;
  if (verdict === 'identical') return 'Both are one image: the digests are the same.';
  if (verdict === 'equivalent') return `They run alike: the same files, attributes and settings. What differs is how they were packed: ${list(why)}.`;
  return `${sizeText(found)}${layerText(found)} ${capital(list(why))}.`;
}

export const verdictText = (found: Comparison): string => `${VERDICTS[found.verdict]}. ${reasonText(found)}`;

export const PAIRS = {
  same: { sign: '=', text: 'shared, stored once' },
  compression: { sign: '≈', text: 'the same tar, compressed otherwise' },
  time: { sign: '≈', text: 'the same files, other times' },
  order: { sign: '≈', text: 'the same files in another order' },
  content: { sign: '', text: 'other files' },
  only: { sign: '', text: 'no counterpart' },
} as const;
