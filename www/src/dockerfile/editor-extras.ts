// Completion and search of the editor, loaded when it is first used.
import { autocompletion, completionKeymap, startCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { highlightSelectionMatches, openSearchPanel, search as searchSupport, searchKeymap } from '@codemirror/search';
import type { Extension } from '@codemirror/state';
import { keymap, type EditorView } from '@codemirror/view';

const INSTRUCTIONS: Completion[] = [
  ['FROM', 'a base image or stage'],
  ['RUN', 'a command, as a layer'],
  ['COPY', 'files from the folder or a stage'],
  ['ADD', 'files, archives or addresses'],
  ['WORKDIR', 'the working directory'],
  ['ENV', 'a variable that stays'],
  ['ARG', 'a variable of the build'],
  ['USER', 'who runs what follows'],
  ['CMD', 'what runs by default'],
  ['ENTRYPOINT', 'what always runs'],
  ['EXPOSE', 'a port'],
  ['LABEL', 'a name and a value'],
  ['VOLUME', 'a mount point'],
  ['HEALTHCHECK', 'how health is asked'],
  ['STOPSIGNAL', 'the signal that stops it'],
  ['SHELL', 'the shell of RUN'],
  ['ONBUILD', 'an instruction for images built on this'],
].map(([label = '', detail = '']) => ({ label, detail, type: 'keyword' }));

const FLAGS: Record<string, string[]> = {
  FROM: ['--platform='],
  COPY: ['--from=', '--chown=', '--chmod=', '--link', '--parents', '--exclude='],
  ADD: ['--chown=', '--chmod=', '--link', '--checksum=', '--keep-git-dir=', '--unpack=', '--exclude='],
  RUN: ['--mount=type=cache,target=', '--mount=type=secret,id=', '--mount=type=bind,', '--mount=type=ssh', '--mount=type=tmpfs,target=', '--network=none', '--security='],
  HEALTHCHECK: ['--interval=', '--timeout=', '--start-period=', '--start-interval=', '--retries='],
};

/** Names of the stages above a line, and of the variables declared in the file. */
function declared(text: string): { stages: string[]; variables: string[] } {
  const stages = [...text.matchAll(/^\s*FROM\s+\S.*?\sAS\s+(\S+)/gim)].map((match) => match[1] ?? '');
  const variables = [...text.matchAll(/^\s*(?:ARG|ENV)\s+([A-Za-z_]\w*)/gim)].map((match) => match[1] ?? '');
  return { stages, variables: [...new Set(variables)] };
}

function completions(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const text = () => context.state.doc.toString();
  const result = (match: string, options: Completion[]): CompletionResult => ({ from: context.pos - match.length, options, validFor: /^[\w$.{-]*$/ });
  const start = /^\s*([A-Za-z]*)$/.exec(before);
  if (start && (context.explicit || start[1])) return result(start[1] ?? '', INSTRUCTIONS);
  const variable = /\$\{?\w*$/.exec(before);
  if (variable) return result(variable[0], declared(text()).variables.map((name) => ({ label: `\${${name}}`, type: 'variable' })));
  const from = /(?:--from=|^\s*FROM\s+(?:--platform=\S+\s+)?)([\w.-]*)$/i.exec(before);
  if (from) return result(from[1] ?? '', declared(context.state.sliceDoc(0, line.from)).stages.map((label) => ({ label, detail: 'stage', type: 'class' })));
  const flag = /\s(--?[\w-]*)$/.exec(before);
  const instruction = /^\s*([A-Za-z]+)/.exec(before)?.[1]?.toUpperCase() ?? '';
  if (flag && FLAGS[instruction]) return result(flag[1] ?? '', FLAGS[instruction].map((label) => ({ label, type: 'property' })));
  return null;
}

export function extras(): Extension {
  return [
    autocompletion({ override: [completions], icons: false, activateOnTyping: true }),
    searchSupport({ top: false }),
    highlightSelectionMatches(),
    keymap.of([...completionKeymap, ...searchKeymap.filter(({ key }) => key !== 'Mod-Alt-g')]),
  ];
}

export const search = (view: EditorView): boolean => openSearchPanel(view);

export const complete = (view: EditorView): boolean => startCompletion(view);
