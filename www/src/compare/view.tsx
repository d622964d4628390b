// Two images side by side: the verdict, layers, settings and history, files, and the text of one of them.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ComparedImage, Comparison } from '../engine/types.ts';
import { count, exactBytes, percent, shortDigest, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { openExamplePair } from '../ui/commands.ts';
import { pickSources } from '../ui/drop.tsx';
import { Digest, Icon, MenuButton, PaneBar, SeverityMark, Splitter } from '../ui/parts.tsx';
import { Meter } from '../ui/meter.tsx';
import { ConfigSection, HistorySection } from './config.tsx';
import { ChangedFiles } from './files.tsx';
import { totals } from './filter.ts';
import { Layers } from './layers.tsx';
import { choose, compare, comparison, offer, place, stopComparing, swap } from './state.ts';
import { VERDICTS, reasonText } from './words.ts';

export default function CompareView() {
  const { a, b, working, failure, found } = useStore(comparison);
  if (working) return <Working />;
  if (failure) return <Failed />;
  if (found && a && b) return <Found found={found} />;
  return <Nothing />;
}

function Nothing() {
  const { a, b } = useStore(comparison);
  const { params } = useStore(route);
  const wanted = [params.get('a'), params.get('b')].filter((digest) => digest !== undefined);
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Compare</h1>
      <div class="empty wide">
        {wanted.length > 0 && !a && !b ? (
          <p>
            This link was made from two image files (<span class="code">{wanted.map((digest) => shortDigest(nameText(digest))).join(', ')}</span>). Drop both to go to the same place.
          </p>
        ) : (
          <p>Drop two images anywhere, or choose them here: the first is what was, the second what is.</p>
        )}
        <ol class="slots">
          {(['a', 'b'] as const).map((side) => {
            const slot = side === 'a' ? a : b;
            return (
              <li>
                <span class="side">{side.toUpperCase()}</span>
                <span class="grow cut">{slot ? <Name text={slot.source.name} cut /> : <span class="dim">{side === 'a' ? 'before' : 'after'}</span>}</span>
                {slot && <span class="num dim">{size(slot.source.size)}</span>}
                <button type="button" class={`btn ${slot || (side === 'b' && !a) ? '' : 'pri'}`} data-pane-focus={slot ? undefined : true} aria-label={`Choose ${side.toUpperCase()}`} onClick={async () => {
                  const [first, second] = await pickSources(side === 'a' && !b);
                  if (first && second) offer([first, second]);
                  else if (first) place(side, first);
                }}>
                  Choose…
                </button>
              </li>
            );
          })}
        </ol>
        {wanted.length === 0 && (
          <div class="acts">
            <button type="button" class="btn" onClick={openExamplePair}>
              Example
            </button>
          </div>
        )}
      </div>
    </main>
  );
}

const PHASES: Record<string, string> = { open: 'Opening', layers: 'Reading the layers', layer: 'Reading the layers', index: 'Reading the layers', contents: 'Hashing the contents', hash: 'Hashing the contents' };

function Working() {
  const { working, a, b } = useStore(comparison);
  if (!working) return null;
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Compare</h1>
      <div class="box">
        <div class="row">
          <strong class="grow cut">
            Comparing <Name text={a?.source.name ?? 'A'} /> with <Name text={b?.source.name ?? 'B'} />
          </strong>
          <button type="button" class="btn sm" data-pane-focus onClick={stopComparing}>
            Stop
          </button>
        </div>
        <Meter progress={working} label="Comparing" phase={PHASES[working.phase] ?? 'Reading'} />
      </div>
    </main>
  );
}

function Failed() {
  const { failure } = useStore(comparison);
  if (!failure) return null;
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Compare</h1>
      <div class="box with-mark" role="alert">
        <SeverityMark level={failure.stopped ? 'info' : 'error'} />
        <div>
          <strong>{failure.stopped ? 'Stopped.' : 'The two could not be compared.'}</strong>
          {!failure.stopped && <p class="mid">{failure.message}</p>}
          {!failure.stopped && <p class="xs dim">{failure.code}</p>}
          <div class="acts">
            <button type="button" class="btn sm" data-pane-focus onClick={() => void compare()}>
              {failure.stopped ? 'Begin again' : 'Try again'}
            </button>
            <button type="button" class="btn sm" onClick={() => comparison.patch({ failure: undefined, a: undefined, b: undefined })}>
              Choose others
            </button>
          </div>
        </div>
      </div>
    </main>
  );
}

type Pane = 'layers' | 'config' | 'files' | 'text';

function Found({ found }: { found: Comparison }) {
  const [pane, setPane] = useState<Pane>('files');
  const generation = useStore(comparison, (state) => state.generation);
  const path = useStore(route, (now) => now.params.get('f'));
  const [layer, setLayer] = useState<{ side: 'a' | 'b'; number: number }>();
  const { a, b, verdict, files } = found;
  useEffect(() => setLayer(undefined), [generation]);
  const more = b.stored - a.stored;
  const shared = found.pairs.filter((pair) => pair.status === 'same').length;
  const sums = useMemo(() => totals(files), [files]);
  return (
    <>
      <main class="page compare" id="main">
        <div class="strip" data-pane>
          <div class="grow">
            <h1 class="cut">
              <Title a={a} b={b} />
            </h1>
            <div class="row under">
              <Side side="a" image={a} />
              <Side side="b" image={b} />
            </div>
          </div>
          <dl class="stats">
            <div title={`${exactBytes(a.stored)}, then ${exactBytes(b.stored)}`}>
              <dt>stored{more !== 0 && `, ${more > 0 ? '+' : '\u2212'}${percent(Math.abs(more), a.stored)}`}</dt>
              <dd class="num">{more === 0 ? 'same' : `${more > 0 ? '+' : '\u2212'}${size(Math.abs(more))}`}</dd>
            </div>
            <div title={`Of B, a registry that holds A has ${exactBytes(found.sharedBlobBytes)} already, a disk ${exactBytes(found.sharedDiskBytes)} unpacked.`}>
              <dt>{shared === 1 ? 'layer shared' : 'layers shared'}</dt>
              <dd class="num">{count(shared)}</dd>
            </div>
            <div title={`${exactBytes(found.sharedBlobBytes)} of B are in A already`}>
              <dt>reused, {percent(found.sharedBlobBytes, b.stored)}</dt>
              <dd class="num">{size(found.sharedBlobBytes)}</dd>
            </div>
            <div>
              <dt>files</dt>
              <dd class="num">
                <span class="sr">
                  {sums.added} added, {sums.changed} changed, {sums.removed} removed
                </span>
                <span aria-hidden="true">
                  +{count(sums.added)} ~{count(sums.changed)} {'\u2212'}
                  {count(sums.removed)}
                </span>
              </dd>
            </div>
          </dl>
          <button type="button" class="btn" onClick={swap}>
            <Icon name="swap" />
            Swap
          </button>
        </div>
        <p class={`verdict ${verdict}`}>
          <strong>
            {verdict === 'different' ? <SeverityMark level="warning" label={false} /> : <Icon name="shield" />}
            {VERDICTS[verdict]}.
          </strong>{' '}
          {reasonText(found)}
        </p>
        <div class="panes two compare-panes" data-shows={pane}>
          <section class={`pane compare-left ${pane === 'layers' || pane === 'config' ? 'on' : ''}`} aria-label="Layers and settings" data-pane>
            <div class="scroll" tabIndex={0} role="region" aria-label="Differences of layers and settings" data-pane-focus>
              <Layers found={found} chosen={layer} onChoose={(next) => {
                setLayer(next);
                if (next) setPane('files');
              }} />
              <div class="compare-config">
                <ConfigSection rows={found.config} a={a} b={b} />
                <HistorySection lines={found.history} />
              </div>
            </div>
          </section>
          <section class={`pane compare-right ${pane === 'files' || pane === 'text' ? 'on' : ''}`} aria-label="Files" data-pane>
            <Splitter name="Layers width" property="left" from="left" min={280} max={1400} initial={() => document.querySelector('.compare-left')?.clientWidth ?? 600} />
            <ChangedFiles key={generation} found={found} path={path} layer={layer} onClearLayer={() => setLayer(undefined)} onEnter={() => setPane('text')} />
          </section>
        </div>
      </main>
      <PaneBar
        value={pane}
        onChange={setPane}
        items={[
          { id: 'layers', label: 'Layers' },
          { id: 'config', label: 'Config', count: found.config.length > 0 ? String(found.config.length) : undefined },
          { id: 'files', label: 'Files', count: files.count > 0 ? count(files.count) : undefined },
          { id: 'text', label: 'Text' },
        ]}
      />
    </>
  );
}

/** "shop/api 2.8.1 to 2.9.0", or both names where they share nothing. */
function Title({ a, b }: { a: ComparedImage; b: ComparedImage }) {
  const [x, y] = [a.name, b.name];
  const at = x.lastIndexOf(':');
  if (at > 0 && !x.slice(at).includes('/') && y.startsWith(x.slice(0, at + 1)) && x !== y)
    return (
      <>
        <Name text={x.slice(0, at)} /> <span class="code">{nameText(x.slice(at + 1))}</span> to <span class="code">{nameText(y.slice(at + 1))}</span>
      </>
    );
  const same = x === y && a.source !== b.source;
  return (
    <>
      <Name text={same ? a.source : x} /> to <Name text={same ? b.source : y} />
    </>
  );
}

function Side({ side, image }: { side: 'a' | 'b'; image: ComparedImage }) {
  return (
    <span class="row" title={nameText(`${image.name} in ${image.source}`)}>
      <strong>{side.toUpperCase()}</strong>
      <Digest value={image.digest} what={side.toUpperCase()} />
      {image.platforms.length > 1 && (
        <MenuButton label={`Platform of ${side.toUpperCase()}: ${image.platforms[image.platform]?.label ?? ''}`} choices={image.platforms.map(({ index, label }) => ({ id: String(index), label: nameText(label), checked: index === image.platform }))} onChoose={(id) => choose(side, Number(id))}>
          {nameText(image.platforms[image.platform]?.label ?? '')}
        </MenuButton>
      )}
      <button
        type="button"
        class="link"
        aria-label={`other… image for ${side.toUpperCase()}`}
        onClick={async () => {
          const [source] = await pickSources(false);
          if (source) place(side, source);
        }}
      >
        other…
      </button>
    </span>
  );
}

