// SARIF 2.1.0, columns in UTF-16 units.
import { advice, fingerprints, slashed, webAddress, type Finding, type FindingFix, type Report } from './report.js';

const LEVELS = { error: 'error', warning: 'warning', info: 'note', style: 'note' } as const;

/** A path as a relative URI reference; an absolute one as a file URI. */
function uri(path: string): string {
  const escaped = slashed(path).split('/').map((part) => encodeURIComponent(part.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)).join('/');
  if (/^[A-Za-z]%3A\//.test(escaped)) return `file:///${escaped.replace('%3A', ':')}`;
  return escaped.startsWith('/') ? `file://${escaped}` : escaped;
}

/** Line and column of an offset. */
function positions(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  };
}

const sarif: Report = (files, { version, rule }) => {
  const codes = [...new Set(files.flatMap((f) => f.findings.map((x) => x.code)))].sort();
  const index = new Map(codes.map((code, i) => [code, i]));
  const rules = codes.map((id) => {
    const known = rule(id);
    if (!known) return { id };
    const { name, summary, docs, url, level, category } = known;
    return {
      id,
      name: name.replace(/(?:^|-)(.)/g, (_, c: string) => c.toUpperCase()),
      shortDescription: { text: summary },
      fullDescription: { text: docs.split('\n```')[0]!.trim() },
      help: { text: docs.trim(), markdown: docs.trim() },
      ...(webAddress(url) ? { helpUri: url } : {}),
      defaultConfiguration: { level: LEVELS[level] },
      properties: { category, tags: [category], precision: 'high', 'problem.severity': level === 'error' || level === 'warning' ? level : 'recommendation' },
    };
  });
  const results = files.flatMap((file) => {
    const at = positions(file.text);
    const names = fingerprints(file);
    const artifactLocation = { uri: uri(file.name) };
    const fix = (f: FindingFix) => ({
      description: { text: f.title },
      artifactChanges: [{
        artifactLocation,
        replacements: f.edits.map((e) => {
          const [from, to] = [at(e.start), at(e.end)];
          return { deletedRegion: { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column }, ...(e.text ? { insertedContent: { text: e.text } } : {}) };
        }),
      }],
    });
    return file.findings.map((f: Finding, i) => ({
      ruleId: f.code,
      ruleIndex: index.get(f.code),
      level: LEVELS[f.level],
      message: { text: advice(f, '\n') },
      locations: [{ physicalLocation: { artifactLocation, region: { startLine: f.line, startColumn: f.column, endLine: f.endLine, endColumn: f.endColumn, sourceLanguage: f.code.startsWith('SC') ? 'sh' : 'dockerfile' } } }],
      partialFingerprints: { 'instruction/v1': names[i] },
      ...(f.fix ? { fixes: [fix(f.fix)] } : {}),
    }));
  });
  const report = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'layerwright', fullName: 'Layerwright', semanticVersion: version, version, shortDescription: { text: 'Lints Dockerfiles' }, rules } }, columnKind: 'utf16CodeUnits', defaultSourceLanguage: 'dockerfile', results }],
  };
  return `${JSON.stringify(report, null, 2)}\n`;
};
export default sarif;
