// A static server for one folder, on 127.0.0.1 only.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8' };

/** Answers `{ url, requests, close }`. `port` 0 takes a free one; a taken port moves on to the next. */
export async function serve(folder, { port = 0 } = {}) {
  const base = path.resolve(folder);
  const requests = [];
  const server = http.createServer((request, response) => {
    requests.push(request.url);
    let name;
    try {
      name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    } catch {
      response.writeHead(400).end();
      return;
    }
    let file = path.join(base, name);
    if (file !== base && !file.startsWith(base + path.sep)) {
      response.writeHead(403).end();
      return;
    }
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) file = path.join(file, 'index.html');
    const stream = fs.createReadStream(file);
    stream.on('open', () => {
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'content-security-policy': "frame-ancestors 'none'", 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' });
      if (request.method === 'HEAD') response.end();
      else stream.pipe(response);
    });
    stream.on('error', () => response.headersSent ? response.destroy() : response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n'));
  });
  for (let i = 0; ; i++) {
    try {
      await new Promise((resolve, reject) => server.once('error', reject).listen(port && port + i, '127.0.0.1', resolve));
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || i >= 20) throw error;
      server.removeAllListeners('error');
    }
  }
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, close: () => new Promise((r) => (server.closeAllConnections(), server.close(r))) };
}
