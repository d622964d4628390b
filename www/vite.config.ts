import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const here = import.meta.dirname;
const dist = path.resolve(here, '../dist');

/**
 * Emits `sw.js`: `src/sw.js` with the list of every file of the page and a version made from their contents,
 * so that one load is enough to work without a network from then on.
 */
function precache(): Plugin {
  return {
    name: 'layerwright-precache',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const version = createHash('sha256');
        const files: string[] = [];
        const add = (name: string, content: string | Uint8Array) => {
          files.push(name);
          version.update(name).update(content);
        };
        for (const name of ['favicon.svg', 'manifest.webmanifest', 'theme.js']) add(name, readFileSync(path.join(here, 'public', name)));
        for (const [name, item] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          if (name.endsWith('.map')) continue;
          add(name, item.type === 'chunk' ? item.code : item.source);
        }
        const source = readFileSync(path.join(here, 'src/sw.js'), 'utf8')
          .replace('__VERSION__', JSON.stringify(version.digest('hex').slice(0, 16)))
          .replace('__FILES__', JSON.stringify(files));
        this.emitFile({ type: 'asset', fileName: 'sw.js', source });
      },
    },
  };
}

if (!existsSync(path.join(dist, 'lint.browser.js'))) throw new Error('dist/ is not built: run `node scripts/build.mjs` first');

export default defineConfig({
  root: here,
  base: './',
  plugins: [precache()],
  resolve: {
    alias: [
      { find: /^layerwright$/, replacement: path.join(dist, 'index.browser.js') },
      { find: /^layerwright\/codemirror$/, replacement: path.join(dist, 'codemirror.js') },
      { find: /^layerwright\/lint$/, replacement: path.join(dist, 'lint.browser.js') },
    ],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { host: '127.0.0.1', fs: { allow: [here, dist, path.resolve(here, '../examples')] } },
  worker: { format: 'es' },
  build: {
    outDir: path.join(here, 'dist'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox124', 'safari17.5'],
    // The tokens use light-dark() and oklch(): browsers old enough to lack them lack the module workers too.
    cssTarget: ['chrome123', 'firefox124', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
});
