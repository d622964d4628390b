// An edge worker: lints Dockerfiles and inspects images that are posted to it.
//   POST /lint?profile=recommended&file=NAME   the body is a Dockerfile
//   POST /inspect                              the body is an image: a tar of `docker save` or of an OCI layout
// Deploy it as it is, or take `handle` into a worker of your own. See wrangler.toml beside it.
import { LayerwrightError, lint, openImage, version } from '../index.workerd.js';

/** The largest Dockerfile that is read, in bytes. */
const DOCKERFILE_LIMIT = 1 << 20;

export default {
  /** @param {Request} request */
  fetch: (request) => handle(request),
};

/**
 * Answers a request, always with JSON.
 * @param {Request} request
 * @returns {Promise<Response>}
 */
export async function handle(request) {
  const { pathname, searchParams } = new URL(request.url);
  const route = routes[pathname];
  if (!route) return json(404, { code: 'NOT_FOUND', message: `There is no ${pathname}: POST to ${Object.keys(routes).join(' or ')}.` });
  if (request.method !== 'POST') return json(405, { code: 'METHOD_NOT_ALLOWED', message: `POST to ${pathname}.` }, { allow: 'POST' });
  try {
    return json(200, await route(request, searchParams));
  } catch (error) {
    if (error instanceof LayerwrightError) return json(error.code === 'INTERNAL' ? 500 : error.code === 'TOO_LARGE' ? 413 : 422, error.toJSON());
    throw error;
  }
}

const routes = {
  async '/lint'(request, query) {
    const text = await bounded(request, DOCKERFILE_LIMIT);
    const result = lint(text, { profile: query.get('profile') ?? undefined });
    return { version: version(), file: query.get('file') ?? 'Dockerfile', ...result };
  },

  // The image is never held: each layer is hashed and indexed as it streams through.
  async '/inspect'(request) {
    if (!request.body) throw new LayerwrightError('BODY_MISSING', 'POST the tar of an image as the body.');
    const image = await openImage(request.body, { signal: request.signal });
    try {
      return { version: version(), ...image.summary() };
    } finally {
      image[Symbol.dispose]();
    }
  },
};

/** The body as bytes, refused past `limit` before it is all read. */
async function bounded(request, limit) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > limit) throw new LayerwrightError('TOO_LARGE', `The body is larger than ${limit} bytes.`, { limit });
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function json(status, body, headers = {}) {
  return new Response(`${JSON.stringify(body, null, 2)}\n`, { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers } });
}
