// `lint --print-config`: what holds for a file, in the words of a layerwright.toml, each value with its source.
import path from 'node:path';
import type { Configuration } from '../config/load.js';
import { expand } from './input.js';
import { paint, safe, stdoutStyle } from './terminal.js';

export async function printConfig(names: string[], configuration: Configuration): Promise<number> {
  const { bold, dim } = paint(stdoutStyle());
  const out: string[] = [];
  for (const name of await expand(names)) {
    const { sum, files } = await configuration.for(name);
    const rows: [string, string][] = [];
    const source = (text: string): string => (path.isAbsolute(text) ? path.relative('.', text) : text);
    const toml = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));
    const key = (k: string): string => (/^[\w-]+$/.test(k) ? k : JSON.stringify(k));
    for (const [k, e] of sum.single) if (e.value !== undefined) rows.push([`${key(k)} = ${toml(e.value)}`, source(e.source)]);
    for (const [k, list] of sum.lists) {
      rows.push([`${key(k)} = [`, '']);
      for (const e of list) rows.push([`  ${toml(e.value)},`, source(e.source)]);
      rows.push([']', '']);
    }
    for (const [k, map] of sum.maps) {
      if (!map.size) continue;
      rows.push(['', ''], [`[${key(k)}]`, '']);
      for (const [inner, e] of map) rows.push([`${key(inner)} = ${toml(e.value)}`, source(e.source)]);
    }
    const width = Math.max(0, ...rows.map(([left]) => left.length));
    out.push(bold(`# ${safe(name)}`), dim(`# ${files.length ? files.map((f) => path.relative('.', f)).join(', ') : 'no configuration'}`));
    for (const [left, right] of rows) out.push(right ? `${safe(left).padEnd(width)}  ${dim(`# ${safe(right)}`)}` : safe(left));
    out.push('');
  }
  process.stdout.write(out.join('\n'));
  return 0;
}
