// The examples of the repository, as text in the page.
import nodeApp from '../../examples/node-app/Dockerfile?raw';
import staticSite from '../../examples/static-site/Dockerfile?raw';

export interface Example {
  name: string;
  what: string;
  text: string;
}

export const EXAMPLES: readonly Example[] = [
  { name: 'node-app', what: 'Node service, four stages, with findings', text: nodeApp },
  { name: 'static-site', what: 'Static site, made without running anything', text: staticSite },
];
