// Which line of a configuration file a key stands on.
import type { Place } from './document.js';

/** The line, from 1, of a place in TOML; of the nearest key around it where the place itself is not found. */
export function tomlLine(text: string, place: Place, value?: string): number {
  const lines = text.split('\n');
  let table: Place = [];
  const counts = new Map<string, number>();
  let best = { depth: 0, line: 1 };
  lines.forEach((raw, i) => {
    const header = /^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?/.exec(raw);
    const assigned = header ? undefined : /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(raw);
    let at: Place | undefined;
    if (header) {
      table = parts(header[2]!);
      if (header[1] === '[[') {
        const name = table.join('\0');
        const index = counts.get(name) ?? 0;
        counts.set(name, index + 1);
        table.push(index);
      } else {
        // A table inside the latest entry of a list of tables.
        for (let n = 1; n < table.length; n++) {
          const count = counts.get(table.slice(0, n).join('\0'));
          if (count !== undefined) table.splice(n, 0, count - 1);
        }
      }
      at = table;
    } else if (assigned) {
      at = [...table, ...parts(assigned[1]!)];
    }
    if (at && at.length > best.depth && at.length <= place.length && at.every((p, k) => p === place[k])) best = { depth: at.length, line: i + 1 };
  });
  if (value !== undefined) {
    for (let i = best.line - 1; i < lines.length && (i === best.line - 1 || !/^\s*\[/.test(lines[i]!)); i++) if (lines[i]!.includes(`"${value}"`) || lines[i]!.includes(`'${value}'`)) return i + 1;
  }
  return best.line;
}

const parts = (dotted: string): Place => [...dotted.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);

/** The line, from 1, of a place in JSON, found key after key. */
export function jsonLine(text: string, place: Place, value?: string): number {
  let at = 0;
  for (const part of value === undefined ? place : [...place, value]) {
    if (typeof part === 'number') continue;
    const found = text.indexOf(JSON.stringify(part), at);
    if (found < 0) break;
    at = found;
  }
  return text.slice(0, at).split('\n').length;
}
