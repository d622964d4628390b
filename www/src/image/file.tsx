// The file in focus: who brought it, its facts, its content as text, hex or picture; never as HTML.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { dockerfile, editor } from '../dockerfile/model.ts';
import type { FileContent, FileDetails, ImageSummary } from '../engine/types.ts';
import { count, exactBytes, mode, plural, size, time } from '../lib/format.ts';
import { Name, nameParts, nameText, shellQuoted } from '../lib/names.tsx';
import { goTo, route, setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { notify } from '../ui/notices.tsx';
import { Digest, Icon, Tabs, copyText } from '../ui/parts.tsx';
import { VirtualLines, rem } from '../ui/virtual.tsx';
import { lineOf } from './source-line.ts';
import { reader } from './state.ts';

type Tab = 'text' | 'hex' | 'picture';

/** Content above this is read only when asked for, in bytes. */
const ASK_ABOVE = 20_000_000;
/** Text is shown up to here at first, in bytes. */
const TEXT_WINDOW = 1_000_000;

const PICTURES: Record<string, string> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', avif: 'image/avif', ico: 'image/x-icon', bmp: 'image/bmp' };

interface Decoded {
  encoding: string;
  lines: string[];
  cut: boolean;
}

/** The text of a content, or nothing when it is binary. */
function decode(bytes: Uint8Array, limit: number): Decoded | undefined {
  const cut = bytes.length > limit;
  let part = cut ? bytes.subarray(0, limit) : bytes;
  let encoding = 'utf-8';
  let shown = 'UTF-8';
  if (part[0] === 0xff && part[1] === 0xfe) [encoding, shown] = ['utf-16le', 'UTF-16, little endian'];
  else if (part[0] === 0xfe && part[1] === 0xff) [encoding, shown] = ['utf-16be', 'UTF-16, big endian'];
  else if (part.includes(0)) return undefined;
  else if (part[0] === 0xef && part[1] === 0xbb && part[2] === 0xbf) shown = 'UTF-8 with a mark';
  // Not in the middle of a character.
  if (cut && encoding === 'utf-8') {
    let end = part.length;
    while (end > 0 && part.length - end < 4 && ((part[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
    if (((part[end - 1] ?? 0) & 0xc0) === 0xc0) end -= 1;
    part = part.subarray(0, end);
  }
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(part);
  } catch {
    text = new TextDecoder('windows-1252').decode(part);
    let strange = 0;
    for (let i = 0; i < Math.min(part.length, 4096); i++) {
      const byte = part[i] ?? 0;
      if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) strange += 1;
    }
    if (strange > 8) return undefined;
    shown = 'not UTF-8, read as Windows-1252';
  }
  const lines = text.split(/\r\n|\n/);
  if (lines.at(-1) === '' && lines.length > 1) lines.pop();
  return { encoding: shown, lines, cut };
}

/** What a binary is, by its first bytes. */
function magic(bytes: Uint8Array): string | undefined {
  const starts = (...head: number[]) => head.every((byte, i) => bytes[i] === byte);
  if (starts(0x7f, 0x45, 0x4c, 0x46)) {
    const machine = bytes[5] === 2 ? ((bytes[18] ?? 0) << 8) | (bytes[19] ?? 0) : ((bytes[19] ?? 0) << 8) | (bytes[18] ?? 0);
    const names: Record<number, string> = { 3: 'x86', 40: 'ARM', 62: 'x86-64', 183: 'AArch64', 243: 'RISC-V', 21: 'PowerPC 64', 22: 'S/390' };
    return `ELF ${bytes[4] === 2 ? '64' : '32'}-bit, ${names[machine] ?? `machine ${machine}`}`;
  }
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (starts(0x50, 0x4b, 3, 4)) return 'ZIP';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'xz';
  if (starts(0, 0x61, 0x73, 0x6d)) return 'WebAssembly';
  if (starts(0xca, 0xfe, 0xba, 0xbe)) return 'Java class';
  if (starts(0x53, 0x51, 0x4c, 0x69, 0x74, 0x65)) return 'SQLite';
  return undefined;
}

export function FilePanel({ path, layer, summary }: { path: string; layer: number; summary: ImageSummary }) {
  const [details, setDetails] = useState<FileDetails | null>();
  const [content, setContent] = useState<FileContent>();
  const [same, setSame] = useState<boolean[]>();
  const [error, setError] = useState<string>();
  const [asked, setAsked] = useState(false);
  const [tab, setTab] = useState<Tab>();
  const [limit, setLimit] = useState(TEXT_WINDOW);
  const named = Number(useStore(route, (now) => now.params.get('n')));
  const line = Number.isInteger(named) && named > 0 ? named : undefined;

  useEffect(() => {
    let stale = false;
    reader
      .call('details', { path, layer })
      .then((found) => !stale && setDetails(found ?? null))
      .catch(() => undefined);
    return () => {
      stale = true;
    };
  }, [path, layer]);

  const again = (details?.events.filter((event) => event.detail).length ?? 0) > 0;
  useEffect(() => {
    if (!again) return;
    const stop = new AbortController();
    reader
      .call('sameBytes', { path }, { signal: stop.signal })
      .then((found) => !stop.signal.aborted && setSame(found))
      .catch(() => undefined);
    return () => stop.abort();
  }, [again, path]);

  const readable = details?.kind === 'file' || details?.kind === 'hardlink';
  const wanted = readable && (details.size <= ASK_ABOVE || asked);
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    reader
      .call('content', { path, layer }, { signal: stop.signal })
      .then((found) => !stop.signal.aborted && setContent(found))
      .catch((failure: unknown) => !stop.signal.aborted && setError(failure instanceof Error ? failure.message : String(failure)));
    return () => stop.abort();
  }, [wanted, path, layer]);

  const text = useMemo(() => (content ? decode(content.bytes, limit) : undefined), [content, limit]);
  const picture = PICTURES[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];
  const tabs: Tab[] = [...(picture ? (['picture'] as const) : []), ...(text ? (['text'] as const) : []), 'hex'];
  const chosen = tab && tabs.includes(tab) ? tab : (tabs[0] ?? 'hex');

  const save = async () => {
    try {
      const found = content ?? (await reader.call('content', { path, layer }));
      const url = URL.createObjectURL(new Blob([found.bytes as BlobPart]));
      const link = document.createElement('a');
      link.href = url;
      link.download = nameText(path.split('/').at(-1) ?? 'file').replace(/[\\/:*?"<>|]/g, '_');
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (failure) {
      notify(`The file could not be read. ${failure instanceof Error ? failure.message : ''}`);
    }
  };

  return (
    <>
      <div class="ph">
        <h2 class="code cut grow">
          <Name text={path} cut />
        </h2>
        <button type="button" class="ib" data-pane-focus aria-label="Copy the path, quoted for a shell" title="Copy the path, quoted for a shell" onClick={async () => notify((await copyText(shellQuoted(`/${path}`))) ? 'Path copied.' : 'The path could not be copied.')}>
          <Icon name="copy" />
        </button>
        {readable && (
          <button type="button" class="ib" aria-label="Save this file" title="Save this file" onClick={() => void save()}>
            <Icon name="save" />
          </button>
        )}
        <button
          type="button"
          class="ib"
          aria-label="Copy a link to this file"
          title="Copy a link to this file"
          onClick={async () => notify((await copyText(location.href)) ? `Link copied, ${plural(location.href.length, 'character')}. The image is not in it: who opens it drops the same file.` : 'The link could not be copied.')}
        >
          <Icon name="link" />
        </button>
        <button type="button" class="ib close-file" aria-label="Close the file panel" title="Close" onClick={() => setParams({ f: undefined }, 'push')}>
          <Icon name="close" />
        </button>
      </div>
      {details === null && <p class="sec mid">No file at this path {layer < summary.layers.length ? `up to layer ${layer}` : 'in this image'}.</p>}
      {details && (
        <div class="file-top">
          <div class="sec">
            <h3>Who brought it</h3>
            <ol class="prov">
              {details.events.map((event, i) => (
                <li>
                  <svg class="dot" viewBox="0 0 14 14" aria-hidden="true">
                    <rect class={event.wasted ? 'hat' : summary.layers[event.layer - 1]?.base ? 'base' : 'own'} x="2" y="2" width="10" height="10" rx="2" />
                  </svg>
                  <div>
                    <button type="button" class="link" onClick={() => setParams({ l: String(event.layer) }, 'push')}>
                      Layer {event.layer}
                    </button>{' '}
                    {nameText(event.what, true)}
                    {event.wasted && <span class="sr">, wasted</span>}
                    {event.detail && <div class="xs dim">{same?.[i] ? 'Same bytes, stored a second time. The copy before is wasted.' : event.detail}</div>}
                    <Instruction summary={summary} layer={event.layer} />
                  </div>
                  <span class={`num ${event.wasted ? 'dim' : ''}`}>{event.size === undefined ? '' : size(event.size)}</span>
                </li>
              ))}
            </ol>
          </div>
          <div class="sec">
            <dl class="facts">
              {details.kind === 'file' && (
                <>
                  <dt>Size</dt>
                  <dd class="code">{exactBytes(details.size)}</dd>
                </>
              )}
              {details.link !== undefined && (
                <>
                  <dt>{details.kind === 'hardlink' ? 'Same file as' : 'Points to'}</dt>
                  <dd class="code">
                    <Name text={details.link} />
                  </dd>
                </>
              )}
              {details.device && (
                <>
                  <dt>Device</dt>
                  <dd class="code">{details.device}</dd>
                </>
              )}
              <dt>Mode</dt>
              <dd class="code">{mode(details.kind, details.mode)}</dd>
              <dt>Owner</dt>
              <dd class="code">
                {(details.owner || details.group) && (
                  <>
                    <Name text={`${details.owner ?? ''}:${details.group ?? ''}`} />
                    {'  '}
                  </>
                )}
                {details.uid}:{details.gid}
              </dd>
              {details.mtime !== undefined && (
                <>
                  <dt>Modified</dt>
                  <dd class="code">{time(details.mtime)}</dd>
                </>
              )}
              {details.xattrs.length > 0 && (
                <>
                  <dt>Attributes</dt>
                  <dd class="code">
                    <Name text={details.xattrs.join(', ')} />
                  </dd>
                </>
              )}
              {content && (
                <>
                  <dt>Content</dt>
                  <dd>
                    <Digest value={content.digest} what="content" />
                  </dd>
                </>
              )}
            </dl>
          </div>
        </div>
      )}
      {error !== undefined && <p class="content-note bad">{error}</p>}
      {readable && !wanted && (
        <div class="content-note">
          <button type="button" class="btn sm" onClick={() => setAsked(true)}>
            Read its {size(details.size)}
          </button>
        </div>
      )}
      {content && content.size === 0 && <p class="content-note mid">The file is empty.</p>}
      {content && content.size > 0 && (
        <>
          <div class="ph">
            <Tabs label="Content" panel="content-panel" value={chosen} onChange={setTab} items={tabs.map((id) => ({ id, label: id === 'text' ? 'Text' : id === 'hex' ? 'Hex' : 'Picture' }))} />
            <span class="grow" />
            <span class="xs dim cut">{chosen === 'text' && text ? `${text.encoding}, ${text.cut ? `first ${size(limit)}` : plural(text.lines.length, 'line')}` : (magic(content.bytes) ?? exactBytes(content.size))}</span>
            {chosen === 'text' && text?.cut && (
              <button type="button" class="btn sm" onClick={() => setLimit(limit * 8)}>
                More
              </button>
            )}
          </div>
          <div class="fill" role="tabpanel" id="content-panel" aria-labelledby={`content-panel-${chosen}`}>
            {chosen === 'text' && text ? <Text lines={text.lines} at={line} /> : chosen === 'picture' && picture ? <Picture bytes={content.bytes} type={picture} name={path} /> : <Hex bytes={content.bytes} />}
          </div>
        </>
      )}
    </>
  );
}

/** The step of the history that made a layer, and the line of the Dockerfile in the editor that says the same. */
function Instruction({ summary, layer }: { summary: ImageSummary; layer: number }) {
  const command = summary.layers[layer - 1]?.command;
  const text = useStore(dockerfile, (state) => state.dockerfile);
  const line = useMemo(() => (command === undefined ? undefined : lineOf(text, command)), [text, command]);
  const step = summary.history.findIndex((item) => item.layer === layer);
  if (command === undefined) return null;
  return (
    <>
      <div class="xs dim code clamp" title={nameText(command, true)}>
        <Name text={command} words />
      </div>
      <div class="xs row">
        {step >= 0 && (
          <button type="button" class="link" onClick={() => setParams({ tab: 'history', step: String(step + 1) }, 'push')}>
            step {step + 1} of the history
          </button>
        )}
        {line !== undefined && (
          <button
            type="button"
            class="link"
            onClick={() => {
              goTo('dockerfile');
              setTimeout(() => editor.now?.goTo(line), 100);
            }}
          >
            line {line} of the Dockerfile
          </button>
        )}
      </div>
    </>
  );
}

/** Of a line of text or hex, in rem, as the style sheet has it. */
const LINE = 1.25;
/** A line longer than this is cut on screen; saving gives all of it. */
const LONGEST = 4000;

function Text({ lines, at }: { lines: string[]; at: number | undefined }) {
  return (
    <VirtualLines
      count={lines.length}
      height={LINE * rem()}
      at={at === undefined ? undefined : at - 1}
      label={`Text, ${plural(lines.length, 'line')}`}
      row={(i) => {
        const line = lines[i] ?? '';
        return (
          <div class={`line ${i + 1 === at ? 'found' : ''}`} key={i}>
            <span class="ln" aria-hidden="true">
              {i + 1}
            </span>
            <span class="tx">
              <Line text={line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line} />
            </span>
          </div>
        );
      }}
    />
  );
}

/** A line of text: as a name, but tabs and spaces are what they are. */
function Line({ text }: { text: string }) {
  if (/^[\t -~]*$/.test(text)) return <>{text || ' '}</>;
  return (
    <bdi>
      {text.split('\t').map((part, i) => (
        <>
          {i > 0 && '\t'}
          {nameParts(part, true).map((piece) => (typeof piece === 'string' ? piece : <span class="tag">{piece.tag}</span>))}
        </>
      ))}
    </bdi>
  );
}

function Hex({ bytes }: { bytes: Uint8Array }) {
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const pane = document.querySelector<HTMLElement>('.file-pane');
    if (!pane) return;
    const watch = new ResizeObserver(() => setWide(pane.clientWidth >= 640));
    watch.observe(pane);
    return () => watch.disconnect();
  }, []);
  const per = wide ? 16 : 8;
  return (
    <VirtualLines
      count={Math.ceil(bytes.length / per)}
      height={LINE * rem()}
      class="hex"
      label={`Hex, ${count(bytes.length)} bytes, ${per} a row`}
      row={(i) => {
        const part = [...bytes.subarray(i * per, (i + 1) * per)];
        return (
          <div class="line" key={i}>
            <span class="dim">{(i * per).toString(16).padStart(8, '0')}</span>
            <span>
              {part
                .map((byte) => byte.toString(16).padStart(2, '0'))
                .join(' ')
                .padEnd(per * 3 - 1)}
            </span>
            <span class="mid" aria-hidden="true">
              {part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')}
            </span>
          </div>
        );
      }}
    />
  );
}

function Picture({ bytes, type, name }: { bytes: Uint8Array; type: string; name: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return (
    <div class="scroll content-note" tabIndex={0} role="region" aria-label="Picture">
      {url && <img class="picture" src={url} alt={nameText(name)} />}
    </div>
  );
}
