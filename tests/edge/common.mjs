// The common cases inside a worker: any request runs them.
import * as lw from './layerwright/index.workerd.js';
import * as small from './layerwright/lint.workerd.js';
import { runCases } from './common-cases.mjs';

export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('ready');
    return Response.json(await runCases(lw, small));
  },
};
