// The layers of both images beside each other: what is shared stands once in grey.
import type { Comparison, ComparedImage, PairStatus } from '../engine/types.ts';
import { exactBytes, shortDigest, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { PAIRS } from './words.ts';

export interface ChosenLayer {
  side: 'a' | 'b';
  number: number;
}

/** Pairs in the order of the second image; what only the first has stands where it stood there. */
export function ordered(pairs: Comparison['pairs']): Comparison['pairs'] {
  const rows = pairs.filter((pair) => pair.b !== undefined);
  for (const pair of pairs.filter((only) => only.b === undefined)) {
    let after = -1;
    rows.forEach((row, i) => {
      if ((row.a ?? Number.POSITIVE_INFINITY) < (pair.a ?? 0)) after = i;
    });
    rows.splice(after + 1, 0, pair);
  }
  return rows;
}

export function Layers({ found, chosen, onChoose }: { found: Comparison; chosen: ChosenLayer | undefined; onChoose(layer: ChosenLayer | undefined): void }) {
  const cell = (side: 'a' | 'b', image: ComparedImage, number: number | undefined, status: PairStatus) => {
    const layer = number === undefined ? undefined : image.layers[number - 1];
    if (!layer || number === undefined) return <span class="pair-none" />;
    const own = status === 'content' || status === 'only';
    const command = layer.command ?? shortDigest(layer.digest ?? '');
    const pressed = chosen?.side === side && chosen.number === number;
    return (
      <button
        type="button"
        class={`pair-cell ${own ? (side === 'a' ? 'removed' : 'added') : 'shared'}`}
        aria-pressed={pressed}
        title={`${nameText(command, true)}\n${exactBytes(layer.stored)} stored${layer.problem ? `\n${nameText(layer.problem, true)}` : ''}`}
        onClick={() => onChoose(pressed ? undefined : { side, number })}
      >
        <span class="sign" aria-hidden="true">
          {own ? (side === 'a' ? '\u2212' : '+') : ''}
        </span>
        <span class="sr">{`${side.toUpperCase()}, layer`} </span>
        <span class="num dim n">{number}</span>
        <span class="grow cut code">
          <Name text={command} words />
        </span>
        {layer.problem && <span class="bad xs">damaged</span>}
        <span class="num">{size(layer.stored)}</span>
      </button>
    );
  };
  return (
    <div class="compare-layers">
      <div class="ph">
        <h2>Layers</h2>
        <span class="grow" />
        <span class="xs dim">= shared, stored once</span>
      </div>
      <ol class="pairs">
        {ordered(found.pairs).map((pair) => {
          const { sign, text } = PAIRS[pair.status];
          return (
            <li>
              {cell('a', found.a, pair.a, pair.status)}
              <span class="pair-sign" title={text}>
                <span aria-hidden="true">{sign}</span>
                <span class="sr">{text}</span>
              </span>
              {cell('b', found.b, pair.b, pair.status)}
              {sign === '≈' && <span class="pair-why xs dim">{text}</span>}
            </li>
          );
        })}
      </ol>
      {found.pairs.length === 0 && <p class="sec mid">Neither has layers.</p>}
      <p class="xs dim sec">
        A registry that holds A has {size(found.sharedBlobBytes)} of B already; a disk has {size(found.sharedDiskBytes)}, unpacked. Press a layer to see only its files.
      </p>
    </div>
  );
}
