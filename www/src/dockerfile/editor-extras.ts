// Completion and search of the editor, loaded when it is first used.
import { completionKeymap, startCompletion } from '@codemirror/autocomplete';
import { highlightSelectionMatches, openSearchPanel, search as searchSupport, searchKeymap } from '@codemirror/search';
import type { Extension } from '@codemirror/state';
import { keymap, type EditorView } from '@codemirror/view';
import { dockerfileCompletion, type DockerfileEngine } from '../engine/editing.ts';

/** Completion is for Dockerfiles alone. */
export function extras(engine: DockerfileEngine | undefined): Extension {
  return [
    engine ? dockerfileCompletion(engine, undefined, { icons: false, activateOnTyping: true }) : [],
    searchSupport({ top: false }),
    highlightSelectionMatches(),
    keymap.of([...completionKeymap, ...searchKeymap.filter(({ key }) => key !== 'Mod-Alt-g')]),
  ];
}

export const search = (view: EditorView): boolean => openSearchPanel(view);

export const complete = (view: EditorView): boolean => startCompletion(view);
