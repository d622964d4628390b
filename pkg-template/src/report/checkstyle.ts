// Checkstyle XML, version 4.3 as hadolint writes it.
import { type Report, xml } from './report.js';

const SEVERITIES = { error: 'error', warning: 'warning', info: 'info', style: 'info' } as const;

const checkstyle: Report = (files) => {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<checkstyle version="4.3">'];
  for (const file of files) {
    lines.push(`<file name="${xml(file.name)}">`);
    for (const f of file.findings) lines.push(`<error column="${f.column}" line="${f.line}" message="${xml(f.message)}" severity="${SEVERITIES[f.level]}" source="${xml(f.code)}"/>`);
    lines.push('</file>');
  }
  return `${lines.join('\n')}\n</checkstyle>\n`;
};
export default checkstyle;
