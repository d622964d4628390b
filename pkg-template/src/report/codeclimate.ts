// Code Climate's engine format: JSON objects, each followed by a NUL.
import { advice, fingerprints, slashed, type Category, type Finding, type Report, type ReportFile } from './report.js';

const CATEGORIES: Record<Category, string> = { 'error-prone': 'Bug Risk', security: 'Security', size: 'Performance', cache: 'Performance', style: 'Style', reproducibility: 'Bug Risk' };
const SEVERITIES = { error: 'blocker', warning: 'major', info: 'info', style: 'minor' } as const;

/** The issues of a file, with the names that stay when lines move. */
export function issues(file: ReportFile) {
  const names = fingerprints(file);
  return file.findings.map((f, i) => ({ type: 'issue', check_name: f.code, description: f.message, categories: [CATEGORIES[f.category]], ...content(f), severity: SEVERITIES[f.level], fingerprint: names[i]!, location: { path: slashed(file.name), positions: { begin: { line: f.line, column: f.column }, end: { line: f.endLine, column: f.endColumn } }, lines: { begin: f.line, end: f.endLine } } }));
}

const content = (f: Finding) => (f.help || f.url ? { content: { body: [advice(f, '\n\n'), f.url].filter(Boolean).join('\n\n') } } : {});

const codeclimate: Report = (files) => files.flatMap(issues).map((issue) => `${JSON.stringify(issue)}\0`).join('');
export default codeclimate;
