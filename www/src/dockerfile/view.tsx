import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { plural } from '../lib/format.ts';
import { route, setParams } from '../lib/route.ts';
import { PROFILES, PROFILE_NAMES, profile, type Profile } from '../lib/settings.ts';
import { useStore } from '../lib/store.ts';
import { notify } from '../ui/notices.tsx';
import { Prose } from '../ui/prose.tsx';
import { Dialog, Icon, MenuButton, PaneBar, Splitter, Tabs, copyText } from '../ui/parts.tsx';
import { DockerfileEditor } from './editor.ts';
import { FixPreview, Findings, Peek, tooltip } from './findings.tsx';
import { LINK_LIMIT, applyFix, dockerfile, editor, formatText, linkToText, selectFinding, setText, type FileName } from './model.ts';
import { Preview } from './preview.tsx';

type Pane = 'code' | 'findings' | 'preview';

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function copyLink(): Promise<void> {
  const link = await linkToText();
  const copied = await copyText(link);
  const { dockerignore } = dockerfile.value;
  const left = dockerignore.trim() === '' ? '' : ' .dockerignore is not in it.';
  const long = link.length > LINK_LIMIT ? ' That is long: some programs cut it.' : '';
  notify(copied ? `Link copied, ${plural(link.length, 'character')}.${long}${left}` : 'The link could not be copied: the browser did not allow it.');
}

export default function DockerfileView() {
  const { file, analysis, ready, selected, line } = useStore(dockerfile);
  const level = useStore(profile);
  const [pane, setPane] = useState<Pane>('code');
  const [asked, setAsked] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const code = useRef<DockerfileEditor | undefined>(undefined);
  const { findings } = analysis;

  const fixHere = () => {
    const { analysis: now, selected: chosen, line: at } = dockerfile.value;
    const here = chosen !== undefined && now.findings[chosen]?.fix ? chosen : now.findings.findIndex((finding) => finding.fix && finding.line <= at && at <= finding.endLine);
    if (here < 0 || !now.findings[here]?.fix) {
      notify(`No fix for line ${at}.`);
      return;
    }
    selectFinding(here, false);
    setAsked(true);
  };

  useLayoutEffect(() => {
    if (!ready || !host.current) return;
    const { dockerfile: text, dockerignore, file: first, line: start } = dockerfile.value;
    const made = new DockerfileEditor(host.current, first, first === 'Dockerfile' ? text : dockerignore, first === 'Dockerfile', {
      onText: (now) => setText(dockerfile.value.file, now),
      onCursor: (now) => {
        if (dockerfile.value.file !== 'Dockerfile' || dockerfile.value.line === now) return;
        const { analysis: all, selected: before } = dockerfile.value;
        const chosen = before === undefined ? undefined : all.findings[before];
        const stays = chosen && chosen.line <= now && now <= chosen.endLine;
        const next = stays ? before : all.findings.findIndex((finding) => finding.line <= now && now <= finding.endLine);
        dockerfile.patch({ line: now, selected: next === undefined || next < 0 ? undefined : next });
      },
      onFix: fixHere,
      onFormat: () => void formatText(),
      onSave: () => {
        const { file: name, dockerfile: a, dockerignore: b } = dockerfile.value;
        download(name, name === 'Dockerfile' ? a : b);
      },
      tooltip: (here) => tooltip(here, () => made.focus()),
    });
    code.current = made;
    editor.now = {
      goTo: (to, column) => {
        setPane('code');
        // The pane may only now become visible.
        requestAnimationFrame(() => made.goTo(to, column));
      },
      replace: (now) => {
        dockerfile.patch({ file: 'Dockerfile' });
        made.open('Dockerfile', dockerfile.value.dockerfile, true);
        made.replace(now);
      },
      edit: (fix) => made.edit(fix.edits),
      undo: () => made.undo(),
      focus: () => made.focus(),
    };
    if (start > 1) made.goTo(start, 1, false);
    made.setFindings(dockerfile.value.analysis.findings);
    return () => {
      editor.now = undefined;
      code.current = undefined;
      made.destroy();
    };
  }, [ready]);

  useLayoutEffect(() => {
    code.current?.open(file, file === 'Dockerfile' ? dockerfile.value.dockerfile : dockerfile.value.dockerignore, file === 'Dockerfile');
    if (file === 'Dockerfile') code.current?.setFindings(dockerfile.value.analysis.findings);
  }, [file, ready]);

  useLayoutEffect(() => {
    if (dockerfile.value.file === 'Dockerfile' && dockerfile.value.analysed === dockerfile.value.dockerfile) code.current?.setFindings(findings);
  }, [findings]);

  const lines = useStore(dockerfile, (state) => (state.file === 'Dockerfile' ? state.dockerfile : state.dockerignore).replace(/\n$/, '').split('\n').length);
  const label = file === 'Dockerfile' ? `Dockerfile, ${plural(lines, 'line')}, ${plural(findings.length, 'finding')}` : `.dockerignore, ${plural(lines, 'line')}`;
  useEffect(() => code.current?.setLabel(label), [label, ready, file]);

  useEffect(() => {
    if (route.value.view === 'dockerfile') setParams({ L: line > 1 ? String(line) : undefined }, 'replace');
  }, [line]);

  const chosen = selected === undefined ? undefined : findings[selected];
  return (
    <>
      <main class="panes two" id="main">
        <h1 class="sr">Dockerfile</h1>
        <div class={`pane editor-pane ${pane === 'preview' ? '' : 'on'}`} data-shows={pane}>
          <section class="edit" aria-label="Editor" data-pane>
            <div class="ph">
              <Tabs
                label="Files"
                panel="editor-panel"
                value={file}
                onChange={(next: FileName) => dockerfile.patch({ file: next })}
                items={[
                  { id: 'Dockerfile', label: 'Dockerfile' },
                  { id: '.dockerignore', label: '.dockerignore' },
                ]}
              />
              <span class="grow" />
              <span class="wide-only">
                <MenuButton label={`Profile: ${PROFILE_NAMES[level]}`} choices={PROFILES.map((id) => ({ id, label: PROFILE_NAMES[id], checked: id === level }))} onChoose={(id) => profile.set(id as Profile)}>
                  Profile: {PROFILE_NAMES[level]}
                </MenuButton>
              </span>
              <button type="button" class="btn sm" onClick={() => void formatText()}>
                Format
              </button>
              <button type="button" class="btn sm" aria-label="Link: copy a link to this Dockerfile" onClick={() => void copyLink()}>
                <Icon name="link" />
                <span class="wide-only">Link</span>
              </button>
            </div>
            <div class="editor-box" role="tabpanel" id="editor-panel" aria-labelledby={`editor-panel-${file}`}>
              <div class="editor-host" ref={host} />
            </div>
            {pane === 'code' && <Peek />}
          </section>
          <Findings shown={pane === 'findings'} />
        </div>
        <div class={`pane ${pane === 'preview' ? 'on' : ''}`}>
          <Splitter name="Editor width" property="left" from="left" min={320} max={2400} initial={() => document.querySelector('.editor-pane')?.clientWidth ?? 640} />
          <Preview />
        </div>
      </main>
      <PaneBar
        value={pane}
        onChange={setPane}
        items={[
          { id: 'code', label: 'Code' },
          { id: 'findings', label: 'Findings', count: findings.length > 0 ? String(findings.length) : undefined },
          { id: 'preview', label: 'Preview' },
        ]}
      />
      {asked && chosen?.fix && (
        <Dialog title={`${chosen.fix.safe ? 'Fix' : 'Fix…'} ${chosen.code}, line ${chosen.line}`} onClose={() => setAsked(false)} class="wide">
          <div class="dialog-body scroll" tabIndex={0} role="region" aria-label="The fix">
            <p class="strong">
              <Prose text={chosen.message} />
            </p>
            <FixPreview finding={chosen} text={dockerfile.value.dockerfile} />
          </div>
          <footer class="dialog-foot">
            <span class="grow" />
            <button type="button" class="btn" onClick={() => setAsked(false)}>
              Cancel
            </button>
            <button
              type="button"
              class="btn pri"
              autofocus
              onClick={() => {
                setAsked(false);
                applyFix(chosen);
                editor.now?.focus();
              }}
            >
              Fix
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
