// JUnit XML: a suite a file, a failing case a finding, one passing case for a file without any.
import { advice, xml, type Report } from './report.js';

const junit: Report = (files, { version }) => {
  const failures = files.reduce((n, f) => n + f.findings.length, 0);
  const tests = files.reduce((n, f) => n + Math.max(1, f.findings.length), 0);
  const out = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="layerwright ${xml(version)}" tests="${tests}" failures="${failures}" errors="0">`];
  for (const file of files) {
    const name = xml(file.name);
    out.push(`<testsuite name="${name}" tests="${Math.max(1, file.findings.length)}" failures="${file.findings.length}" errors="0" skipped="0">`);
    if (!file.findings.length) out.push(`<testcase name="no findings" classname="${name}"/>`);
    for (const f of file.findings) {
      const text = `File: ${file.name}\nLine: ${f.line}\nColumn: ${f.column}\n${f.level}: ${advice(f, '\n')}${f.url ? `\n${f.url}` : ''}\n`;
      out.push(`<testcase name="${xml(`${f.code} line ${f.line}, column ${f.column}`)}" classname="${name}" file="${name}" line="${f.line}"><failure type="${f.level}" message="${xml(f.message)}">${xml(text).replaceAll('&#10;', '\n')}</failure></testcase>`);
    }
    out.push('</testsuite>');
  }
  return `${out.join('\n')}\n</testsuites>\n`;
};
export default junit;
