// Dockerfiles in CodeMirror 6: `import { dockerfile } from "layerwright/codemirror"`.
import { defaultHighlightStyle, LanguageSupport, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { dockerfileCompletion } from './codemirror/complete.js';
import type { DockerfileEngine } from './codemirror/engine.js';
import { dockerfileFolding } from './codemirror/fold.js';
import { dockerfileHover } from './codemirror/hover.js';
import { dockerfileLanguage } from './codemirror/language.js';
import { dockerfileLint } from './codemirror/lint.js';
import { dockerfileKeymap, dockerfileNavigation } from './codemirror/navigate.js';
import type { LintOptions } from './lint.js';

export { dockerfileCompletion, dockerfileCompletionSource } from './codemirror/complete.js';
export type { DockerfileEngine } from './codemirror/engine.js';
export { dockerfileFolding } from './codemirror/fold.js';
export { dockerfileHover } from './codemirror/hover.js';
export { dockerfileLanguage } from './codemirror/language.js';
export { dockerfileLint } from './codemirror/lint.js';
export { dockerfileKeymap, dockerfileNavigation, formatDockerfile, goToDefinition, renameSymbol } from './codemirror/navigate.js';

/** What of the editor is wanted. All is, where nothing is said. */
export interface DockerfileEditorOptions {
  /** What answers: the module `layerwright`, or an object with its functions, which may answer later (a worker). */
  engine: DockerfileEngine;
  /** Findings with their fixes, and what to lint with. */
  lint?: boolean | LintOptions;
  /** The set of rules. */
  profile?: LintOptions['profile'];
  /** Completion as one types. */
  complete?: boolean;
  /** What is under the pointer. */
  hover?: boolean;
  /** Folding, with arrows beside the lines. */
  fold?: boolean;
  /** Colours of CodeMirror's own, where the page brings none. */
  colours?: boolean;
  /** F12, F2 and Shift-Alt-F. */
  keys?: boolean;
}

/** All of it: language, findings, completion, hovers, folding, definition, rename and format. */
export function dockerfile({ engine, lint = true, profile, complete = true, hover = true, fold = true, colours = true, keys = true }: DockerfileEditorOptions): Extension {
  const options: LintOptions = { ...(typeof lint === 'object' ? lint : {}), ...(profile ? { profile } : {}) };
  return [
    new LanguageSupport(dockerfileLanguage),
    colours ? syntaxHighlighting(defaultHighlightStyle, { fallback: true }) : [],
    lint ? dockerfileLint(engine, options) : [],
    complete ? dockerfileCompletion(engine, { buildArgs: options.buildArgs, platform: options.platform }) : [],
    hover ? dockerfileHover(engine) : [],
    fold ? dockerfileFolding(engine) : [],
    dockerfileNavigation,
    keys ? dockerfileKeymap(engine) : [],
  ];
}
