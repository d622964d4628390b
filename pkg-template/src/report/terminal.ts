// For people: each finding with the line it is about, the place underlined, and what to do.
import { line as safe, webAddress, type Finding, type Level, type Report, type ReportFile, type ReportOptions } from './report.js';

const COLOURS: Record<Level, string> = { error: '1;31', warning: '1;33', info: '1;34', style: '1;36' };
const [BOLD, DIM, CYAN] = ['1', '2', '36'];

const terminal: Report = (files, { options }) => {
  const paint = (style: string, text: string): string => (options.colour ? `\x1b[${style}m${text}\x1b[0m` : text);
  const out: string[] = [];
  for (const file of files) {
    const lines = file.text.split('\n');
    for (const finding of file.findings) one(out, paint, options, file, lines, finding);
  }
  out.push(summary(files, paint));
  return out.join('\n');
};
export default terminal;

type Paint = (style: string, text: string) => string;

function one(out: string[], paint: Paint, options: ReportOptions, file: ReportFile, lines: string[], finding: Finding): void {
  const colour = COLOURS[finding.level];
  const number = String(finding.line);
  const margin = ' '.repeat(number.length);
  const link = webAddress(finding.url);
  const linked = options.hyperlinks && link ? `\x1b]8;;${link}\x1b\\${paint(BOLD, finding.code)}\x1b]8;;\x1b\\` : paint(BOLD, finding.code);
  out.push(`${paint(colour, finding.level)} ${linked}: ${safe(finding.message)}`);
  out.push(`${margin}${paint(CYAN, '-->')} ${safe(file.name)}:${finding.line}:${finding.column}`);
  const text = lines[finding.line - 1];
  if (text !== undefined) {
    const room = options.width ? Math.max(24, options.width - number.length - 3) : Infinity;
    const shown = excerpt(text.replace(/\r$/, ''), finding, room);
    out.push(`${margin} ${paint(CYAN, '|')}`);
    out.push(`${paint(CYAN, `${number} |`)} ${shown.text}`);
    out.push(`${margin} ${paint(CYAN, '|')} ${' '.repeat(shown.indent)}${paint(colour, `${'^'.repeat(shown.length)}${shown.goesOn ? '...' : ''}`)}`);
  }
  const note = (label: string, what: string): void => {
    const indent = margin.length + label.length + 5;
    out.push(`${margin} ${paint(CYAN, '=')} ${paint(BOLD, label)}: ${wrapped(safe(what), options.width, indent)}`);
  };
  if (finding.help) note('help', finding.help);
  if (finding.fix) note(finding.fix.safe ? 'fix' : 'suggestion', finding.fix.title);
  if (!link) out.push(`${margin} ${paint(CYAN, '=')} ${paint(DIM, `layerwright explain ${finding.code}`)}`);
  else if (!options.hyperlinks) out.push(`${margin} ${paint(CYAN, '=')} ${paint(DIM, link)}`);
  out.push('');
}

/** A text broken at spaces to the width, later lines indented. */
function wrapped(text: string, width: number | undefined, indent: number): string {
  const room = width ? Math.max(24, width - indent) : Infinity;
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last && last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

interface Excerpt {
  text: string;
  /** Columns before the underline. */
  indent: number;
  /** Columns of the underline. */
  length: number;
  /** The finding ends on a later line. */
  goesOn: boolean;
}

/** The line, cut to `room` columns around the finding. */
function excerpt(text: string, finding: Finding, room: number): Excerpt {
  const cells: { text: string; width: number; column: number }[] = [];
  let column = 1;
  for (const c of text) {
    if (c === '\t') cells.push({ text: '    ', width: 4, column });
    else if (/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/.test(c) && c.length === 1) cells.push({ text: '\ufffd', width: 1, column });
    else cells.push({ text: c, width: width(c.codePointAt(0)!), column });
    column += c.length;
  }
  const goesOn = finding.endLine > finding.line;
  const position = (wanted: number): number => {
    const at = cells.findIndex((c) => c.column >= wanted);
    return at < 0 ? cells.length : at;
  };
  const from = position(finding.column);
  const to = Math.max(from, goesOn ? cells.length : position(finding.endColumn));
  const columns = (a: number, b: number): number => cells.slice(a, Math.max(a, b)).reduce((n, c) => n + c.width, 0);
  let [first, last] = [0, cells.length];
  if (columns(0, cells.length) > room) {
    // Keep what is before the finding in a third of the room, and as much of the rest as fits.
    let used = 0;
    first = from;
    while (first > 0 && used + cells[first - 1]!.width <= Math.floor(room / 3)) used += cells[--first]!.width;
    let left = Math.max(0, room - 2);
    last = first;
    while (last < cells.length && cells[last]!.width <= left) left -= cells[last++]!.width;
  }
  const shown = cells.slice(first, last).map((c) => c.text).join('');
  return {
    text: `${first > 0 ? '…' : ''}${shown}${last < cells.length ? '…' : ''}`.trimEnd(),
    indent: columns(first, Math.min(from, last)) + (first > 0 ? 1 : 0),
    length: Math.max(1, columns(Math.min(from, last), Math.min(to, last))),
    goesOn,
  };
}

/** Columns of a character: two for the wide ranges of East Asian scripts and emoji, none for combining marks. */
function width(c: number): number {
  if (c < 0x300) return 1;
  if (c <= 0x36f || (c >= 0x200b && c <= 0x200f) || (c >= 0xfe00 && c <= 0xfe0f)) return 0;
  const wide: [number, number][] = [[0x1100, 0x115f], [0x2e80, 0xa4cf], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f300, 0x1faff], [0x20000, 0x3fffd]];
  return wide.some(([low, high]) => c >= low && c <= high) ? 2 : 1;
}

function summary(files: ReportFile[], paint: Paint): string {
  const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  const all = files.flatMap((f) => f.findings);
  const where = `in ${plural(files.length, 'file')}`;
  if (!all.length) return `no findings ${where}\n`;
  const levels = (Object.keys(COLOURS) as Level[]).flatMap((level) => {
    const n = all.filter((f) => f.level === level).length;
    return n ? [paint(COLOURS[level], level === 'error' || level === 'warning' ? plural(n, level) : `${n} ${level}`)] : [];
  });
  const fixable = all.filter((f) => f.fix?.safe).length;
  return `${plural(all.length, 'finding')} ${where}: ${levels.join(', ')}${fixable ? `; --fix corrects ${fixable}` : ''}\n`;
}
