// hadolint's own line: `FILE:LINE CODE LEVEL: text`.
import { line, type Report } from './report.js';

const COLOURS = { error: 91, warning: 93, info: 92, style: 92 } as const;

const tty: Report = (files, { options }) =>
  files.flatMap((file) => file.findings.map((f) => `${line(file.name)}:${f.line} ${f.code} ${options.colour ? `\x1b[1m\x1b[${COLOURS[f.level]}m${f.level}\x1b[0m` : f.level}: ${line(f.message)}\n`)).join('');
export default tty;
