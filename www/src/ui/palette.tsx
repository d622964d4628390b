// Go to a file, layer, stage or finding, or run a command: one list. `>` leaves commands, `:` goes to a line.
import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { stageName } from '../dockerfile/names.ts';
import { dockerfile, editor, selectFinding } from '../dockerfile/model.ts';
import { image, reader } from '../image/state.ts';
import { size } from '../lib/format.ts';
import { Name } from '../lib/names.tsx';
import { goTo, route, setParams } from '../lib/route.ts';
import { Store, useStore } from '../lib/store.ts';
import { commands } from './commands.ts';
import { Icon } from './parts.tsx';
import { sentence } from './prose.tsx';

export const paletteOpen = new Store(false);

interface Entry {
  id: string;
  group: string;
  label: string;
  code?: boolean;
  detail?: string;
  keys?: string;
  run(): void;
}

const MOST = 8;

function toDockerfile(then: () => void): void {
  if (route.value.view === 'dockerfile') then();
  else {
    goTo('dockerfile');
    setTimeout(then, 100);
  }
}

export function showInImage(changes: Record<string, string | undefined>): void {
  if (route.value.view !== 'image') goTo('image');
  setParams(changes, 'push');
}

function local(query: string): Entry[] {
  const entries: Entry[] = [];
  const lineOnly = /^:\s*(\d*)/.exec(query);
  if (lineOnly) {
    const line = Number(lineOnly[1]);
    const last = dockerfile.value.dockerfile.split('\n').length;
    return line >= 1 ? [{ id: 'line', group: 'Lines', label: `Go to line ${Math.min(line, last)} of the Dockerfile`, run: () => toDockerfile(() => editor.now?.goTo(line)) }] : [];
  }
  const onlyCommands = query.startsWith('>');
  const text = (onlyCommands ? query.slice(1) : query).trim().toLowerCase();
  const words = text.split(/\s+/);
  const matches = (label: string) => words.every((word) => label.toLowerCase().includes(word));
  if (!onlyCommands) {
    const { summary } = image.value;
    if (summary && text !== '')
      summary.layers
        .map((layer, index) => ({ layer, number: index + 1 }))
        .filter(({ layer, number }) => matches(`layer ${number} ${layer.command ?? ''}`))
        .slice(0, MOST)
        .forEach(({ layer, number }) => entries.push({ id: `layer-${number}`, group: 'Layers', label: `Layer ${number} ${layer.command ?? ''}`, code: true, detail: size(layer.content), run: () => showInImage({ l: String(number), tab: undefined }) }));
    const { analysis } = dockerfile.value;
    if (text !== '')
      (analysis.plan?.stages ?? [])
        .filter((stage) => matches(`stage ${stageName(stage)}`))
        .slice(0, MOST)
        .forEach((stage) => entries.push({ id: `stage-${stage.index}`, group: 'Stages', label: stageName(stage), code: true, detail: `line ${stage.line}`, run: () => toDockerfile(() => editor.now?.goTo(stage.line)) }));
    analysis.findings
      .map((finding, index) => ({ finding, index }))
      .filter(({ finding }) => matches(`${finding.code} ${finding.message}`))
      .slice(0, text === '' ? 4 : MOST)
      .forEach(({ finding, index }) => entries.push({ id: `finding-${index}`, group: 'Findings', label: sentence(finding.message).replaceAll('`', ''), detail: `${finding.code}, line ${finding.line}`, run: () => toDockerfile(() => selectFinding(index)) }));
  }
  for (const command of commands()) if (matches(command.label)) entries.push({ id: command.id, group: 'Commands', label: command.label, ...(command.keys ? { keys: command.keys } : {}), run: command.run });
  return entries;
}

export function Palette() {
  const open = useStore(paletteOpen);
  return open ? <PaletteBox /> : null;
}

function PaletteBox() {
  const [query, setQuery] = useState('');
  const [files, setFiles] = useState<Entry[]>([]);
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const close = () => paletteOpen.set(false);

  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => {
      if (before?.isConnected && (document.activeElement === document.body || document.activeElement === null)) before.focus();
    };
  }, []);

  useEffect(() => {
    setAt(0);
    const { summary } = image.value;
    const text = query.trim();
    if (!summary || text === '' || /^[:>]/.test(text)) {
      setFiles([]);
      return;
    }
    let stale = false;
    const layer = summary.layers.length;
    reader
      .call('find', { text, layer, limit: MOST })
      .then((found) => {
        if (!stale) setFiles(found.map((file) => ({ id: `file-${file.path}`, group: 'Files', label: file.path, code: true, detail: `${size(file.size)}, layer ${file.layer}`, run: () => showInImage({ f: file.path, l: undefined, q: undefined, tab: undefined }) })));
      })
      .catch(() => undefined);
    return () => {
      stale = true;
    };
  }, [query]);

  const entries = [...files, ...local(query)];
  const chosen = entries[Math.min(at, entries.length - 1)];
  const groups = [...new Set(entries.map((entry) => entry.group))];
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    // After the dialog gave the focus back.
    setTimeout(entry.run, 0);
  };
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }), [at, entries.length]);
  const keys = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (to !== undefined && entries.length > 0) setAt(Math.abs(to - at) === 1 ? (to + entries.length) % entries.length : Math.max(0, Math.min(entries.length - 1, to)));
    else if (event.key === 'Enter') run(chosen);
    else return;
    event.preventDefault();
  };
  const mark = /^[:>]/.test(query) ? undefined : query.trim() || undefined;
  const marked = mark && !/\s/.test(mark) ? mark : undefined;
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Go to or run"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="palette-in">
        <div class="palette-field">
          <Icon name="search" />
          <input
            type="text"
            role="combobox"
            aria-label="Go to or run"
            aria-expanded={entries.length > 0}
            aria-controls="palette-list"
            aria-autocomplete="list"
            aria-activedescendant={chosen ? 'palette-chosen' : undefined}
            autocomplete="off"
            spellcheck={false}
            autofocus
            placeholder="File, layer, finding or command; : for a line, > for commands only"
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={keys}
          />
        </div>
        <div class="palette-list" id="palette-list" role="listbox" aria-label="Results" ref={list}>
          {groups.map((group) => (
            <div role="group" aria-label={group}>
              <div class="palette-group" aria-hidden="true">
                {group}
              </div>
              {entries
                .filter((entry) => entry.group === group)
                .map((entry) => (
                  <div
                    key={entry.id}
                    role="option"
                    id={entry === chosen ? 'palette-chosen' : undefined}
                    aria-selected={entry === chosen}
                    class="option"
                    onClick={() => run(entry)}
                    onPointerMove={() => entry !== chosen && setAt(entries.indexOf(entry))}
                  >
                    <span class={`grow cut ${entry.code ? 'code' : ''}`}>
                      <Name text={entry.label} words={entry.group !== 'Files'} mark={marked} cut={entry.group === 'Files' && !marked} />
                    </span>
                    {entry.detail && <span class="num dim">{entry.detail}</span>}
                    {entry.keys && <kbd>{entry.keys}</kbd>}
                  </div>
                ))}
            </div>
          ))}
        </div>
        {entries.length === 0 && (
          <p class="palette-none mid" role="status">
            Nothing matches.
          </p>
        )}
      </div>
    </dialog>
  );
}
