// One file that differs: its facts on both sides, and its lines, side by side or in one column.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { FileChanges, FileDifference, SideLine } from '../engine/types.ts';
import { exactBytes, plural } from '../lib/format.ts';
import { Name, nameParts } from '../lib/names.tsx';
import { Mark } from '../ui/mark.tsx';
import { Digest } from '../ui/parts.tsx';
import { reasonWords } from './filter.ts';
import { comparer, openSide } from './state.ts';

/** Lines around a change that are shown with it. */
const AROUND = 3;
/** Rows that are drawn at once. */
const ROWS = 1500;

interface Pair {
  a?: SideLine | undefined;
  b?: SideLine | undefined;
}

/** What is left out between two changes. */
interface Gap {
  gap: number;
}

/** Removed lines stand beside the added ones that follow them. */
export function paired(lines: readonly SideLine[]): Pair[] {
  const rows: Pair[] = [];
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] as SideLine;
    if (line.a !== undefined && line.b !== undefined) {
      rows.push({ a: line, b: line });
      i += 1;
      continue;
    }
    const removed: SideLine[] = [];
    const added: SideLine[] = [];
    for (; i < lines.length; i++) {
      const next = lines[i] as SideLine;
      if (next.a !== undefined && next.b !== undefined) break;
      (next.b === undefined ? removed : added).push(next);
    }
    for (let k = 0; k < Math.max(removed.length, added.length); k++) rows.push({ a: removed[k], b: added[k] });
  }
  return rows;
}

/** Only what changed, with some lines around. */
export function folded<T>(rows: readonly T[], same: (row: T) => boolean): (T | Gap)[] {
  const keep = new Uint8Array(rows.length);
  rows.forEach((row, i) => !same(row) && keep.fill(1, Math.max(0, i - AROUND), i + AROUND + 1));
  const out: (T | Gap)[] = [];
  rows.forEach((row, i) => {
    const last = out.at(-1);
    if (keep[i]) out.push(row);
    else if (last && typeof last === 'object' && 'gap' in last) last.gap += 1;
    else out.push({ gap: 1 });
  });
  return out;
}

const isGap = (row: object): row is Gap => 'gap' in row;

const wide = matchMedia('(min-width: 900px)');

export function Difference({ files, index }: { files: FileChanges; index: number | undefined }) {
  const [found, setFound] = useState<FileDifference>();
  const [error, setError] = useState<string>();
  const [wanted, setBeside] = useState(wide.matches);
  const [all, setAll] = useState(false);
  const [most, setMost] = useState(ROWS);
  useEffect(() => {
    setFound(undefined);
    setError(undefined);
    setAll(false);
    setMost(ROWS);
    if (index === undefined) return;
    const stop = new AbortController();
    comparer
      .call('difference', { index }, { signal: stop.signal })
      .then((answer) => !stop.signal.aborted && setFound(answer))
      .catch((failure: unknown) => !stop.signal.aborted && setError(failure instanceof Error ? failure.message : String(failure)));
    return () => stop.abort();
  }, [files, index]);
  const lines = found?.lines;
  // What is on one side only needs no second one.
  const beside = wanted && found?.change === 'changed';
  const rows = useMemo(() => {
    if (!lines) return [];
    if (beside) return all ? paired(lines) : folded(paired(lines), (pair) => pair.a === pair.b);
    return all ? lines : folded(lines, (line) => line.a !== undefined && line.b !== undefined);
  }, [lines, beside, all]);
  if (index === undefined)
    return (
      <div class="compare-text none">
        <p class="sec mid">Choose a file to see what differs in it.</p>
      </div>
    );
  const hidden = rows.some((row) => isGap(row));
  const changes = lines ? { removed: lines.filter((line) => line.b === undefined).length, added: lines.filter((line) => line.a === undefined).length } : undefined;
  return (
    <section class="compare-text" aria-label="Difference of the file" data-pane>
      <div class="ph">
        {found && <Mark change={found.change} />}
        <h2 class="code cut grow">
          <Name text={files.paths[index] ?? ''} cut />
        </h2>
        {found && found.change !== 'added' && (
          <button type="button" class="btn sm" title="Open image A at this file, to see which layers brought it" onClick={() => openSide('a', found.path)}>
            Open in A
          </button>
        )}
        {found && found.change !== 'removed' && (
          <button type="button" class="btn sm" title="Open image B at this file, to see which layers brought it" onClick={() => openSide('b', found.path)}>
            Open in B
          </button>
        )}
        {(hidden || all) && (
          <button type="button" class="btn sm" aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? 'Changes only' : 'All lines'}
          </button>
        )}
        {lines && found?.change === 'changed' && (
          <div class="seg" role="group" aria-label="Lines">
            <button type="button" aria-pressed={beside} onClick={() => setBeside(true)}>
              Side by side
            </button>
            <button type="button" aria-pressed={!beside} onClick={() => setBeside(false)}>
              One column
            </button>
          </div>
        )}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Difference" data-pane-focus aria-busy={!found && error === undefined}>
        {error !== undefined && <p class="sec bad">{error}</p>}
        {found && found.facts.length > 0 && (
          <table class="facts-table">
            <caption class="sr">What differs: {reasonWords(files, index)}</caption>
            <thead>
              <tr>
                <th scope="col">{reasonWords(files, index)}</th>
                {found.change !== 'added' && <th scope="col">A</th>}
                {found.change !== 'removed' && <th scope="col">B</th>}
              </tr>
            </thead>
            <tbody>
              {found.facts.map((fact) => (
                <tr>
                  <td class="mid">
                    <Name text={fact.what} words />
                  </td>
                  {found.change !== 'added' && <td class="code wrap">{factText(fact.what, fact.a, 'A')}</td>}
                  {found.change !== 'removed' && <td class="code wrap">{factText(fact.what, fact.b, 'B')}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {found?.note && <p class="sec mid">{found.note}</p>}
        {changes && changes.removed + changes.added > 0 && (
          <p class="sr">
            {plural(changes.removed, 'line')} removed, {plural(changes.added, 'line')} added
          </p>
        )}
        {lines && lines.length === 0 && <p class="sec mid">The file is empty.</p>}
        {rows.length > 0 && (
          <div class={`lines-diff ${beside ? 'beside' : 'column'}`} role="group" aria-label="Lines that differ">
            {rows.slice(0, most).map((row) => (isGap(row) ? <div class="gap-row">{plural(row.gap, 'line')} the same</div> : beside ? <BesideRow pair={row as Pair} /> : <ColumnRow line={row as SideLine} />))}
          </div>
        )}
        {rows.length > most && (
          <div class="sec">
            <button type="button" class="btn sm" onClick={() => setMost(most * 4)}>
              {plural(rows.length - most, 'more line')}
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

function factText(what: string, value: string | undefined, side: string) {
  if (value === undefined) return <span class="dim">none</span>;
  if (what === 'Content') return <Digest value={value} what={`content of ${side}`} />;
  if (what === 'Size') return exactBytes(Number(value));
  return <Name text={value} words />;
}

const LONGEST = 2000;

function Text({ text }: { text: string }) {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  if (/^[\t -~]*$/.test(cut)) return <>{cut || ' '}</>;
  return (
    <bdi>
      {cut.split('\t').map((part, i) => (
        <>
          {i > 0 && '\t'}
          {nameParts(part, true).map((piece) => (typeof piece === 'string' ? piece : <span class="tag">{piece.tag}</span>))}
        </>
      ))}
    </bdi>
  );
}

function BesideRow({ pair: { a, b } }: { pair: Pair }) {
  const same = a === b;
  const side = (line: SideLine | undefined, number: number | undefined, change: 'removed' | 'added') => (
    <>
      <span class="ln" aria-hidden="true">
        {number}
      </span>
      <span class={line ? (same ? 'same' : change) : 'none'}>
        {line && !same && <span class="sr">{change}: </span>}
        {line && <Text text={line.text} />}
      </span>
    </>
  );
  return (
    <div class="diff-row">
      {side(a, a?.a, 'removed')}
      {side(b, b?.b, 'added')}
    </div>
  );
}

function ColumnRow({ line }: { line: SideLine }) {
  const change = line.b === undefined ? 'removed' : line.a === undefined ? 'added' : 'same';
  return (
    <div class="diff-row">
      <span class="ln" aria-hidden="true">
        {line.a}
      </span>
      <span class="ln" aria-hidden="true">
        {line.b}
      </span>
      <span class={change}>
        {change !== 'same' && <span class="sr">{change}: </span>}
        <Text text={line.text} />
      </span>
    </div>
  );
}
