// The examples of the repository, as text in the page.
import nodeApp from '../../examples/node-app/Dockerfile?raw';
import siteIgnore from '../../examples/static-site/.dockerignore?raw';
import staticSite from '../../examples/static-site/Dockerfile?raw';
import type { Recipe } from './engine/types.ts';

export interface Example {
  name: string;
  what: string;
  text: string;
}

export const EXAMPLES: readonly Example[] = [
  { name: 'node-app', what: 'Node service, four stages, with findings', text: nodeApp },
  { name: 'static-site', what: 'Static site, made without running anything', text: staticSite },
];

const folder = import.meta.glob<string>(['../../examples/static-site/**/*', '!**/Dockerfile'], { query: '?raw', import: 'default', eager: true });
const ROOT = '../../examples/static-site/';

/** The static site with its folder: small enough to be assembled here, in the tab. */
export const SITE: Recipe = {
  name: 'static-site:1.0.0',
  dockerfile: staticSite,
  files: [{ path: '.dockerignore', text: siteIgnore }, ...Object.entries(folder).map(([path, text]) => ({ path: path.slice(ROOT.length), text }))],
};
