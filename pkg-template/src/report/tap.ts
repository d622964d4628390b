// The Test Anything Protocol, version 13: a test a file, its findings in the block below it.
import { line, type Report } from './report.js';

const tap: Report = (files) => {
  const out = ['TAP version 13', `1..${files.length}`];
  files.forEach((file, i) => {
    // A `#` would begin a directive.
    const name = line(file.name).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
    out.push(`${file.findings.length ? 'not ok' : 'ok'} ${i + 1} - ${name}`);
    if (!file.findings.length) return;
    out.push('  ---', '  findings:');
    // JSON strings are YAML strings.
    for (const f of file.findings) out.push(`    - code: ${f.code}`, `      level: ${f.level}`, `      line: ${f.line}`, `      column: ${f.column}`, `      message: ${JSON.stringify(f.message)}`);
    out.push('  ...');
  });
  return `${out.join('\n')}\n`;
};
export default tap;
