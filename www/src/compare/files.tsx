// The files that differ, and the difference of the one in focus.
import { useMemo, useRef, useState } from 'preact/hooks';
import { CHANGE, type Comparison } from '../engine/types.ts';
import { count, exactBytes, plural, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { FilterField } from '../ui/filter.tsx';
import { VirtualList } from '../ui/list.tsx';
import { Mark } from '../ui/mark.tsx';
import { Difference } from './difference.tsx';
import { type Shown, reasonWords, shownFiles, totals } from './filter.ts';
import type { ChosenLayer } from './layers.tsx';

const CHANGES = [undefined, 'added', 'changed', 'removed'] as const;

export function ChangedFiles({ found, path, layer, onClearLayer, onEnter }: { found: Comparison; path: string | undefined; layer: ChosenLayer | undefined; onClearLayer(): void; onEnter(): void }) {
  const { files } = found;
  const query = useStore(route, (now) => now.params.get('q')) ?? '';
  const sums = useMemo(() => totals(files), [files]);
  const [shown, setShown] = useState<Shown>(() => ({ added: true, changed: true, removed: true, timeOnly: sums.added + sums.changed + sums.removed === 0 }));
  const field = useRef<HTMLInputElement>(null);
  const rows = useMemo(() => shownFiles(files, shown, query, layer), [files, shown, query, layer]);
  const at = path === undefined ? -1 : files.paths.indexOf(path);
  const selected = at < 0 ? undefined : rows.indexOf(at);
  const select = (row: number, how: 'follow' | 'choose') => {
    const file = files.paths[rows[row] ?? -1];
    if (file === undefined) return;
    setParams({ f: file }, how === 'follow' && route.value.params.has('f') ? 'replace' : 'push');
    if (how === 'choose') onEnter();
  };
  const chip = (kind: keyof Shown, name: string) => (
    <button type="button" class="chip" aria-pressed={sums[kind] > 0 && shown[kind]} disabled={sums[kind] === 0} title={`Show or hide files ${name}`} onClick={() => setShown({ ...shown, [kind]: !shown[kind] })}>
      {kind === 'timeOnly' ? <span>Time only</span> : <Mark change={kind} />}
      <span class="num">{count(sums[kind])}</span>
    </button>
  );
  return (
    <>
      <div class="compare-files">
        <div class="ph">
          <h2>Files</h2>
          <span class="row" role="group" aria-label="Show">
            {chip('added', 'added')}
            {chip('changed', 'changed')}
            {chip('removed', 'removed')}
          </span>
          <FilterField field={field} label="Filter files by path, size or reason" placeholder="Filter: path, >1MB, is:mode" value={query} />
          {chip('timeOnly', 'of which only the time differs')}
        </div>
        {layer && (
          <div class="grp">
            <span>
              Only what layer {layer.number} of {layer.side.toUpperCase()} brought
            </span>
            <button type="button" class="link" onClick={onClearLayer}>
              Show all
            </button>
          </div>
        )}
        <div class="chead" aria-hidden="true">
          <span />
          <span>Path</span>
          <span class="why">Why</span>
          <span class="r">A</span>
          <span class="r">B</span>
        </div>
        {rows.length === 0 ? (
          <div class="no-match" role="status">
            <p class="strong">{files.count === 0 ? (found.sameFiles === 0 ? 'Neither holds files.' : found.sameFiles === 1 ? 'The one file is the same.' : `All ${count(found.sameFiles)} files are the same.`) : query ? `No file that differs matches ${nameText(query)}.` : 'Nothing to show: what differs is hidden.'}</p>
            <div class="acts row">
              {query && (
                <button type="button" class="btn sm" onClick={() => setParams({ q: undefined }, 'replace')}>
                  Clear filter
                </button>
              )}
              {files.count > 0 && (
                <button type="button" class="btn sm" onClick={() => {
                  setShown({ added: true, changed: true, removed: true, timeOnly: true });
                  onClearLayer();
                }}>
                  Show all
                </button>
              )}
            </div>
          </div>
        ) : (
          <VirtualList
            class="changes"
            label={`Files that differ, ${plural(rows.length, 'file')}`}
            count={rows.length}
            keyOf={(i) => files.paths[rows[i] ?? 0] ?? ''}
            selected={selected === -1 ? undefined : selected}
            onSelect={select}
            onKey={(event) => {
              if (event.key === '/') field.current?.focus();
              else if (event.key === 'Escape' && (query || path)) setParams(query ? { q: undefined } : { f: undefined }, 'replace');
              else return;
              event.preventDefault();
            }}
            row={(i) => {
              const file = rows[i] ?? 0;
              const change = CHANGES[files.change[file] ?? 0] ?? 'changed';
              const folder = files.kind[file] === 1;
              const bytes = (of: Float64Array, there: boolean) => <span class="num r" title={there && !folder ? exactBytes(of[file] ?? 0) : undefined}>{there && !folder ? size(of[file] ?? 0) : ''}</span>;
              return (
                <>
                  <span>
                    <Mark change={change} />
                  </span>
                  <span class="code cut">
                    <Name text={`${files.paths[file] ?? ''}${folder ? '/' : ''}`} cut />
                  </span>
                  <span class="why mid cut">{reasonWords(files, file)}</span>
                  {bytes(files.sizeA, files.change[file] !== CHANGE.added)}
                  {bytes(files.sizeB, files.change[file] !== CHANGE.removed)}
                </>
              );
            }}
          />
        )}
      </div>
      {files.count > 0 && <Difference files={files} index={at < 0 ? undefined : at} />}
    </>
  );
}
