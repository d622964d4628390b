// The findings list: one line each by position; the selected one grows to its diff.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Finding } from '../engine/types.ts';
import { type DiffLine, hunks, lineDiff } from '../lib/diff.ts';
import { plural } from '../lib/format.ts';
import { PROFILE_NAMES, profile } from '../lib/settings.ts';
import { useStore } from '../lib/store.ts';
import { notify } from '../ui/notices.tsx';
import { Prose, sentence } from '../ui/prose.tsx';
import { Diff, Dialog, SEVERITY_NAMES, SeverityMark, type Severity } from '../ui/parts.tsx';
import { editedLines } from './diff.ts';
import { applyFix, dockerfile, editor, ignoreOnLine, safeFixes, selectFinding, severityOf } from './model.ts';

const LEVELS: readonly Severity[] = ['error', 'warning', 'info'];

export const safeCount = (findings: readonly Finding[]): number => findings.filter((finding) => finding.fix?.safe).length;

function listOf(numbers: number[]): string {
  if (numbers.length === 1) return `line ${numbers[0]}`;
  return `lines ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}

export function FixPreview({ finding, text }: { finding: Finding; text: string }) {
  if (!finding.fix) return null;
  const { lines, numbers } = editedLines(text, finding.fix.edits);
  return (
    <div class="fix">
      <Diff lines={lines} label="Preview of the fix" />
      <p class="xs mid note">
        {sentence(finding.fix.title) !== sentence(finding.help ?? '') && (
          <>
            <Prose text={finding.fix.title} />{' '}
          </>
        )}
        {numbers.length > 0 && `Changes ${listOf(numbers)}. `}
        {!finding.fix.safe && 'Not safe to apply unseen: it may change what the image holds or does.'}
      </p>
    </div>
  );
}

export function Findings({ shown }: { shown: boolean }) {
  const { analysis, analysed, dockerfile: text, selected, shown: levels, error } = useStore(dockerfile);
  const level = useStore(profile);
  const [review, setReview] = useState<{ text: string; fixed: number; lines: (DiffLine | undefined)[] }>();
  const list = useRef<HTMLUListElement>(null);
  const { findings } = analysis;
  const fresh = analysed === text;
  const totals = LEVELS.map((name) => findings.filter((finding) => severityOf(finding) === name).length);
  const safe = safeCount(findings);

  useEffect(() => {
    list.current?.querySelector('.sel')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  const openReview = async () => {
    try {
      const result = await safeFixes();
      setReview({ ...result, lines: hunks(lineDiff(text.split('\n'), result.text.split('\n'))) });
    } catch (failure) {
      notify(`The fixes could not be made. ${failure instanceof Error ? failure.message : ''}`);
    }
  };

  const empty = text.trim() === '';
  return (
    <section class={`findings ${shown ? 'on' : ''}`} aria-label="Findings" data-pane>
      <div class="ph">
        <h2>Findings</h2>
        <span class="row xs" role="group" aria-label="Show">
          {LEVELS.map((name, i) => (
            <button
              type="button"
              class="chip"
              aria-pressed={levels[name]}
              aria-label={`${plural(totals[i] ?? 0, SEVERITY_NAMES[name].toLowerCase(), name === 'info' ? 'infos' : `${name}s`)}`}
              title={`Show or hide ${SEVERITY_NAMES[name].toLowerCase()} findings`}
              onClick={() => dockerfile.patch({ shown: { ...levels, [name]: !levels[name] } })}
            >
              <SeverityMark level={name} label={false} />
              <span class="num">{totals[i]}</span>
            </button>
          ))}
        </span>
        <span class="grow" />
        {safe > 0 && (
          <button type="button" class="btn sm" disabled={!fresh} onClick={openReview}>
            Fix {safe} safe…
          </button>
        )}
      </div>
      <ul class="scroll list" ref={list} tabIndex={0} aria-label="Findings">
        {error !== undefined && <li class="sec mid">The Dockerfile could not be checked. {error}</li>}
        {findings.map((finding, index) =>
          levels[severityOf(finding)] ? <Row key={`${finding.code}-${finding.start}-${index}`} finding={finding} index={index} selected={index === selected} text={text} fresh={fresh} /> : null,
        )}
        {findings.length === 0 && error === undefined && (
          <li class="sec mid">
            {empty
              ? 'Write or paste a Dockerfile. Findings appear as you type.'
              : analysed === undefined
                ? ''
                : `No findings.${analysis.rules !== undefined ? ` ${analysis.rules} rules of ${PROFILE_NAMES[level]} checked.` : ''}`}
          </li>
        )}
      </ul>
      {review && (
        <Dialog title={`Fix ${plural(review.fixed, 'finding')}`} onClose={() => setReview(undefined)} class="wide">
          <div class="dialog-body scroll" tabIndex={0} role="region" aria-label="Changes">
            <div class="diff whole" role="group" aria-label="Changes">
              {review.lines.map((line) =>
                line ? (
                  <div class={line.kind}>
                    {line.kind !== 'same' && <span class="sr">{line.kind}: </span>}
                    {line.text || ' '}
                  </div>
                ) : (
                  <div class="gap-line">…</div>
                ),
              )}
            </div>
          </div>
          <footer class="dialog-foot">
            <span class="grow xs mid">Safe fixes do not change what the image does.</span>
            <button type="button" class="btn" onClick={() => setReview(undefined)}>
              Cancel
            </button>
            <button
              type="button"
              class="btn pri"
              onClick={() => {
                const { text: fixed, fixed: n } = review;
                setReview(undefined);
                editor.now?.replace(fixed);
                notify(`Fixed ${plural(n, 'finding')}.`, { label: 'Undo', keys: 'Ctrl Z', run: () => editor.now?.undo() });
              }}
            >
              Apply
            </button>
          </footer>
        </Dialog>
      )}
    </section>
  );
}

function Row({ finding, index, selected, text, fresh }: { finding: Finding; index: number; selected: boolean; text: string; fresh: boolean }) {
  const level = severityOf(finding);
  const at = `${finding.line}:${finding.column}`;
  return (
    <li class={`fd ${selected ? 'sel' : ''}`} aria-current={selected ? 'true' : undefined}>
      <span class="mark">
        <SeverityMark level={level} />
      </span>
      <button type="button" class={`msg ${selected ? '' : 'cut'}`} aria-expanded={selected} title={selected ? undefined : sentence(finding.message)} onClick={() => selectFinding(index)}>
        <Prose text={finding.message} />
      </button>
      {finding.url?.startsWith('https://') ? (
        <a class="rule" href={finding.url} target="_blank" rel="noreferrer" title={new URL(finding.url).host}>
          {finding.code}
        </a>
      ) : (
        <span class="rule">{finding.code}</span>
      )}
      <span class="fix-button">
        {finding.fix && (
          <button
            type="button"
            class="btn sm"
            disabled={!fresh}
            aria-label={`${finding.fix.safe ? 'Fix' : selected ? 'Apply the fix of' : 'Preview the fix of'} ${finding.code}, line ${finding.line}`}
            onClick={() => (finding.fix?.safe || selected ? applyFix(finding) : selectFinding(index))}
          >
            {finding.fix.safe ? 'Fix' : selected ? 'Apply' : 'Fix…'}
          </button>
        )}
      </span>
      <button type="button" class="where num" aria-label={`${at}, go to line ${finding.line}, column ${finding.column}`} onClick={() => selectFinding(index)}>
        {at}
      </button>
      {selected && (finding.help || finding.fix) && (
        <div class="more">
          {finding.help && (
            <p class="mid">
              <Prose text={finding.help} />
            </p>
          )}
          {fresh && <FixPreview finding={finding} text={text} />}
        </div>
      )}
    </li>
  );
}

/** On a narrow window: the finding of the cursor's line, above the bar. */
export function Peek() {
  const { analysis, analysed, dockerfile: text, line, file } = useStore(dockerfile);
  const here = analysis.findings.map((finding, index) => ({ finding, index })).filter(({ finding }) => finding.line <= line && line <= finding.endLine);
  const [at, setAt] = useState(0);
  const first = here[Math.min(at, here.length - 1)];
  useEffect(() => setAt(0), [line]);
  if (file !== 'Dockerfile' || !first) return null;
  const { finding } = first;
  const fresh = analysed === text;
  return (
    <div class="peek">
      <SeverityMark level={severityOf(finding)} />
      <div>
        <Prose text={finding.message} />
        <div class="xs dim">
          {finding.code}
          {finding.name && ` ${finding.name}`}
          {here.length > 1 && (
            <>
              ,{' '}
              <button type="button" class="link" onClick={() => setAt((at + 1) % here.length)}>
                {Math.min(at, here.length - 1) + 1} of {here.length} on line {line}
              </button>
            </>
          )}
        </div>
      </div>
      {finding.fix && (
        <button type="button" class="btn" disabled={!fresh} onClick={() => (finding.fix?.safe ? applyFix(finding) : selectFinding(first.index, false))}>
          {finding.fix.safe ? 'Fix' : 'Fix…'}
        </button>
      )}
    </div>
  );
}

/** The box over a squiggle. It lives in the editor's shadow root, and brings its styles along. */
export function tooltip(findings: Finding[], close: () => void): HTMLElement {
  const host = document.createElement('div');
  host.className = 'hover';
  const { dockerfile: text, analysed } = dockerfile.value;
  render(
    <>
      {findings.map((finding) => (
        <div class="hover-one">
          <div class="hover-head">
            <SeverityMark level={severityOf(finding)} />
            <strong>
              <Prose text={finding.message} />
            </strong>
          </div>
          {finding.help && (
            <p>
              <Prose text={finding.help} />
            </p>
          )}
          {analysed === text && <FixPreview finding={finding} text={text} />}
          <div class="hover-foot">
            {finding.fix && (
              <button
                type="button"
                class="btn sm pri"
                onClick={() => {
                  close();
                  applyFix(finding);
                }}
              >
                {finding.fix.safe ? 'Fix' : 'Apply'}
              </button>
            )}
            <button
              type="button"
              class="btn sm"
              onClick={() => {
                close();
                ignoreOnLine(finding);
              }}
            >
              Ignore on this line
            </button>
            <span class="rule">{finding.code}</span>
          </div>
        </div>
      ))}
    </>,
    host,
  );
  return host;
}
