// The Dockerfiles to measure on: the shared corpus where it is beside the repository, else the examples, repeated.
import fs from 'node:fs';
import path from 'node:path';
import { inRoot } from '../scripts/lib/shell.mjs';

export function corpus() {
  const shared = inRoot('..', 'shared', 'conformance', 'data', 'buildkit', 'corpus.jsonl');
  if (fs.existsSync(shared)) {
    const texts = fs.readFileSync(shared, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l).src).filter((s) => typeof s === 'string');
    return { name: `${texts.length} real Dockerfiles`, texts };
  }
  const examples = fs.readdirSync(inRoot('examples')).map((e) => fs.readFileSync(inRoot('examples', e, 'Dockerfile'), 'utf8'));
  return { name: 'the examples, 400 times', texts: Array.from({ length: 400 }, () => examples).flat() };
}

/** Writes the corpus as files and answers their paths. */
export function corpusFiles() {
  const { name, texts } = corpus();
  const folder = inRoot('.tools', 'bench', 'corpus');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const files = texts.map((text, i) => {
    const file = path.join(folder, `${String(i).padStart(5, '0')}.Dockerfile`);
    fs.writeFileSync(file, text);
    return file;
  });
  return { name, files, bytes: texts.reduce((n, t) => n + Buffer.byteLength(t), 0) };
}
