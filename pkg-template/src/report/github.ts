// Workflow commands that GitHub Actions turns into annotations.
import { advice, line, type Report } from './report.js';

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice', style: 'notice' } as const;

// Line ends have escapes of their own; of other control characters a log is better off without.
const data = (text: string): string => text.replaceAll('%', '%25').split(/(\r|\n)/).map((part) => (part === '\r' ? '%0D' : part === '\n' ? '%0A' : line(part))).join('');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const github: Report = (files) =>
  files
    .flatMap((file) =>
      file.findings.map((f) => {
        // A column range is allowed within one line only.
        const columns = f.endLine === f.line ? `,col=${f.column},endColumn=${f.endColumn}` : '';
        return `::${COMMANDS[f.level]} file=${property(file.name)},line=${f.line},endLine=${f.endLine}${columns},title=${property(f.code)}::${data(advice(f, '\n'))}\n`;
      }),
    )
    .join('');
export default github;
