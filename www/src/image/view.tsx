import { useEffect, useState } from 'preact/hooks';
import { ConfigFacts } from '../dockerfile/preview.tsx';
import type { ImageSummary } from '../engine/types.ts';
import { count, exactBytes, isoTime, percent, plural, shortDigest, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { compareWithOther, openExampleImage } from '../ui/commands.ts';
import { pickFile, pickFolder } from '../ui/drop.tsx';
import { Digest, Icon, MenuButton, PaneBar, SeverityMark, Tabs } from '../ui/parts.tsx';
import { Meter } from '../ui/meter.tsx';
import { AnalysisTab } from './analysis.tsx';
import { FilesTab, type FilesPane } from './files.tsx';
import { image, openImage, selectPlatform, stopOpening } from './state.ts';
import { VerifyTab } from './verify.tsx';

const TABS = ['files', 'analysis', 'config', 'history', 'verify'] as const;
type Tab = (typeof TABS)[number];

export default function ImageView() {
  const { opening, failure, summary } = useStore(image);
  if (opening) return <OpeningBox />;
  if (failure) return <FailureBox />;
  if (!summary) return <Nothing />;
  return <Open summary={summary} />;
}

function Nothing() {
  const { params } = useStore(route);
  const digest = params.get('img');
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Image</h1>
      <div class="empty">
        {digest ? (
          <p>
            This link was made from an image file (<span class="code">{shortDigest(nameText(digest))}</span>). Drop it to go to the same place.
          </p>
        ) : (
          <p>Drop a tar or a layout folder anywhere.</p>
        )}
        <div class="acts">
          <button type="button" class="btn pri" data-pane-focus onClick={() => pickFile()}>
            Choose a file
          </button>
          <button type="button" class="btn" onClick={() => pickFolder()}>
            Choose a folder
          </button>
          {!digest && (
            <button type="button" class="btn" onClick={openExampleImage}>
              Example
            </button>
          )}
        </div>
      </div>
    </main>
  );
}

function OpeningBox() {
  const opening = useStore(image, (state) => state.opening);
  if (!opening) return null;
  const { name, progress, speed } = opening;
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Image</h1>
      <div class="box">
        <div class="row">
          <strong class="grow cut">
            Opening <Name text={name} />
          </strong>
          <button type="button" class="btn sm" data-pane-focus onClick={stopOpening}>
            Stop
          </button>
        </div>
        <Meter progress={progress} label={`Opening ${name}`} total={opening.size} speed={speed} />
      </div>
    </main>
  );
}

function FailureBox() {
  const { failure, from } = useStore(image);
  if (!failure) return null;
  return (
    <main class="stage" id="main" data-pane>
      <h1 class="sr">Image</h1>
      <div class="box with-mark" role="alert">
        <SeverityMark level={failure.stopped ? 'info' : 'error'} />
        <div>
          <strong>{failure.stopped ? `Stopped at ${size(Number(failure.message))}.` : <>{nameText(failure.name)} could not be opened.</>}</strong>
          {!failure.stopped && <p class="mid">{failure.message}</p>}
          {!failure.stopped && <p class="xs dim">{failure.code}</p>}
          <div class="acts">
            {from && (
              <button type="button" class="btn sm" data-pane-focus onClick={() => void openImage(from)}>
                {failure.stopped ? 'Begin again' : 'Try again'}
              </button>
            )}
            <button type="button" class="btn sm" onClick={() => pickFile()}>
              Choose another file
            </button>
          </div>
        </div>
      </div>
    </main>
  );
}

function Shield() {
  const { verify, verifying, verifyError, summary } = useStore(image);
  const go = () => setParams({ tab: 'verify' }, 'push');
  if (verifyError !== undefined)
    return (
      <button type="button" class="shield fail" onClick={go}>
        <SeverityMark level="error" label={false} /> not verified: {verifyError}
      </button>
    );
  if (!verify && !verifying)
    return (
      <button type="button" class="shield part" onClick={go}>
        <Icon name="wait" /> not verified
      </button>
    );
  if (!verify)
    return (
      <span class="shield part" role="status">
        <Icon name="run" />
        {verifying?.total && verifying.unit === 'bytes' ? `Verifying, ${percent(verifying.done, verifying.total)}` : 'Verifying'}
      </span>
    );
  const failed = verify.items.filter((item) => item.state === 'failed').length;
  const unread = verify.items.filter((item) => item.state === 'unread').length;
  const errors = verify.oddities.filter((oddity) => oddity.severity === 'error').length;
  const bad = failed > 0 || errors > 0;
  return (
    <button type="button" class={`shield ${bad ? 'fail' : unread > 0 ? 'part' : ''}`} onClick={go} title={`The digests of ${summary?.source ?? 'this image'}`}>
      {bad ? <SeverityMark level="error" label={false} /> : <Icon name="shield" />}
      {failed > 0 ? `${failed} of ${plural(verify.total, 'digest')} do not match` : unread > 0 ? `${verify.verified} of ${verify.total}, ${unread} not read` : `${verify.verified} of ${plural(verify.total, 'digest')} verified`}
      {failed === 0 && errors > 0 && `, ${plural(errors, 'error')}`}
    </button>
  );
}

function Open({ summary }: { summary: ImageSummary }) {
  const { params } = useStore(route);
  const [pane, setPane] = useState<FilesPane>('files');
  const wanted = params.get('tab') as Tab | undefined;
  const tab: Tab = wanted && TABS.includes(wanted) ? wanted : 'files';
  const odd = useStore(image, (state) => state.verify?.oddities.filter(({ severity }) => severity !== 'info').length ?? 0);
  const packed = summary.layers.some((layer) => layer.compression !== undefined);
  useEffect(() => {
    if (params.get('f')) setPane((now) => (now === 'layers' ? 'files' : now));
  }, [params.get('f')]);
  return (
    <>
      <main class="page" id="main">
        <div class="strip" data-pane>
          <div class="grow">
            <div class="row">
              <h1 class="cut">
                <Name text={summary.name} />
              </h1>
              {summary.platforms.length > 1 ? (
                <MenuButton
                  label={`Platform: ${summary.platforms[summary.platform]?.label ?? ''}`}
                  choices={summary.platforms.map(({ index, label }) => ({ id: String(index), label: nameText(label), checked: index === summary.platform }))}
                  onChoose={(id) => void selectPlatform(Number(id))}
                >
                  {nameText(summary.platforms[summary.platform]?.label ?? '')}
                </MenuButton>
              ) : (
                summary.platforms[0] && <span class="mid nowrap">{nameText(summary.platforms[0].label)}</span>
              )}
            </div>
            <div class="row under">
              <span class="code cut from">
                {summary.names.length > 0 ? (
                  <>
                    <Name text={summary.names[0] ?? ''} /> in <Name text={summary.source} />
                  </>
                ) : (
                  <Name text={summary.source} />
                )}
              </span>
              {summary.manifestDigest && <Digest value={summary.manifestDigest} what="manifest" />}
              <Shield />
            </div>
          </div>
          <dl class="stats">
            <div title={exactBytes(summary.stored)}>
              <dt>stored</dt>
              <dd class="num">{size(summary.stored)}</dd>
            </div>
            {packed && (
              <div title={exactBytes(summary.content)}>
                <dt>unpacked</dt>
                <dd class="num">{size(summary.content)}</dd>
              </div>
            )}
            <div>
              <dt>{summary.layers.length === 1 ? 'layer' : 'layers'}</dt>
              <dd class="num">{count(summary.layers.length)}</dd>
            </div>
            <div>
              <dt>{summary.files === 1 ? 'file' : 'files'}</dt>
              <dd class="num">{count(summary.files)}</dd>
            </div>
            <div title={`${exactBytes(summary.wasted)} of files, unpacked, that a later layer replaces or hides`}>
              <dt>wasted, {percent(summary.wasted, summary.content)}</dt>
              <dd class="num">{size(summary.wasted)}</dd>
            </div>
          </dl>
        </div>
        <div class="subnav" data-pane>
          <Tabs
            label="Image"
            panel="image-panel"
            value={tab}
            onChange={(next) => setParams({ tab: next === 'files' ? undefined : next, step: undefined }, 'push')}
            items={[
              { id: 'files', label: 'Files' },
              { id: 'analysis', label: 'Analysis' },
              { id: 'config', label: 'Config' },
              { id: 'history', label: 'History', count: summary.history.length > 0 ? String(summary.history.length) : undefined },
              { id: 'verify', label: 'Verify', count: odd > 0 ? String(odd) : undefined },
            ]}
          />
          <span class="grow" />
          <button type="button" class="btn sm" onClick={() => void compareWithOther()}>
            <Icon name="swap" />
            Compare…
          </button>
        </div>
        {tab === 'files' ? (
          <FilesTab summary={summary} pane={pane} onPane={setPane} />
        ) : (
          <div class="scroll sheet-panel" role="tabpanel" id="image-panel" aria-labelledby={`image-panel-${tab}`} tabIndex={0} data-pane data-pane-focus>
            {tab === 'analysis' ? <AnalysisTab summary={summary} /> : tab === 'config' ? <ConfigTab summary={summary} /> : tab === 'history' ? <HistoryTab summary={summary} /> : <VerifyTab />}
          </div>
        )}
      </main>
      {tab === 'files' ? (
        <PaneBar
          value={pane}
          onChange={setPane}
          items={[
            { id: 'layers', label: 'Layers' },
            { id: 'files', label: 'Files' },
            { id: 'map', label: 'Map' },
            { id: 'file', label: 'File' },
          ]}
        />
      ) : (
        <div class="pane-bar-none" />
      )}
    </>
  );
}

function ConfigTab({ summary }: { summary: ImageSummary }) {
  return (
    <div class="columns">
      <div class="sec">
        <h2>What it runs</h2>
        <ConfigFacts config={summary.config} />
      </div>
      <div class="sec">
        <h2>What it is</h2>
        <dl class="facts">
          {summary.created && (
            <>
              <dt>Created</dt>
              <dd class="code">{isoTime(summary.created)}</dd>
            </>
          )}
          {summary.facts.map(([label, value]) => (
            <>
              <dt>
                <Name text={label} />
              </dt>
              <dd class="code">
                <Name text={value} words />
              </dd>
            </>
          ))}
          {summary.names.length > 0 && (
            <>
              <dt>Names</dt>
              <dd class="code">
                {summary.names.map((name) => (
                  <div>
                    <Name text={name} />
                  </div>
                ))}
              </dd>
            </>
          )}
          {summary.configDigest && (
            <>
              <dt>Config</dt>
              <dd>
                <Digest value={summary.configDigest} what="config" />
              </dd>
            </>
          )}
        </dl>
      </div>
    </div>
  );
}

function HistoryTab({ summary }: { summary: ImageSummary }) {
  const step = Number(useStore(route, (now) => now.params.get('step')));
  if (summary.history.length === 0) return <p class="sec mid">This image carries no history.</p>;
  return (
    <table>
      <caption class="sr">History, first to last</caption>
      <thead>
        <tr>
          <th class="r">Layer</th>
          <th>Command</th>
          <th class="r">Size</th>
          <th class="hide-narrow">Created</th>
        </tr>
      </thead>
      <tbody>
        {summary.history.map((item, i) => {
          const layer = item.layer === undefined ? undefined : summary.layers[item.layer - 1];
          return (
            <tr class={i + 1 === step ? 'sel' : ''} aria-current={i + 1 === step ? 'true' : undefined} ref={i + 1 === step ? (row) => row?.scrollIntoView({ block: 'center' }) : undefined}>
              <td class="r num">
                {item.layer !== undefined ? (
                  <button type="button" class="link num" aria-label={`Layer ${item.layer}`} onClick={() => setParams({ tab: undefined, l: String(item.layer) }, 'push')}>
                    {item.layer}
                  </button>
                ) : (
                  <span class="dim">none</span>
                )}
              </td>
              <td class="code wrap">
                <Name text={item.createdBy ?? '(no command)'} words />
                {(item.comment || item.author) && (
                  <div class="xs dim">
                    <Name text={[item.comment, item.author].filter(Boolean).join(', ')} words />
                  </div>
                )}
              </td>
              <td class="r num">{layer ? size(layer.content) : ''}</td>
              <td class="num dim hide-narrow">{item.created ? isoTime(item.created) : ''}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
