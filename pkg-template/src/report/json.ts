// An array of findings: the fields of hadolint's JSON first, then ours.
import type { Report } from './report.js';

const json: Report = (files) => {
  const entries = files.flatMap((file) =>
    file.findings.map(({ line, column, level, code, message, name, category, endLine, endColumn, start, end, help, url, fix }) => ({ file: file.name, line, column, level, code, message, name, category, endLine, endColumn, start, end, help, url, fix })),
  );
  return `${JSON.stringify(entries, null, 2)}\n`;
};
export default json;
