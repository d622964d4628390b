// The Files tab: layers, the tree after one of them, and the file in focus.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ImageSummary, LayerInfo, TreeData } from '../engine/types.ts';
import { exactBytes, plural, shortDigest, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { Splitter } from '../ui/parts.tsx';
import { FilePanel } from './file.tsx';
import { MapPane } from './map.tsx';
import { image, reader } from './state.ts';
import { Tree } from './tree.tsx';

export type FilesPane = 'layers' | 'files' | 'map' | 'file';

/** The layer that the address names, and whether the tree shows what that layer did. */
export function useLayer(summary: ImageSummary): { layer: number; merged: boolean } {
  const named = Number(useStore(route, (now) => now.params.get('l')) ?? Number.NaN);
  const merged = !(Number.isInteger(named) && named >= 1 && named <= summary.layers.length);
  return { layer: merged ? summary.layers.length : named, merged };
}

export function FilesTab({ summary, pane, onPane }: { summary: ImageSummary; pane: FilesPane; onPane(pane: FilesPane): void }) {
  const generation = useStore(image, (state) => state.generation);
  const path = useStore(route, (now) => now.params.get('f'));
  const { layer, merged } = useLayer(summary);
  const [tree, setTree] = useState<{ data: TreeData; layer: number; merged: boolean }>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let stale = false;
    if (summary.layers.length === 0) return;
    reader
      .call('tree', { layer, merged })
      .then((data) => !stale && (setTree({ data, layer, merged }), setError(undefined)))
      .catch((failure: unknown) => !stale && setError(failure instanceof Error ? failure.message : String(failure)));
    return () => {
      stale = true;
    };
  }, [generation, layer, merged]);
  const select = (next: number | undefined) => setParams({ l: next === undefined ? undefined : String(next) }, 'push');
  return (
    <div class={`panes three-panes ${path ? 'with-file' : ''}`} data-shows={pane} role="tabpanel" id="image-panel" aria-labelledby="image-panel-files">
      <section class={`pane layers-pane ${pane === 'layers' ? 'on' : ''}`} aria-label="Layers" data-pane>
        <div class="ph">
          <h2>Layers</h2>
          <span class="grow" />
          <div class="seg" role="group" aria-label="Tree shows">
            <button type="button" aria-pressed={merged} onClick={() => select(undefined)}>
              Merged
            </button>
            <button type="button" aria-pressed={!merged} onClick={() => select(merged ? summary.layers.length : layer)}>
              Layer {merged ? summary.layers.length : layer}
            </button>
          </div>
        </div>
        <LayerList summary={summary} selected={merged ? undefined : layer} onSelect={select} onShow={() => onPane('files')} />
      </section>
      <section class={`pane files-pane ${pane === 'files' || pane === 'map' ? 'on' : ''}`} aria-label="Files" data-shows={pane === 'map' ? 'map' : 'files'} data-pane>
        <Splitter name="Layers width" property="layers" from="left" min={200} max={720} initial={() => document.querySelector('.layers-pane')?.clientWidth ?? 296} />
        {error !== undefined && <p class="sec bad">{error}</p>}
        {summary.layers.length === 0 && <p class="sec mid">This image has no layers.</p>}
        {tree && <Tree key={generation} tree={tree.data} layer={tree.layer} merged={tree.merged} summary={summary} onEnter={() => onPane('file')} />}
        {summary.layers.length > 0 && <MapPane summary={summary} layer={layer} merged={merged} onFile={() => pane === 'map' && onPane('file')} />}
      </section>
      {path !== undefined ? (
        <section class={`pane file-pane ${pane === 'file' ? 'on' : ''}`} aria-label="File" data-pane>
          <Splitter name="Files width" property="file" from="right" min={260} max={1100} initial={() => document.querySelector('.file-pane')?.clientWidth ?? 392} />
          <FilePanel key={`${generation} ${path} ${layer}`} path={path} layer={layer} summary={summary} />
        </section>
      ) : (
        <section class={`pane file-pane none ${pane === 'file' ? 'on' : ''}`} aria-label="File">
          <p class="sec mid">Choose a file to see who brought it, and what is in it.</p>
        </section>
      )}
    </div>
  );
}

const WIDTH = 240;

function LayerList({ summary, selected, onSelect, onShow }: { summary: ImageSummary; selected: number | undefined; onSelect(layer: number): void; onShow(): void }) {
  const { layers } = summary;
  const base = layers.filter((layer) => layer.base).length;
  const largest = useMemo(() => Math.max(1, ...layers.map((layer) => layer.content)), [layers]);
  const move = (event: KeyboardEvent) => {
    const at = selected ?? 0;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 1, End: layers.length, ']': at + 1, '[': at - 1 }[event.key];
    if (event.key === 'Enter') {
      onShow();
      document.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus();
    } else if (to !== undefined) {
      const next = Math.max(1, Math.min(layers.length, to));
      onSelect(next);
      requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-layer="${next}"]`)?.focus());
    } else return;
    event.preventDefault();
  };
  const stop = selected ?? 1;
  const option = (layer: LayerInfo, number: number) => (
    <Layer key={number} layer={layer} number={number} selected={number === selected} stop={number === stop} largest={largest} onSelect={() => onSelect(number)} />
  );
  const bytes = (list: LayerInfo[]) => size(list.reduce((sum, layer) => sum + layer.content, 0));
  const baseLayers = layers.slice(0, base);
  const own = layers.slice(base);
  return (
    <div class="scroll layers" onKeyDown={move}>
      {base > 0 && (
        <>
          <div class="grp">
            <span class="cut" title="The history does not name the base image. It is taken to end at the last CMD or ENTRYPOINT that more layers follow.">
              {summary.baseName ? <>Base: <Name text={summary.baseName} /></> : 'Base image, to its CMD'}
            </span>
            <span class="num">{bytes(baseLayers)}</span>
          </div>
          <div role="listbox" aria-label="Layers of the base image">
            {baseLayers.map((layer, i) => option(layer, i + 1))}
          </div>
        </>
      )}
      {own.length > 0 && (
        <>
          <div class="grp">
            <span>{base > 0 ? 'Yours' : 'All layers'}</span>
            <span class="num">{bytes(own)}</span>
          </div>
          <div role="listbox" aria-label={base > 0 ? 'Layers above the base image' : 'Layers'}>
            {own.map((layer, i) => option(layer, base + i + 1))}
          </div>
        </>
      )}
    </div>
  );
}

function Layer({ layer, number, selected, stop, largest, onSelect }: { layer: LayerInfo; number: number; selected: boolean; stop: boolean; largest: number; onSelect(): void }) {
  const scale = (bytes: number) => (bytes > 0 ? Math.max(2, (bytes / largest) * WIDTH) : 0);
  const width = scale(layer.content);
  const hatched = layer.content > 0 ? width * (layer.wasted / layer.content) : 0;
  const command = layer.command ?? shortDigest(layer.digest ?? layer.diffId ?? '');
  const one = layer.base && !selected;
  return (
    <div
      class={`ly ${one ? 'one' : ''}`}
      role="option"
      aria-selected={selected}
      tabIndex={stop ? 0 : -1}
      data-layer={number}
      title={selected ? undefined : nameText(command, true)}
      onClick={onSelect}
    >
      <span class="n num">
        <span class="sr">Layer </span>
        {number}
      </span>
      <span class="l1">
        <span class={`cmd ${selected ? '' : 'cut'}`}>
          <Name text={command} words />
        </span>
        <span class="num" title={exactBytes(layer.content)}>
          {size(layer.content)}
        </span>
      </span>
      <span class="l2">
        <svg class="bar" viewBox={`0 0 ${WIDTH} 6`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="trk" width={WIDTH} height="6" rx="1" />
          <rect class={layer.base ? 'base' : 'own'} width={width} height="6" rx="1" />
          {hatched > 0 && <rect class="hat" x={width - hatched} width={hatched} height="6" rx="1" />}
        </svg>
        {!one && <span class="sub">{layer.problem ? <span class="bad">damaged</span> : layer.wasted > 0 ? <span class="wasted">{size(layer.wasted)} wasted</span> : plural(layer.files, 'file')}</span>}
      </span>
      {selected && (
        <span class="more">
          {layer.problem && (
            <span class="bad">
              <Name text={layer.problem} words />{' '}
            </span>
          )}
          stored {size(layer.stored)}
          {layer.compression && `, ${layer.compression}`}
        </span>
      )}
    </div>
  );
}

