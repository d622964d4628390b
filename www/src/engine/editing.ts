// What the editor asks of the package, in the worker. The worker's calls have the names that the package's own functions have.
import type { DockerfileEngine } from 'layerwright/codemirror';
import type { Client } from '../lib/rpc.ts';
import type { LintApi } from './types.ts';

export { dockerfileCompletion, dockerfileFolding, dockerfileHover, dockerfileLanguage, dockerfileNavigation, goToDefinition, renameSymbol } from 'layerwright/codemirror';
export type { DockerfileEngine } from 'layerwright/codemirror';

/** An engine whose calls a worker answers. */
export const engineOver = (client: Client<LintApi>): DockerfileEngine => ({
  completions: (text, offset) => client.call('completions', { text, offset }),
  hover: (text, offset) => client.call('hover', { text, offset }),
  folding: (text) => client.call('folding', { text }),
  definition: (text, offset) => client.call('definition', { text, offset }),
  prepareRename: (text, offset) => client.call('prepareRename', { text, offset }),
  rename: (text, offset, newName) => client.call('rename', { text, offset, newName }),
});
