// What is said of other readers of tar, held against those that are here: GNU tar and Python's tarfile.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readTar, tarDifferences } from 'layerwright';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-tar-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function header(name, type, size, { prefix = '', magic = 'ustar\x0000' } = {}) {
  const block = Buffer.alloc(512);
  const octal = (value, width) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  block.write(name, 0);
  block.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12), 100);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(magic, 257, 'latin1');
  block.write(prefix, 345);
  block.write(`${block.reduce((a, b) => a + b, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const padded = (text) => Buffer.concat([Buffer.from(text), Buffer.alloc((512 - (Buffer.byteLength(text) % 512)) % 512)]);
function pax(key, value) {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length++;
  const record = `${length}${rest}`;
  return Buffer.concat([header('PaxHeaders.0/x', 'x', record.length), padded(record)]);
}
const long = (name) => Buffer.concat([header('././@LongLink', 'L', name.length + 1, { magic: 'ustar  \0' }), padded(`${name}\0`)]);
const [first, second] = ['first/'.padEnd(120, 'a'), 'second/'.padEnd(120, 'b')];

/** Tars with one oddity each, and the names that each reader is said to see. */
const CASES = {
  TAR_SIZE_WITHOUT_BODY: { parts: [header('p', '6', 512), header('smuggled', '0', 0)], go: ['p', 'smuggled'], gnu: ['p'], python: ['p', 'smuggled'] },
  TAR_TWO_PAX_HEADERS: { parts: [pax('path', 'one'), pax('path', 'two'), header('short', '0', 0)], go: ['two'], gnu: ['two'], python: ['one'] },
  TAR_PAX_AND_GNU_NAME: { parts: [long(first), pax('path', 'pax-name'), header('short', '0', 0)], go: [first], gnu: ['pax-name'], python: [first] },
  TAR_TWO_LONG_NAMES: { parts: [long(first), long(second), header('short', '0', 0, { magic: 'ustar  \0' })], go: [second], gnu: [second], python: [first] },
  TAR_PREFIX_IN_GNU_HEADER: { parts: [header('name', '0', 0, { magic: 'ustar  \0', prefix: 'etc/cron.d' })], go: ['etc/cron.d/name'], gnu: ['name'], python: ['etc/cron.d/name'] },
};

const lines = (command, args) =>
  new Promise((resolve) => execFile(command, args, (error, stdout) => resolve(error?.code === 'ENOENT' ? undefined : stdout.split('\n').filter(Boolean))));

for (const [code, { parts, ...names }] of Object.entries(CASES))
  test(`${code}: readers see what is said of them`, async (t) => {
    const file = path.join(folder, `${code}.tar`);
    fs.writeFileSync(file, Buffer.concat([...parts, Buffer.alloc(1024)]));
    const entries = await readTar(file);
    assert.deepEqual(entries.map((e) => e.path), names.go);
    assert.ok(entries.some((e) => e.ambiguous?.includes(code)), JSON.stringify(entries));
    const [difference] = tarDifferences({ findings: [{ code, severity: 'warning', message: '' }] });
    for (const reader of ['gnu', 'python']) assert.ok(difference.readers[reader] !== undefined || names[reader].join() === names.go.join(), reader);
    const version = (await lines('tar', ['--version']))?.[0] ?? '';
    if (version.includes('GNU tar')) assert.deepEqual(await lines('tar', ['-tf', file]), names.gnu, version);
    else t.diagnostic('there is no GNU tar');
    const python = await lines('python3', ['-c', 'import tarfile, sys\nfor m in tarfile.open(sys.argv[1]): print(m.name)', file]);
    if (python) assert.deepEqual(python, names.python);
    else t.diagnostic('there is no Python');
  });
