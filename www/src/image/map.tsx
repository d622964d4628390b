// Stored bytes as areas: the base image grey, yours blue, what cannot be seen hatched; or by layer, or by kind of file.
import type { TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ImageSummary, StoredTrees } from '../engine/types.ts';
import { exactBytes, percent, plural, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { savedNumber, saveNumber } from '../lib/settings.ts';
import { useStore } from '../lib/store.ts';
import { Icon, MenuButton } from '../ui/parts.tsx';
import { pathOf, rowOf } from './rows.ts';
import { image, reader } from './state.ts';
import { type Block, HEAD, KIND_NAMES, type Part, itemsOf, kindOf, largestFiles, layOut, neighbour } from './treemap.ts';

const COLOURS = ['origin', 'layer', 'kind'] as const;
type Colour = (typeof COLOURS)[number];
const COLOUR_NAMES: Record<Colour, string> = { origin: 'Base and yours', layer: 'Layer', kind: 'Kind of file' };

/** Colours there are for layers and kinds; then they begin anew. */
const HUES = 8;

/** Where the map is zoomed to, as the address has it: a path, and a tilde in front for wasted copies. */
interface Zoom {
  part: Part;
  row: number;
}

function zoomOf(trees: StoredTrees, text: string | undefined): Zoom {
  if (text === undefined) return { part: 'kept', row: 0 };
  const part: Part = text.startsWith('~') ? 'wasted' : 'kept';
  const path = part === 'wasted' ? text.slice(1) : text;
  return { part, row: path === '' ? 0 : (rowOf(trees[part], path) ?? 0) };
}

const zoomText = (trees: StoredTrees, { part, row }: Zoom): string | undefined => {
  const path = row === 0 ? '' : pathOf(trees[part], row);
  return part === 'wasted' ? `~${path}` : path || undefined;
};

/** Heights the map can have: none, some rows, most of the pane. */
const SIZES = ['hidden', 'normal', 'tall'] as const;

export function MapPane({ summary, layer, merged, onFile }: { summary: ImageSummary; layer: number; merged: boolean; onFile(): void }) {
  const generation = useStore(image, (state) => state.generation);
  const zoomed = useStore(route, (now) => now.params.get('z'));
  const [found, setFound] = useState<{ trees: StoredTrees; of: string }>();
  const [error, setError] = useState<string>();
  const [shape, setShape] = useState<'map' | 'table'>('map');
  const [height, setHeight] = useState<(typeof SIZES)[number]>(() => SIZES[savedNumber('map.height') ?? 1] ?? 'normal');
  const [colour, setColour] = useState<Colour>(() => COLOURS[savedNumber('map.colour') ?? 0] ?? 'origin');
  const one = merged ? undefined : layer;
  useEffect(() => {
    let stale = false;
    reader
      .call('stored', { layer: one })
      .then((trees) => !stale && (setFound({ trees, of: one === undefined ? 'All layers' : `Layer ${one}` }), setError(undefined)))
      .catch((failure: unknown) => !stale && setError(failure instanceof Error ? failure.message : String(failure)));
    return () => {
      stale = true;
    };
  }, [generation, one]);
  const resize = (next: (typeof SIZES)[number]) => {
    setHeight(next);
    saveNumber('map.height', SIZES.indexOf(next));
  };
  const trees = found?.trees;
  const zoom = trees ? zoomOf(trees, zoomed) : undefined;
  const go = (next: Zoom) => trees && setParams({ z: zoomText(trees, next) }, 'push');
  return (
    <section class={`map-part ${height}`} aria-label="Map" data-pane>
      <div class="ph">
        <div class="seg" role="group" aria-label="Shape">
          <button type="button" aria-pressed={height !== 'hidden' && shape === 'map'} onClick={() => (setShape('map'), height === 'hidden' && resize('normal'))}>
            Map
          </button>
          <button type="button" aria-pressed={height !== 'hidden' && shape === 'table'} onClick={() => (setShape('table'), height === 'hidden' && resize('normal'))}>
            Table
          </button>
          <button type="button" class="wide-only" aria-pressed={height === 'hidden'} onClick={() => resize('hidden')}>
            None
          </button>
        </div>
        {height !== 'hidden' && (
          <>
            {shape === 'map' && (
              <MenuButton
                label={`Colour: ${COLOUR_NAMES[colour]}`}
                choices={COLOURS.map((id) => ({ id, label: COLOUR_NAMES[id], checked: id === colour }))}
                onChoose={(id) => {
                  setColour(id as Colour);
                  saveNumber('map.colour', COLOURS.indexOf(id as Colour));
                }}
              >
                <span class="colour-word">Colour: </span>
                {COLOUR_NAMES[colour]}
              </MenuButton>
            )}
            <span class="grow" />
            {shape === 'map' && colour === 'origin' && <Legend />}
            <button type="button" class="ib wide-only" aria-label={height === 'tall' ? 'Smaller map' : 'Larger map'} title={height === 'tall' ? 'Smaller' : 'Larger'} aria-pressed={height === 'tall'} onClick={() => resize(height === 'tall' ? 'normal' : 'tall')}>
              <Icon name="grow" />
            </button>
          </>
        )}
      </div>
      {height !== 'hidden' && error !== undefined && <p class="sec bad">{error}</p>}
      {height !== 'hidden' && found && trees && zoom && (
        <>
          <Crumbs trees={trees} zoom={zoom} of={found.of} onZoom={go} />
          {(trees.kept.size[0] ?? 0) + (trees.wasted.size[0] ?? 0) === 0 ? (
            <p class="sec mid">{one === undefined ? 'This image stores no bytes of files.' : `Layer ${one} stores no bytes of files.`}</p>
          ) : shape === 'map' ? (
            <TreeMap trees={trees} zoom={zoom} colour={colour} summary={summary} onZoom={go} onFile={onFile} />
          ) : (
            <MapTable trees={trees} zoom={zoom} summary={summary} onZoom={go} onFile={onFile} />
          )}
        </>
      )}
    </section>
  );
}

function Legend() {
  return (
    <span class="legend xs mid wide-only">
      {(
        [
          ['base', 'base image'],
          ['own', 'yours'],
          ['hat', 'wasted'],
        ] as const
      ).map(([kind, words]) => (
        <span class="row">
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <rect class={`map-${kind}`} width="12" height="12" rx="2" />
          </svg>
          {words}
        </span>
      ))}
    </span>
  );
}

function Crumbs({ trees, zoom, of, onZoom }: { trees: StoredTrees; zoom: Zoom; of: string; onZoom(zoom: Zoom): void }) {
  const tree = trees[zoom.part];
  const above: Zoom[] = [];
  for (let row = zoom.row; row > 0; row = tree.parent[row] ?? 0) above.unshift({ part: zoom.part, row });
  if (zoom.part === 'wasted') above.unshift({ part: 'wasted', row: 0 });
  above.unshift({ part: 'kept', row: 0 });
  const bytes = zoom.part === 'kept' && zoom.row === 0 ? (trees.kept.size[0] ?? 0) + (trees.wasted.size[0] ?? 0) : (tree.size[zoom.row] ?? 0);
  return (
    <nav class="crumbs xs" aria-label="Zoom of the map">
      <ol class="row">
        {above.map((step, i) => {
          const name = i === 0 ? of : step.part === 'wasted' && step.row === 0 ? 'wasted' : (tree.names[step.row] ?? '');
          return (
            <li>
              {i > 0 && <span class="dim" aria-hidden="true">{' / '}</span>}
              {i === above.length - 1 ? (
                <span aria-current="location" class={i > 0 ? 'code' : ''}>
                  <Name text={name} />
                </span>
              ) : (
                <button type="button" class={`link ${i > 0 ? 'code' : ''}`} onClick={() => onZoom(step)}>
                  <Name text={name} />
                </button>
              )}
            </li>
          );
        })}
      </ol>
      <span class="num dim">{size(bytes)}</span>
    </nav>
  );
}

/** How a block is told and coloured. */
function describe(trees: StoredTrees, summary: ImageSummary, block: Pick<Block, 'part' | 'row' | 'more'>, largest: Record<Part, Int32Array>) {
  const tree = trees[block.part];
  const folder = tree.kind[block.row] === 1;
  const file = folder ? (largest[block.part][block.row] ?? -1) : block.row;
  const layer = tree.layer[Math.max(0, file)] ?? 0;
  const all = tree.size[block.row] ?? 0;
  const origin = block.part === 'wasted' ? 'wasted' : all > 0 && (tree.baseSize[block.row] ?? 0) * 2 > all ? 'base' : 'own';
  const path = pathOf(tree, block.row);
  return { folder, layer, origin, path, kind: file >= 0 ? kindOf(pathOf(tree, file)) : KIND_NAMES.length - 1, command: summary.layers[layer - 1]?.command } as const;
}

const ORIGINS = { base: 'base image', own: 'yours', wasted: 'wasted' } as const;

/** Units of the code font at 12 pixels. */
const LETTER = 7.2;

function TreeMap({ trees, zoom, colour, summary, onZoom, onFile }: { trees: StoredTrees; zoom: Zoom; colour: Colour; summary: ImageSummary; onZoom(zoom: Zoom): void; onFile(): void }) {
  const id = useId();
  const path = useStore(route, (now) => now.params.get('f'));
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height }, setSize] = useState({ width: 0, height: 0 });
  const [at, setAt] = useState(0);
  const [tip, setTip] = useState<{ block: number; x: number; y: number }>();
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth - 16, height: element.clientHeight - 12 }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const blocks = useMemo(() => (width > 20 && height > 20 ? layOut(trees, zoom, width, height) : []), [trees, zoom.part, zoom.row, width, height]);
  const largest = useMemo(() => ({ kept: largestFiles(trees.kept), wasted: largestFiles(trees.wasted) }), [trees]);
  const told = useMemo(() => blocks.map((block) => describe(trees, summary, block, largest)), [blocks, summary]);
  useEffect(() => {
    setAt(0);
    setTip(undefined);
  }, [trees, zoom.part, zoom.row]);
  const total = (trees.kept.size[0] ?? 0) + (trees.wasted.size[0] ?? 0);
  const choose = (index: number) => {
    const block = blocks[index];
    if (!block) return;
    setTip(undefined);
    const tree = trees[block.part];
    if (block.more > 0) {
      // What was merged is in the folder around it.
      const around = { part: block.part, row: tree.parent[block.row] ?? 0 };
      if (around.row !== zoom.row || around.part !== zoom.part) onZoom(around);
    } else if (block.folder) onZoom(block);
    else {
      const { path: file, layer } = told[index] as { path: string; layer: number };
      // A wasted copy is looked at where it still is.
      setParams({ f: file, ...(block.part === 'wasted' && layer > 0 ? { l: String(layer) } : {}) }, 'push');
      onFile();
    }
  };
  const out = () => {
    if (zoom.row > 0) {
      const tree = trees[zoom.part];
      let { row } = zoom;
      // A folder that holds but one folder was never seen by itself.
      while ((tree.parent[row] ?? 0) > 0 && itemsOf(tree, zoom.part, tree.parent[row] ?? 0).length === 1) row = tree.parent[row] ?? 0;
      onZoom({ part: zoom.part, row: tree.parent[row] ?? 0 });
    } else if (zoom.part === 'wasted') onZoom({ part: 'kept', row: 0 });
    else return false;
    return true;
  };
  const keys = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const show = (next: number) => {
      setAt(next);
      const block = blocks[next];
      if (block) setTip({ block: next, x: block.x + Math.min(block.width, 80) / 2, y: block.y + Math.min(block.height, block.open ? HEAD : 60) });
    };
    if (event.key.startsWith('Arrow')) {
      const next = neighbour(blocks, at, event.key);
      if (next !== undefined) show(next);
    } else if (event.key === 'Home') show(0);
    else if (event.key === 'End') show(blocks.length - 1);
    else if (event.key === 'Enter' || event.key === ' ') choose(at);
    else if (event.key === 'Backspace') out();
    else if (event.key === 'Escape') {
      if (tip) setTip(undefined);
      else if (!out()) return;
    } else return;
    event.preventDefault();
  };
  const hover = (event: TargetedPointerEvent<SVGElement>) => {
    if (event.pointerType === 'touch') return;
    const index = Number((event.target as Element).closest('[data-block]')?.getAttribute('data-block') ?? Number.NaN);
    if (Number.isNaN(index)) {
      setTip(undefined);
      return;
    }
    const frame = event.currentTarget.getBoundingClientRect();
    setTip({ block: index, x: event.clientX - frame.left, y: event.clientY - frame.top });
  };
  const classOf = (block: Block, index: number): string => {
    const about = told[index];
    if (!about) return '';
    if (block.part === 'wasted') return 'map-hat';
    if (colour === 'layer') return `hue-${(about.layer + HUES - 1) % HUES}`;
    if (colour === 'kind') return `hue-${about.kind % HUES}`;
    return `map-${about.origin} d${Math.min(block.depth, 3)}`;
  };
  const shown = tip && blocks[tip.block] && told[tip.block] ? { block: blocks[tip.block] as Block, about: told[tip.block] as NonNullable<(typeof told)[number]>, x: tip.x, y: tip.y } : undefined;
  return (
    <div class="map-box" ref={box}>
      {colour !== 'origin' && <HueLegend colour={colour} told={told} />}
      <div class="map-list" role="listbox" aria-label={`Map of ${size(total)}, ${plural(blocks.length, 'block')}. Enter zooms in, Backspace out.`} tabIndex={0} data-pane-focus aria-activedescendant={blocks.length > 0 ? `${id}-${Math.min(at, blocks.length - 1)}` : undefined} onKeyDown={keys} onBlur={() => setTip(undefined)}>
        <svg width={Math.max(0, width)} height={Math.max(0, height)} role="presentation" onPointerMove={hover} onPointerLeave={() => setTip(undefined)}>
          {blocks.map((block, i) => {
            const about = told[i];
            const letters = Math.floor((block.width - 8) / LETTER);
            const name = nameText(block.name);
            const label = letters >= 3 && block.height >= 15 ? (name.length <= letters ? name : `${name.slice(0, letters - 1)}…`) : '';
            const bytes = size(block.bytes);
            const inline = block.open && label !== '' && letters > name.length + bytes.length + 1;
            return (
              <g
                key={`${block.part} ${block.row} ${block.more}`}
                role="option"
                id={`${id}-${i}`}
                data-block={i}
                class={`block ${i === at ? 'active' : ''} ${block.open ? 'open' : ''}`}
                aria-selected={path !== undefined && !block.folder && block.more === 0 && about?.path === path}
                aria-label={`${name}${block.folder && about?.path !== '' ? '/' : ''}, ${bytes}, ${about ? ORIGINS[about.origin] : ''}${block.depth > 0 ? `, level ${block.depth + 1}` : ''}`}
                onClick={() => {
                  setAt(i);
                  choose(i);
                }}
              >
                <rect class={classOf(block, i)} x={block.x + 0.5} y={block.y + 0.5} width={Math.max(0.5, block.width - 1)} height={Math.max(0.5, block.height - 1)} />
                {block.part === 'wasted' && label !== '' && <rect class="map-label-ground" x={block.x + 2} y={block.y + 2} width={Math.min(block.width - 4, (inline ? label.length + bytes.length + 1 : Math.max(label.length, block.height >= 32 && !block.open ? bytes.length : 0)) * LETTER + 6)} height={block.height >= 32 && !block.open ? 31 : 14} />}
                {label !== '' && (
                  <text aria-hidden="true" x={block.x + 5} y={block.y + 13}>
                    {label}
                    {inline ? ` ${bytes}` : ' '}
                  </text>
                )}
                {label !== '' && !block.open && block.height >= 32 && bytes.length <= letters && (
                  <text aria-hidden="true" x={block.x + 5} y={block.y + 28}>
                    {bytes}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
      {shown && (
        <div class="map-tip" aria-hidden="true" style={{ left: `${Math.max(0, Math.min(shown.x + 12, width - 300))}px`, top: `${shown.y + 18 > height - 70 ? Math.max(0, shown.y - 92) : shown.y + 18}px` }}>
          <div class="code strong wrap">
            {shown.block.more > 0 ? `${shown.block.name} in ` : ''}
            <Name text={shown.block.more > 0 ? pathOf(trees[shown.block.part], trees[shown.block.part].parent[shown.block.row] ?? 0) || '/' : shown.about.path || 'wasted copies'} cut={false} />
            {shown.block.folder && shown.about.path && '/'}
          </div>
          <div>
            {size(shown.block.bytes)}, {percent(shown.block.bytes, total)}, {ORIGINS[shown.about.origin]}
            {shown.about.layer > 0 && shown.block.more === 0 && `, ${shown.block.folder ? 'mostly ' : ''}layer ${shown.about.layer}`}
          </div>
          {shown.about.command && shown.block.more === 0 && (
            <div class="code dim cut">
              <Name text={shown.about.command} words />
            </div>
          )}
        </div>
      )}
    </div>
  );
}

function HueLegend({ colour, told }: { colour: 'layer' | 'kind'; told: readonly { layer: number; kind: number; origin: string }[] }) {
  const there = [...new Set(told.filter(({ origin }) => origin !== 'wasted').map((about) => (colour === 'layer' ? about.layer : about.kind)))].filter((n) => colour === 'kind' || n > 0).sort((a, b) => a - b);
  return (
    <ul class="hues xs mid" aria-label={colour === 'layer' ? 'Layers' : 'Kinds'}>
      {there.map((n) => (
        <li class="row">
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <rect class={`hue-${(colour === 'layer' ? n + HUES - 1 : n) % HUES}`} width="12" height="12" rx="2" />
          </svg>
          {colour === 'layer' ? `layer ${n}` : KIND_NAMES[n]}
        </li>
      ))}
    </ul>
  );
}

/** The same as rows: what is in the folder that the map shows. */
function MapTable({ trees, zoom, summary, onZoom, onFile }: { trees: StoredTrees; zoom: Zoom; summary: ImageSummary; onZoom(zoom: Zoom): void; onFile(): void }) {
  const [most, setMost] = useState(100);
  const largest = useMemo(() => ({ kept: largestFiles(trees.kept), wasted: largestFiles(trees.wasted) }), [trees]);
  const items = useMemo(() => {
    const list = itemsOf(trees[zoom.part], zoom.part, zoom.row);
    const wasted = trees.wasted.size[0] ?? 0;
    return zoom.part === 'kept' && zoom.row === 0 && wasted > 0 ? [...list, { part: 'wasted' as const, row: 0, name: 'wasted', bytes: wasted, more: 0 }].sort((a, b) => b.bytes - a.bytes) : list;
  }, [trees, zoom.part, zoom.row]);
  const total = items.reduce((sum, item) => sum + item.bytes, 0);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="What takes the space" data-pane-focus>
      <table class="map-table">
        <caption class="sr">What takes the space, the largest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="r">
              Size
            </th>
            <th scope="col" class="r">
              Share
            </th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, most).map((item) => {
            const about = describe(trees, summary, item, largest);
            return (
              <tr>
                <td class="code wrap">
                  <button
                    type="button"
                    class="link wrap"
                    onClick={() => {
                      if (about.folder) {
                        onZoom(item);
                        return;
                      }
                      setParams({ f: about.path, ...(item.part === 'wasted' && about.layer > 0 ? { l: String(about.layer) } : {}) }, 'push');
                      onFile();
                    }}
                  >
                    <Name text={item.name} />
                    {about.folder && about.path !== '' && '/'}
                  </button>
                </td>
                <td class="r num" title={exactBytes(item.bytes)}>
                  {size(item.bytes)}
                </td>
                <td class="r num">{percent(item.bytes, total)}</td>
                <td class={about.origin === 'wasted' ? 'wasted' : 'mid'}>
                  {ORIGINS[about.origin]}
                  {about.layer > 0 && `, ${about.folder ? 'mostly ' : ''}layer ${about.layer}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {items.length > most && (
        <div class="sec">
          <button type="button" class="btn sm" onClick={() => setMost(most * 5)}>
            {plural(items.length - most, 'more row')}
          </button>
        </div>
      )}
    </div>
  );
}
