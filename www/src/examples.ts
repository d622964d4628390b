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

/** The same site after a change: one page more, others changed, a variable more. */
export const SITE_AFTER: Recipe = changed(SITE);

function changed({ dockerfile, files }: Recipe): Recipe {
  return {
    name: 'static-site:1.1.0',
    dockerfile: dockerfile.replaceAll('1.0.0', '1.1.0').replace(/^(LABEL|ENV|USER|EXPOSE)\b/m, 'ENV SITE_THEME=dark\n$1'),
    files: [...files, { path: 'public/about.html', text: '<!doctype html>\n<title>About</title>\n<p>One page more.</p>\n' }].map(({ path, text }) => ({ path, text: path.endsWith('index.html') ? text.replace(/<\/h1>/, ', again</h1>\n<p>Written for the second time.</p>') : path.endsWith('.conf') ? `${text.trimEnd()}\n# compressed since 1.1\n` : text })),
  };
}
