// The file tree: flat rows of one height, of which only those near the window exist; the focused row always does.
import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CHANGE, type ImageSummary, type TreeData } from '../engine/types.ts';
import { count, exactBytes, plural, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { FilterField } from '../ui/filter.tsx';
import { say } from '../ui/notices.tsx';
import { Icon } from '../ui/parts.tsx';
import { useRowHeight } from '../ui/list.tsx';
import { useRange } from '../ui/virtual.tsx';
import { Results, needsSearch } from './results.tsx';
import { applyFilter, labelOf, parseFilter, pathOf, rowOf, visibleRows, type Row } from './rows.ts';

const MARKS = [
  { change: CHANGE.added, name: 'added', sign: '+' },
  { change: CHANGE.changed, name: 'changed', sign: '~' },
  { change: CHANGE.removed, name: 'removed', sign: '\u2212' },
] as const;

/** Folders that a person opened or closed, by path, kept over layers. */
type Openness = ReadonlyMap<string, boolean>;

export function Tree({ tree, layer, merged, summary, onEnter }: { tree: TreeData; layer: number; merged: boolean; summary: ImageSummary; onEnter(): void }) {
  const query = useStore(route, (now) => now.params.get('q')) ?? '';
  const path = useStore(route, (now) => now.params.get('f'));
  const [openness, setOpenness] = useState<Openness>(new Map());
  const [listed, setListed] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const height = useRowHeight();
  const [focused, setFocused] = useState<string | undefined>(path);
  const wantFocus = useRef(false);
  const holdsFocus = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  const typed = useRef({ text: '', at: 0 });
  const follow = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const search = needsSearch(query);
  const asList = query.trim() !== '' && (listed || search);
  const filter = useMemo(() => parseFilter(search ? '' : query), [query, search]);
  const { keep, matches } = useMemo(() => applyFilter(tree, filter, merged ? new Set() : hidden), [tree, filter, hidden, merged]);
  const rows = useMemo(() => {
    const small = tree.count < 60;
    const isOpen = (row: number) => {
      const chosen = openness.get(pathOf(tree, row));
      if (chosen !== undefined) return chosen;
      if (filter) return true;
      // What the layer changed is open, as long as that is little.
      if (!merged) return (tree.changedInside[row] ?? 0) > 0 && (tree.changedInside[row] ?? 0) <= 40 && tree.change[row] !== CHANGE.removed;
      return small && tree.parent[row] === 0;
    };
    return visibleRows(tree, isOpen, keep);
  }, [tree, openness, keep, filter, merged]);

  const focusPath = focused ?? path;
  const found = focusPath === undefined ? undefined : rowOf(tree, focusPath);
  const current = useMemo(() => {
    if (found === undefined) return 0;
    // The row itself, the row it is joined into, or the closed folder around it.
    let best = 0;
    rows.forEach((row, i) => {
      if (row.from <= found && found < (tree.end[row.from] ?? 0)) best = i;
    });
    return best;
  }, [rows, found, tree]);

  const { box, element, range, measure } = useRange(rows.length, height);

  // A path that the address names is shown: the folders above it open.
  useEffect(() => {
    if (path === undefined) return;
    const row = rowOf(tree, path);
    if (row === undefined) return;
    const next = new Map(openness);
    let changed = false;
    for (let at = tree.parent[row] ?? 0; at > 0; at = tree.parent[at] ?? 0) {
      const name = pathOf(tree, at);
      if (next.get(name) === false || !rows.some((visible) => visible.at === at && visible.open)) {
        next.set(name, true);
        changed = true;
      }
    }
    if (changed) setOpenness(next);
    setFocused(path);
  }, [path, tree]);

  useLayoutEffect(() => {
    const scroller = element.current;
    if (!scroller || found === undefined) return;
    const top = current * height;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height * 2 > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + height * 2 - scroller.clientHeight;
    measure();
  }, [current, height, found]);

  // A row that is drawn anew elsewhere loses the focus: as long as nobody took it away, the tree keeps it.
  useLayoutEffect(() => {
    const lost = holdsFocus.current && (document.activeElement === document.body || document.activeElement === null);
    if (!wantFocus.current && !lost) return;
    wantFocus.current = false;
    element.current?.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus({ preventScroll: true });
  });

  const show = (row: Row) => {
    const name = pathOf(tree, row.at);
    clearTimeout(follow.current);
    // The panel follows the focus, but not each row that a held key runs over.
    follow.current = setTimeout(() => setParams({ f: name }, route.value.params.has('f') ? 'replace' : 'push'), 80);
  };

  const focusRow = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    setFocused(pathOf(tree, row.at));
    wantFocus.current = true;
    show(row);
  };

  const toggle = (row: Row, open = !row.open) => {
    if (row.open === undefined) return;
    setOpenness(new Map(openness).set(pathOf(tree, row.at), open));
    wantFocus.current = true;
  };

  const keys = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[current];
    if (!row) return;
    const page = Math.max(1, Math.floor((element.current?.clientHeight ?? 400) / height) - 1);
    switch (event.key) {
      case 'ArrowDown':
        focusRow(current + 1);
        break;
      case 'ArrowUp':
        focusRow(current - 1);
        break;
      case 'Home':
        focusRow(0);
        break;
      case 'End':
        focusRow(rows.length - 1);
        break;
      case 'PageDown':
        focusRow(current + page);
        break;
      case 'PageUp':
        focusRow(current - page);
        break;
      case 'ArrowRight':
        if (row.open === false) toggle(row, true);
        else if (row.open) focusRow(current + 1);
        break;
      case 'ArrowLeft': {
        if (row.open) toggle(row, false);
        else {
          let up = current - 1;
          while (up >= 0 && (rows[up]?.level ?? 0) >= row.level) up -= 1;
          if (up >= 0) focusRow(up);
        }
        break;
      }
      case '*': {
        const next = new Map(openness);
        for (const other of rows) if (other.level === row.level && other.open === false && sameParent(tree, other, row)) next.set(pathOf(tree, other.at), true);
        setOpenness(next);
        wantFocus.current = true;
        break;
      }
      case 'Enter':
        clearTimeout(follow.current);
        setParams({ f: pathOf(tree, row.at) }, 'push');
        onEnter();
        requestAnimationFrame(() => document.querySelector<HTMLElement>('.file-pane [data-pane-focus]')?.focus());
        break;
      case ' ':
        toggle(row);
        break;
      case '/':
        field.current?.focus();
        break;
      case '[':
      case ']': {
        const next = (merged ? summary.layers.length + (event.key === '[' ? 1 : 0) : layer) + (event.key === ']' ? 1 : -1);
        if (next >= 1 && next <= summary.layers.length) {
          wantFocus.current = true;
          setParams({ l: String(next) }, 'push');
          say(`Layer ${next}`);
        }
        break;
      }
      case 'Escape':
        if (query) setParams({ q: undefined }, 'replace');
        else if (path) setParams({ f: undefined }, 'push');
        else return;
        break;
      default: {
        if (event.key.length !== 1) return;
        const now = Date.now();
        typed.current = { text: now - typed.current.at < 700 ? typed.current.text + event.key.toLowerCase() : event.key.toLowerCase(), at: now };
        const { text } = typed.current;
        const from = text.length === 1 ? current + 1 : current;
        for (let i = 0; i < rows.length; i++) {
          const other = rows[(from + i) % rows.length];
          if (other && labelOf(tree, other).toLowerCase().startsWith(text)) {
            focusRow((from + i) % rows.length);
            break;
          }
        }
      }
    }
    event.preventDefault();
  };

  const leave = (event: FocusEvent) => {
    const from = event.target as Element;
    const to = event.relatedTarget as Element | null;
    queueMicrotask(() => {
      // A row that left the document was redrawn, not left.
      if (from.isConnected && !element.current?.contains(to)) holdsFocus.current = false;
    });
  };

  const all = merged ? ', all layers merged' : ` after layer ${layer}`;
  const total = Math.max(1, tree.totals.size);
  const drawn: { row: Row; index: number }[] = [];
  for (let i = range.first; i < range.last; i++) {
    const row = rows[i];
    if (row) drawn.push({ row, index: i });
  }
  const item = ({ row, index }: { row: Row; index: number }, stray = false) => (
    <TreeRow
      key={pathOf(tree, row.at)}
      tree={tree}
      row={row}
      total={total}
      layer={layer}
      stop={index === current}
      selected={path !== undefined && found === row.at && index === current}
      stray={stray}
      onSelect={(twist) => {
        const scroller = element.current;
        const top = scroller?.scrollTop ?? 0;
        setFocused(pathOf(tree, row.at));
        wantFocus.current = true;
        if (twist) toggle(row);
        else {
          setParams({ f: pathOf(tree, row.at) }, 'push');
          if (row.open !== undefined) toggle(row);
        }
        if (scroller) scroller.scrollTop = top;
      }}
      onOpen={() => row.open === undefined && onEnter()}
    />
  );
  const outside = current < range.first || current >= range.last ? rows[current] : undefined;
  return (
    <>
      <div class="ph">
        <FilterField
          field={field}
          label="Filter files by name, size, text and more"
          placeholder="Filter: name, >1MB, text:TODO"
          value={query}
          onKey={(key) => {
            if (asList && key === 'ArrowDown') document.querySelector<HTMLElement>('.found-list')?.focus();
            else if (!asList && (key === 'ArrowDown' || key === 'Enter')) focusRow(filter ? Math.max(0, rows.findIndex((row) => row.open === undefined)) : current);
            else return false;
            return true;
          }}
        />
        {query.trim() !== '' && (
          <div class="seg" role="group" aria-label="Found files as">
            <button type="button" aria-pressed={!asList} disabled={search} title={search ? 'What is looked for is not in the tree: only a list can show it' : undefined} onClick={() => setListed(false)}>
              Tree
            </button>
            <button type="button" aria-pressed={asList} onClick={() => setListed(true)}>
              List
            </button>
          </div>
        )}
        {!merged && !asList && (
          <span class="row" role="group" aria-label="Show">
            {MARKS.map(({ change, name, sign }) => {
              const n = tree.totals[name];
              return (
                <button
                  type="button"
                  class="chip"
                  aria-pressed={n > 0 && !hidden.has(change)}
                  disabled={n === 0}
                  title={`Show or hide what layer ${layer} ${name}`}
                  onClick={() => {
                    const next = new Set(hidden);
                    if (!next.delete(change)) next.add(change);
                    setHidden(next);
                  }}
                >
                  <span class={`mk ${name}`} aria-hidden="true">
                    {sign}
                  </span>
                  <span class="num">{count(n)}</span>
                  <span class="sr">{name}</span>
                </button>
              );
            })}
          </span>
        )}
      </div>
      {!asList && <div class="thead" aria-hidden="true">
        <span />
        <span />
        <span class="cut">Path{all}</span>
        <span class="note" />
        <span class="share-head">share</span>
        <span class="r">size</span>
        <span class="r">layer</span>
      </div>}
      {asList ? (
        <Results query={query} layer={merged ? undefined : layer} onEnter={onEnter} onField={() => field.current?.focus()} />
      ) : rows.length === 0 ? (
        <div class="no-match" role="status">
          <p class="strong">{query ? <>No file matches {nameText(query)} {merged ? 'in this image' : `in layer ${layer}`}.</> : merged ? 'This image holds no files.' : 'Nothing to show.'}</p>
          <div class="acts row">
            {query && (
              <button type="button" class="btn sm" onClick={() => setParams({ q: undefined }, 'replace')}>
                Clear filter
              </button>
            )}
            {query && !merged && (
              <button type="button" class="btn sm" onClick={() => setParams({ l: undefined }, 'push')}>
                Search all layers merged
              </button>
            )}
          </div>
        </div>
      ) : (
        <div class="scroll tree-scroll" ref={box}>
          <div class="tree" role="tree" aria-label={`Files${all}${filter ? `, ${plural(matches, 'match', 'matches')}` : ''}`} onKeyDown={keys} onFocusIn={() => (holdsFocus.current = true)} onFocusOut={leave}>
            {outside && current < range.first && item({ row: outside, index: current }, true)}
            <div role="presentation" style={{ height: `${range.first * height}px` }} />
            {drawn.map((each) => item(each))}
            <div role="presentation" style={{ height: `${(rows.length - range.last) * height}px` }} />
            {outside && current >= range.last && item({ row: outside, index: current }, true)}
          </div>
        </div>
      )}
    </>
  );
}

function sameParent(tree: TreeData, a: Row, b: Row): boolean {
  return tree.parent[a.from] === tree.parent[b.from];
}

function TreeRow({ tree, row, total, layer, stop, selected, stray, onSelect, onOpen }: { tree: TreeData; row: Row; total: number; layer: number; stop: boolean; selected: boolean; stray: boolean; onSelect(twist: boolean): void; onOpen(): void }) {
  const { at } = row;
  const change = tree.change[at] ?? 0;
  const mark = MARKS.find((known) => known.change === change);
  const folder = tree.kind[at] === 1;
  const bytes = tree.size[at] ?? 0;
  const label = labelOf(tree, row);
  const inside = tree.inside[at] ?? 0;
  const changedInside = tree.changedInside[at] ?? 0;
  const own = tree.notes[at] ?? '';
  const note = folder ? (change === CHANGE.removed ? `${own}, ${count(inside)} removed` : change !== CHANGE.none ? [own, `${count(inside)} inside`].filter(Boolean).join(', ') : changedInside > 0 ? `${count(changedInside)} changed` : '') : own;
  const share = change === CHANGE.removed ? 0 : (bytes / total) * 62;
  const ours = bytes > 0 ? share * (1 - (tree.baseSize[at] ?? 0) / bytes) : 0;
  const sized = tree.kind[at] === 0 || folder;
  return (
    <div
      class={`tr ${change === CHANGE.removed ? 'gone' : ''} ${stray ? 'stray' : ''} lv${Math.min(row.level, 20)}`}
      role="treeitem"
      aria-level={row.level}
      aria-setsize={row.setSize}
      aria-posinset={row.place}
      aria-expanded={row.open}
      aria-selected={selected}
      tabIndex={stop ? 0 : -1}
      onClick={(event) => onSelect((event.target as Element).closest('.car') !== null)}
      onDblClick={onOpen}
    >
      {row.open === undefined ? <span /> : <Icon name="right" class="car" />}
      <span>
        {mark && (
          <>
            <span class={`mk ${mark.name}`} aria-hidden="true">
              {mark.sign}
            </span>
            <span class="sr">{mark.name} </span>
          </>
        )}
      </span>
      <span class="nm">
        <Name text={label} cut />
        {folder && <span class="dim">/</span>}
      </span>
      <span class="note cut" title={note}>
        <Name text={note} words />
      </span>
      {share > 0 ? (
        <svg class="share" viewBox="0 0 62 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="trk" width="62" height="4" />
          <rect class="base" width={Math.max(1.5, share)} height="4" />
          {ours > 0 && <rect class="own" width={Math.max(ours, share < 1.5 && ours === share ? 1.5 : 0)} height="4" />}
        </svg>
      ) : (
        <span class="share" />
      )}
      <span class="sz num" title={sized ? exactBytes(bytes) : undefined}>
        {sized ? size(bytes) : ''}
      </span>
      <span class="by num">
        <span class="sr">layer </span>
        {tree.layer[at] || layer}
      </span>
    </div>
  );
}
