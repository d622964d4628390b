// Every format, byte for byte, and against the schemas there are. LAYERWRIGHT_UPDATE=1 writes the answers anew.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { explain, lint, renderReport, version } from 'layerwright/lint';

const repository = process.env.LAYERWRIGHT_REPOSITORY;
const folder = path.join(repository, 'tests', 'js', 'node', 'reports');
const require = createRequire(path.join(repository, 'package.json'));

const TEXT = 'FROM debian\nRUN apt-get update && \\\n    apt-get install curl | cat\nCOPY \u{e9}\t<a> app\nRUN echo \u{1f680} && cd $A\n';
const keep = new Set(['DL3006', 'DL3014', 'DL3045', 'DL3003', 'SC2086', 'DL4006']);
const files = [
  { name: 'a b/Dockerfile', text: TEXT, findings: lint(TEXT).findings.filter((f) => keep.has(f.code)) },
  { name: 'Dockerfile', text: 'FROM scratch\n', findings: [] },
];
const steady = (text) => text.replaceAll(version(), 'VERSION');

const FORMATS = ['terminal', 'tty', 'json', 'sarif', 'checkstyle', 'codeclimate', 'gitlab_codeclimate', 'gnu', 'codacy', 'sonarqube', 'junit', 'github', 'tap'];
for (const format of FORMATS) {
  test(`${format} is as recorded`, () => {
    const made = steady(renderReport(format, files, { width: 70 }));
    const file = path.join(folder, `${format}.txt`);
    if (process.env.LAYERWRIGHT_UPDATE) fs.writeFileSync(file, made);
    assert.equal(made, fs.readFileSync(file, 'utf8'));
    assert.equal(steady(renderReport(format, files, { width: 70 })), made);
  });
}

const hostile = [{ name: 'x\u0000\n\u202e"<&>/Dockerfile', text: 'FROM \u0001\u202ea\n', findings: [{ ...files[0].findings[0], line: 1, endLine: 1, column: 6, endColumn: 8, lines: { from: 1, to: 1 }, message: 'a\u0000\u001b[31m "<&>\' ]]> \ud800 %0A ::error::\n,b', help: undefined }] }];

test('sarif holds to its schema', () => {
  const Ajv = require('ajv-draft-04');
  const schema = JSON.parse(fs.readFileSync(path.join(folder, 'sarif-2.1.0.schema.json'), 'utf8'));
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  for (const given of [files, hostile, []]) assert.ok(validate(JSON.parse(renderReport('sarif', given))), JSON.stringify(validate.errors));
  const [result] = JSON.parse(renderReport('sarif', files)).runs[0].results.filter((r) => r.fixes);
  const [{ deletedRegion }] = result.fixes[0].artifactChanges[0].replacements;
  assert.ok(deletedRegion.startLine >= 1 && deletedRegion.startColumn >= 1);
});

test('control characters end no line, no XML and no terminal', () => {
  for (const format of ['tty', 'gnu']) {
    const made = renderReport(format, hostile);
    assert.equal(made.split('\n').length, 2, made);
  }
  for (const format of FORMATS.filter((f) => f !== 'codeclimate')) assert.doesNotMatch(renderReport(format, hostile), /[\x00-\x08\x0b\x0c\x0e-\x1f]/, format);
  for (const format of ['checkstyle', 'junit']) {
    const made = renderReport(format, hostile);
    assert.equal((made.match(/<error |<failure /g) ?? []).length, 1);
    assert.doesNotMatch(made, /[\ufffe\uffff]|[\ud800-\udfff]/);
  }
  assert.equal(renderReport('github', hostile).split('\n').length, 2);
  assert.match(renderReport('github', hostile), /%250A/);
});

test('the same finding keeps its fingerprint when lines move, and two of the same have two', () => {
  const prints = (text) => JSON.parse(renderReport('gitlab_codeclimate', [{ name: 'Dockerfile', text, findings: lint(text).findings.filter((f) => f.code === 'DL3003') }])).map((i) => i.fingerprint);
  const two = prints('FROM debian:12\nRUN cd /x\nRUN cd /x\n');
  assert.equal(new Set(two).size, 2);
  assert.deepEqual(prints('FROM debian:12\n\n# c\nRUN cd  /x\nENV a=b\nRUN cd /x\n'), two);
});

test('a terminal gets colours and links only where asked', () => {
  const plain = renderReport('terminal', files);
  assert.doesNotMatch(plain, /\x1b/);
  const rich = renderReport('terminal', files, { colour: true, hyperlinks: true });
  assert.ok(rich.includes(`\x1b]8;;${explain('DL3006').url}\x1b\\`));
  assert.equal(rich.replace(/\x1b\]8;;[^\x1b]*\x1b\\|\x1b\[[\d;]*m/g, '').split('\n').length, plain.split('\n').length - files[0].findings.filter((f) => f.url).length);
});

test('a format that there is not is refused', () => {
  assert.throws(() => renderReport('xml', files), (e) => e.code === 'ARGUMENT_INVALID');
});
