// A diff in colours.
import { paint, safe } from './terminal.js';

/** A diff for a terminal, whose colours nothing in the text can change. */
export function coloured(diff: string): string {
  const { red, green, cyan, bold } = paint(true);
  const colour = (line: string) => (/^(---|\+\+\+) /.test(line) ? bold : line.startsWith('@@') ? cyan : line.startsWith('-') ? red : line.startsWith('+') ? green : (text: string) => text);
  return diff.replace(/[^\n]+/g, (line) => colour(line)(safe(line)));
}
