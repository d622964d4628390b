// Why the image is as large as it is: its parts, its layers, what is stored for nothing, and contents that are there twice.
import { useEffect, useState } from 'preact/hooks';
import type { ImageAnalysis, ImageSummary } from '../engine/types.ts';
import { count, exactBytes, percent, plural, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { setParams } from '../lib/route.ts';
import { isAbort } from '../lib/rpc.ts';
import type { Progress } from '../lib/rpc-types.ts';
import { useStore } from '../lib/store.ts';
import { Meter } from '../ui/meter.tsx';
import { say } from '../ui/notices.tsx';
import { image, reader } from './state.ts';

interface Known {
  generation: number;
  analysis: ImageAnalysis;
  /** Contents were compared. */
  whole: boolean;
}

/** Of the image that is open: coming back to the tab does not read it again. */
let known: Known | undefined;

export function AnalysisTab({ summary }: { summary: ImageSummary }) {
  const generation = useStore(image, (state) => state.generation);
  const [found, setFound] = useState<Known | undefined>(known?.generation === generation ? known : undefined);
  const [progress, setProgress] = useState<Progress>();
  const [error, setError] = useState<string>();
  const [stop, setStop] = useState<AbortController>();
  const [stopped, setStopped] = useState(false);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    const have = known?.generation === generation ? known : undefined;
    setFound(have);
    setError(undefined);
    setStopped(false);
    if (have?.whole) return;
    const controller = new AbortController();
    setStop(controller);
    void (async () => {
      try {
        for (const whole of have ? [true] : [false, true]) {
          setProgress({ phase: 'analyze', done: 0, unit: 'bytes' });
          const analysis = await reader.call('analyze', { duplicates: whole }, { signal: controller.signal, onProgress: (now) => !controller.signal.aborted && setProgress(now) });
          if (controller.signal.aborted) return;
          known = { generation, analysis, whole };
          setFound(known);
        }
        setProgress(undefined);
        say('Analyzed');
      } catch (failure) {
        if (controller.signal.aborted && controller.signal.reason !== BY_HAND) return;
        setProgress(undefined);
        if (isAbort(failure)) setStopped(true);
        else setError(failure instanceof Error ? failure.message : String(failure));
      }
    })();
    return () => controller.abort();
  }, [generation, again]);

  return (
    <>
      {progress && (
        <div class="searching">
          <div class="grow">
            <Meter progress={progress} label="Analyzing" phase={found ? 'Looking for duplicates' : 'Analyzing'} />
          </div>
          <button type="button" class="btn sm" onClick={() => stop?.abort(BY_HAND)}>
            Stop
          </button>
        </div>
      )}
      {error !== undefined && <p class="sec bad">{error}</p>}
      {stopped && (
        <div class="sec row">
          <span class="grow">{found ? 'Stopped: duplicates are not known.' : 'Stopped.'}</span>
          <button type="button" class="btn sm" onClick={() => setAgain(again + 1)}>
            Go on
          </button>
        </div>
      )}
      {found && <Report analysis={found.analysis} whole={found.whole} summary={summary} />}
    </>
  );
}

const BY_HAND = 'stopped by hand';

const PARTS = [
  ['system', 'System', 'packages of the operating system, and what lies where they do'],
  ['runtime', 'Runtimes', 'what runs programs, and what they bring along'],
  ['dependencies', 'Dependencies', 'libraries of the application: node_modules, site-packages, jars, gems'],
  ['application', 'Application', 'all else'],
] as const;

const BASES = { layers: 'by layers it shares', annotation: 'as the image says', history: 'guessed from the times of the history' } as const;

function Report({ analysis, whole, summary }: { analysis: ImageAnalysis; whole: boolean; summary: ImageSummary }) {
  const { visible, wastedBytes, base, os, runtimes, parts, wasted, duplicates, largest } = analysis;
  const all = visible.bytes + wastedBytes;
  const twice = duplicates.reduce((sum, group) => sum + group.bytes, 0);
  const show = (path: string, layer?: number) => setParams({ tab: undefined, f: path, l: layer === undefined ? undefined : String(layer + 1), q: undefined }, 'push');
  const layerLink = (layer: number) => (
    <button type="button" class="link num" aria-label={`Layer ${layer + 1}`} onClick={() => setParams({ tab: undefined, l: String(layer + 1) }, 'push')}>
      {layer + 1}
    </button>
  );
  const fileLink = (path: string, layer?: number) => (
    <button type="button" class="link code path" onClick={() => show(path, layer)}>
      <Name text={path} />
    </button>
  );
  return (
    <>
      <p class="sec lead">
        {size(all)} of files are stored, {size(visible.bytes)} can be seen. {wastedBytes > 0 ? <>{size(wastedBytes)}, {percent(wastedBytes, all)}, are wasted: copies that a later layer replaces or hides.</> : 'Nothing is wasted.'}
        {whole && twice > 0 && ` ${size(twice)} are there more than once.`}
      </p>
      <section class="sec" aria-label="Parts">
        <h2>What it is made of</h2>
        <svg class="parts" viewBox="0 0 400 12" preserveAspectRatio="none" role="img" aria-label={`${PARTS.map(([id, name]) => `${name} ${percent(parts[id].bytes, all)}`).join(', ')}, wasted ${percent(wastedBytes, all)}`}>
          <rect class="trk" width="400" height="12" />
          {[...PARTS.map(([id]) => [parts[id].bytes, `part-${id}`] as const), [wastedBytes, 'hat'] as const].reduce<{ x: number; bars: preact.JSX.Element[] }>(
            ({ x, bars }, [bytes, kind]) => {
              const width = all > 0 ? (bytes / all) * 400 : 0;
              return { x: x + width, bars: width > 0 ? [...bars, <rect class={kind} x={x} width={Math.max(0.5, width - 1)} height="12" />] : bars };
            },
            { x: 0, bars: [] },
          ).bars}
        </svg>
        <dl class="part-list">
          {PARTS.map(([id, name, what]) => (
            <div title={what}>
              <dt>
                <svg viewBox="0 0 12 12" aria-hidden="true">
                  <rect class={`part-${id}`} width="12" height="12" rx="2" />
                </svg>
                {name}
              </dt>
              <dd class="num">{size(parts[id].bytes)}</dd>
              <dd class="xs dim">{plural(parts[id].files, 'file')}</dd>
            </div>
          ))}
          <div>
            <dt>
              <svg viewBox="0 0 12 12" aria-hidden="true">
                <rect class="hat" width="12" height="12" rx="2" />
              </svg>
              Wasted
            </dt>
            <dd class="num">{size(wastedBytes)}</dd>
            <dd class="xs dim">{plural(analysis.layers.reduce((sum, layer) => sum + layer.wasted.files, 0), 'copy', 'copies')}</dd>
          </div>
        </dl>
        <dl class="facts cap">
          {base && (
            <>
              <dt>Base image</dt>
              <dd>
                {base.name && (
                  <span class="code">
                    <Name text={base.name} />,{' '}
                  </span>
                )}
                {plural(base.layers, 'layer')}, {BASES[base.by]}
              </dd>
            </>
          )}
          {os?.name && (
            <>
              <dt>System</dt>
              <dd>
                <Name text={os.name} words />
              </dd>
            </>
          )}
          {runtimes.length > 0 && (
            <>
              <dt>Runtimes</dt>
              <dd>
                {runtimes.map((runtime, i) => (
                  <>
                    {i > 0 && ', '}
                    <span title={nameText(runtime.from)}>
                      <Name text={runtime.version ? `${runtime.name} ${runtime.version}` : runtime.name} words />
                    </span>
                  </>
                ))}
              </dd>
            </>
          )}
        </dl>
      </section>
      <section aria-label="Layers">
        <div class="ph">
          <h2>Layers</h2>
          <span class="count">{analysis.layers.length}</span>
        </div>
        <div class="wide-table">
          <table>
            <caption class="sr">What each layer does</caption>
            <thead>
              <tr>
                <th scope="col" class="r">
                  Layer
                </th>
                <th scope="col">Instruction</th>
                <th scope="col" class="r">
                  Files stored
                </th>
                <th scope="col" class="r hide-narrow">
                  Added
                </th>
                <th scope="col" class="r hide-narrow">
                  Changed
                </th>
                <th scope="col" class="r hide-narrow">
                  Removed
                </th>
                <th scope="col" class="r">
                  Wasted
                </th>
              </tr>
            </thead>
            <tbody>
              {analysis.layers.map((layer) => (
                <tr>
                  <td class="r">{layerLink(layer.layer)}</td>
                  <td class="code wrap most-wide">
                    <span class="clamp">
                      <Name text={layer.instruction ?? summary.layers[layer.layer]?.command ?? ''} words />
                    </span>
                  </td>
                  <td class="r num" title={`${exactBytes(layer.stored.bytes)} in ${plural(layer.stored.files, 'file')}`}>
                    {size(layer.stored.bytes)}
                  </td>
                  <td class="r num hide-narrow">{count(layer.added.files)}</td>
                  <td class="r num hide-narrow">{count(layer.changed.files)}</td>
                  <td class="r num hide-narrow" title={`${exactBytes(layer.removed.bytes)} that lower layers keep storing`}>
                    {count(layer.removed.files)}
                  </td>
                  <td class={`r num ${layer.wasted.bytes > 0 ? 'wasted' : 'dim'}`} title={`${exactBytes(layer.wasted.bytes)} in ${plural(layer.wasted.files, 'file')}`}>
                    {layer.wasted.bytes > 0 ? size(layer.wasted.bytes) : '0 B'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Long
        title="Wasted copies"
        none="No file is stored for nothing."
        head={['Path', 'Size', 'Stored by', 'Then']}
        items={wasted}
        row={(file) => [
          fileLink(file.path, file.layer),
          <span title={exactBytes(file.bytes)}>{size(file.bytes)}</span>,
          layerLink(file.layer),
          file.by === undefined ? 'never seen' : <>{file.removed ? 'removed' : 'replaced'} by {layerLink(file.by)}</>,
        ]}
      />
      <Long
        title="Contents that are there more than once"
        none={whole ? 'No content is there twice.' : 'Not yet known.'}
        head={['Paths', 'Too much', 'Copies', 'Size each']}
        items={duplicates}
        row={(group) => [
          <ul>
            {group.paths.slice(0, 3).map((path) => (
              <li>{fileLink(path)}</li>
            ))}
            {group.paths.length > 3 && <li class="dim">and {count(group.paths.length - 3)} more</li>}
          </ul>,
          <span title={exactBytes(group.bytes)}>{size(group.bytes)}</span>,
          count(group.paths.length),
          size(group.size),
        ]}
      />
      <Long title="Largest files" none="There are no files." head={['Path', 'Size', 'Layer', '']} items={largest} row={(file) => [fileLink(file.path), <span title={exactBytes(file.size)}>{size(file.size)}</span>, layerLink(file.layer), '']} />
    </>
  );
}

/** Rows of a long list that are shown at first. */
const FIRST = 15;

function Long<T>({ title, none, head, items, row }: { title: string; none: string; head: [string, string, string, string]; items: readonly T[]; row(item: T): [preact.ComponentChildren, preact.ComponentChildren, preact.ComponentChildren, preact.ComponentChildren] }) {
  const [most, setMost] = useState(FIRST);
  return (
    <section aria-label={title}>
      <div class="ph">
        <h2>{title}</h2>
        <span class="count">{items.length === 200 ? 'first 200' : items.length}</span>
      </div>
      {items.length === 0 ? (
        <p class="sec mid">{none}</p>
      ) : (
        <table>
          <caption class="sr">{title}</caption>
          <thead>
            <tr>
              {head.map((name, i) => (
                <th scope="col" class={`${i > 0 ? 'r' : ''} ${i === 2 && head[3] ? 'hide-narrow' : ''}`}>
                  {name || <span class="sr">, </span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.slice(0, most).map((item) => (
              <tr>
                {row(item).map((cell, i) => (
                  <td class={`${i > 0 ? 'r num' : 'wrap'} ${i === 2 && head[3] ? 'hide-narrow' : ''}`}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {items.length > most && (
        <div class="sec">
          <button type="button" class="btn sm" onClick={() => setMost(items.length)}>
            {count(items.length - most)} more
          </button>
        </div>
      )}
    </section>
  );
}
