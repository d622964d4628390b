// SonarQube's generic issues. Columns count from 0 there, and an empty range is refused: one is widened by a character
// of its line, or names the line alone.
import { slashed, type Finding, type Report } from './report.js';

const SEVERITIES = { error: 'CRITICAL', warning: 'MAJOR', info: 'MINOR', style: 'INFO' } as const;

function range(finding: Finding, lines: string[]) {
  const { line: startLine, column, endLine, endColumn } = finding;
  let [start, end] = [column - 1, endColumn - 1];
  if (startLine === endLine && end <= start) {
    const length = lines[startLine - 1]?.replace(/\r$/, '').length ?? 0;
    if (start < length) end = start + 1;
    else if (length > 0) [start, end] = [length - 1, length];
    else return { startLine };
  }
  return { startLine, endLine, startColumn: start, endColumn: end };
}

const sonarqube: Report = (files) => {
  const issues = files.flatMap((file) => {
    const lines = file.text.split('\n');
    return file.findings.map((f) => ({
      engineId: 'layerwright',
      ruleId: f.code,
      severity: SEVERITIES[f.level],
      type: f.category === 'security' ? 'VULNERABILITY' : f.level === 'error' ? 'BUG' : 'CODE_SMELL',
      primaryLocation: { message: f.message, filePath: slashed(file.name), textRange: range(f, lines) },
    }));
  });
  return `${JSON.stringify({ issues }, null, 2)}\n`;
};
export default sonarqube;
