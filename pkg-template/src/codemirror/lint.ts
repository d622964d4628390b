import { type Action, type Diagnostic, linter } from '@codemirror/lint';
import type { Extension, Text } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Finding, LintOptions, TextEdit } from '../lint.js';
import { type DockerfileEngine, prepared } from './engine.js';

const SEVERITIES = { error: 'error', warning: 'warning', info: 'info', style: 'hint' } as const;

/** Findings as diagnostics, with their fixes and an ignore comment as actions. `config` is that of `linter`. */
export function dockerfileLint(engine: DockerfileEngine, options?: LintOptions, config?: Parameters<typeof linter>[1]): Extension {
  const find = async (doc: Text): Promise<readonly Finding[]> => (await (await prepared(engine)).lint?.(doc.toString(), options))?.findings ?? [];
  return linter(async (view) => {
    const { doc } = view.state;
    return (await find(doc)).map((finding) => diagnostic(finding, doc, find));
  }, config);
}

function diagnostic(finding: Finding, doc: Text, find: (doc: Text) => Promise<readonly Finding[]>): Diagnostic {
  const { code, level, message, help, fix } = finding;
  /** Applies what `edits` makes of the finding: of the same one in the present text, where that has changed since. */
  const action = (name: string, edits: (finding: Finding, view: EditorView) => readonly TextEdit[]): Action => ({
    name,
    apply(view, from) {
      const apply = (present: Finding) => {
        view.dispatch({ changes: edits(present, view).map(({ start, end, text }) => ({ from: start, to: end, insert: text })), userEvent: 'input.fix' });
        view.focus();
      };
      if (view.state.doc === doc) return apply(finding);
      const { doc: now } = view.state;
      void find(now).then((list) => {
        const same = list.find((f) => f.code === code && f.message === message && f.start === from);
        if (same && view.state.doc === now) apply(same);
      });
    },
  });
  const actions = [action(`Ignore ${code}`, ({ lines }, view) => [suppression(code, view.state.doc, lines.from)])];
  if (fix) actions.unshift(action(fix.title, (present) => present.fix?.edits ?? []));
  return {
    from: Math.min(finding.start, doc.length),
    to: Math.min(Math.max(finding.start, finding.end), doc.length),
    severity: SEVERITIES[level],
    source: code,
    message: help === undefined ? message : `${message}\n${help}`,
    actions,
  };
}

/** The comment that silences a rule for the instruction that begins on a line. */
function suppression(code: string, doc: Text, number: number): TextEdit {
  const { from } = doc.line(Math.min(number, doc.lines));
  const above = number > 1 ? doc.line(number - 1) : undefined;
  const there = above && /^\s*#\s*layerwright\s+ignore\s*=\s*\w+(?:\s*,\s*\w+)*/.exec(above.text);
  if (above && there) return { start: above.from + there[0].length, end: above.from + there[0].length, text: `,${code}` };
  return { start: from, end: from, text: `# layerwright ignore=${code}\n` };
}
