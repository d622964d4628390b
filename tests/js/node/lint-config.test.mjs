// Configurations, baselines and fixes of `layerwright lint`, in a repository as people have them.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const cli = path.resolve('node_modules', '.bin', 'layerwright');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-config-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(args, { input, cwd = folder, env } = {}) {
  return new Promise((resolve) => {
    const child = execFile(cli, args, { cwd, env: { ...process.env, HOME: folder, NO_COLOR: '1', ...env } }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** A folder with these files; a repository, so that nothing above it counts. */
function repository(name, files) {
  const root = path.join(folder, name);
  fs.mkdirSync(path.join(root, '.git'), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  }
  return root;
}

const levels = async (cwd, args, options = {}) => {
  const { stdout, stderr } = await run(['lint', '-f', 'json', ...args], { cwd, ...options });
  assert.notEqual(stdout, '', stderr);
  return Object.fromEntries(JSON.parse(stdout).map((f) => [`${f.file} ${f.code}`, f.level]));
};

const TEXT = 'FROM debian\nRUN cd /x && apt-get update\n';

test('the nearest layerwright.toml up to the root of the repository holds, with its overrides', async () => {
  const root = repository('own', {
    'layerwright.toml': 'ignore = ["DL3006"]\n[rules]\nDL3003 = "error"\n[categories]\nsize = "off"\n[[overrides]]\nfiles = "services/**"\n[overrides.rules]\nDL3003 = "style"\nDL3006 = "on"\n[[overrides]]\nfiles = "*.dev"\nignore = "DL3003"\n',
    Dockerfile: TEXT,
    'services/a/Dockerfile': TEXT,
    'services/a/Dockerfile.dev': TEXT,
    'nearer/layerwright.toml': 'profile = "buildkit"\n',
    'nearer/Dockerfile': 'FROM debian as a\nRUN cd /x\n',
  });
  const found = await levels(root, ['.']);
  assert.equal(found['Dockerfile DL3003'], 'error');
  assert.equal(found['Dockerfile DL3006'], undefined);
  assert.equal(found['Dockerfile DL3009'], undefined);
  assert.equal(found['services/a/Dockerfile DL3003'], 'style');
  assert.equal(found['services/a/Dockerfile DL3006'], 'warning');
  assert.equal(found['services/a/Dockerfile.dev DL3003'], undefined);
  assert.deepEqual(Object.keys(found).filter((k) => k.startsWith('nearer/')), ['nearer/Dockerfile FromAsCasing']);
  // From another working folder, the same.
  assert.equal((await levels(path.join(root, 'services', 'a'), ['Dockerfile']))['Dockerfile DL3003'], 'style');
  assert.equal((await levels(root, ['--no-config', 'Dockerfile']))['Dockerfile DL3003'], 'warning');
});

test('the key of a package.json holds, extends packages and files, and knows a circle', async () => {
  const root = repository('extends', {
    'package.json': '{ "name": "x", "layerwright": { "extends": ["@team/rules", "./more.toml", "./.hadolint.yaml"], "rules": { "DL3004": "off" } } }',
    'node_modules/@team/rules/layerwright.toml': 'rules = { DL3003 = "error", DL3004 = "error" }\n',
    'more.toml': 'rules.DL3006 = "error"\n',
    '.hadolint.yaml': 'ignored: [DL3007]\n',
    Dockerfile: 'FROM debian\nFROM debian:latest\nRUN cd /x && sudo y\n',
    'circle.toml': 'extends = "./round.toml"\n',
    'round.toml': 'extends = ["./circle.toml"]\n',
    'none.toml': 'profile = "all"\n\nextends = ["./absent.toml"]\n',
  });
  const found = await levels(root, ['Dockerfile']);
  assert.equal(found['Dockerfile DL3003'], 'error');
  assert.equal(found['Dockerfile DL3004'], undefined);
  assert.equal(found['Dockerfile DL3006'], 'error');
  assert.equal(found['Dockerfile DL3007'], undefined);
  const circle = await run(['lint', '-c', 'circle.toml', 'Dockerfile'], { cwd: root });
  assert.equal(circle.code, 2);
  assert.match(circle.stderr, /circle\.toml extends itself: .*CONFIG_INVALID/);
  const none = await run(['lint', '-c', 'none.toml', 'Dockerfile'], { cwd: root });
  assert.match(none.stderr, /none\.toml:3: extends: there is no file or installed package "\.\/absent\.toml"/);
});

test('what is wrong in a configuration is told with its line and what was meant', async () => {
  const root = repository('wrong', {
    Dockerfile: TEXT,
    'layerwright.toml': 'profil = "all"\nignore = [\n  "DL3006",\n  "DL3O06",\n]\nstrict-labels = "yes"\n\n[rules]\nDL3003 = "erorr"\n\n[[overrides]]\nfiles = "a"\nbaseline = "x"\n\n[[overrides]]\nprofile = "al"\n',
    'broken.toml': 'profile = "all"\nrules = [\n',
    'package.json': '{\n  "layerwright": {\n    "rules": {\n      "DL3003": "of"\n    }\n  }\n}\n',
  });
  const { code, stderr } = await run(['lint', 'Dockerfile'], { cwd: root });
  assert.equal(code, 2);
  for (const line of [
    /toml:1: unknown key "profil"\. Did you mean "profile"\?/,
    /toml:4: no rule has the code or name "DL3O06"\. Did you mean "DL3006"\?/,
    /toml:6: "strict-labels": expected true or false, got "yes"/,
    /toml:9: "rules\.DL3003": expected .*got "erorr"\. Did you mean "error"\?/,
    /toml:13: "baseline" holds for a whole run/,
    /toml:15: "overrides" 2: "files" is missing/,
    /toml:16: "overrides\.1\.profile": expected .*Did you mean "all"\?/,
  ])
    assert.match(stderr, line);
  assert.match((await run(['lint', '-c', 'broken.toml', 'Dockerfile'], { cwd: root })).stderr, /broken\.toml:[23]: /);
  assert.match((await run(['lint', '-c', 'package.json', 'Dockerfile'], { cwd: root })).stderr, /package\.json:4: .*Did you mean "off"/);
});

test("hadolint's variables, file and options add up as they do there", async () => {
  const root = repository('hadolint', { Dockerfile: 'FROM debian\nLABEL b=1\nRUN cd /x && sudo y\n', '.hadolint.yaml': 'override:\n  error: [DL3003]\n  info: [DL3004]\nignored: [DL3006]\nfailure-threshold: error\n' });
  const env = { HADOLINT_OVERRIDE_STYLE: 'DL3003', HADOLINT_OVERRIDE_WARNING: 'DL3004', HADOLINT_REQUIRE_LABELS: 'a:text', HADOLINT_STRICT_LABELS: 'true' };
  const found = await levels(root, ['-p', 'hadolint', 'Dockerfile'], { env });
  assert.deepEqual(
    { ...found },
    { 'Dockerfile DL3049': 'info', 'Dockerfile DL3050': 'info', 'Dockerfile DL3003': 'error', 'Dockerfile DL3004': 'warning' },
  );
  const args = ['lint', '-p', 'hadolint', 'Dockerfile'];
  assert.equal((await run(args, { cwd: root })).code, 1);
  assert.equal((await run([...args, '--ignore', 'DL3003'], { cwd: root })).code, 0, 'only info is left, and the threshold is error');
  assert.equal((await run([...args, '--no-fail'], { cwd: root })).code, 0);
  assert.equal((await run(args, { cwd: root, env: { HADOLINT_NOFAIL: '1' } })).code, 0);
  assert.equal((await run(args, { cwd: root, env: { HADOLINT_IGNORE: 'DL3003,DL3004' } })).code, 0);
  assert.equal((await levels(root, ['-p', 'hadolint', '--style', 'DL3003', '--error', 'DL3004', 'Dockerfile']))['Dockerfile DL3003'], 'error', 'the more severe wins');
  const trusted = await levels(root, ['-p', 'hadolint', '--trusted-registry', 'x.example', '--require-label', 'c:semver', 'Dockerfile']);
  assert.equal(trusted['Dockerfile DL3026'], 'error');
  assert.equal(trusted['Dockerfile DL3049'], 'info');
  assert.equal((await run(['lint', '--require-label', 'c:nope', 'Dockerfile'], { cwd: root })).code, 2);
});

test('a code silenced for hadolint silences its twin, and its comments can be switched off', async () => {
  const root = repository('twins', { Dockerfile: '# hadolint global ignore=DL3006\nFROM debian\nCMD a\n', '.hadolint.yaml': 'ignored: [DL3025]\n' });
  assert.deepEqual(await levels(root, ['Dockerfile', '--ignore', 'LW1006']), {});
  assert.ok('Dockerfile DL3006' in (await levels(root, ['--disable-ignore-pragma', 'Dockerfile'])));
});

test('--print-config names the source of each value', async () => {
  const root = repository('print', { Dockerfile: TEXT, 'layerwright.toml': 'profile = "strict"\nextends = "./base.toml"\n', 'base.toml': '\n[rules]\nDL3003 = "error"\n' });
  const { stdout } = await run(['lint', '--print-config', '--ignore', 'DL3006', 'Dockerfile'], { cwd: root, env: { HADOLINT_OVERRIDE_INFO: 'DL3007' } });
  for (const line of [/^profile = "strict" +# layerwright\.toml:1$/m, /^DL3003 = "error" +# base\.toml:3$/m, /^DL3006 = "off" +# command line$/m, /^DL3007 = "info" +# HADOLINT_OVERRIDE_INFO$/m]) assert.match(stdout, line);
});

test('a baseline hides what it holds although lines move, shows what is new, and says what is stale', async () => {
  const root = repository('baseline', { Dockerfile: 'FROM debian:12\nRUN cd /x\nRUN cd  /x\n' });
  const args = (...more) => ['lint', '-f', 'json', '--ignore', 'DL3059', '--ignore', 'LW1007', ...more, 'Dockerfile'];
  const written = await run(args('--write-baseline', 'known.json'), { cwd: root });
  assert.equal(written.code, 0, written.stderr);
  const known = fs.readFileSync(path.join(root, 'known.json'), 'utf8');
  const same = await run(args('--baseline', 'known.json'), { cwd: root });
  assert.deepEqual([same.code, JSON.parse(same.stdout)], [0, []]);
  // Moved and laid out anew: still known. A third one of the same text is new.
  fs.writeFileSync(path.join(root, 'Dockerfile'), 'FROM debian:12\n# a\nENV A=1\n\nRUN   cd /x\nRUN cd /x\nRUN cd /x\n');
  const third = JSON.parse((await run(args('--baseline', 'known.json'), { cwd: root })).stdout);
  assert.deepEqual(third.map((f) => [f.code, f.line]), [['DL3003', 7], ['SC2164', 7]]);
  fs.writeFileSync(path.join(root, 'Dockerfile'), 'FROM debian:12\nRUN cd /x\n');
  fs.writeFileSync(path.join(root, 'layerwright.toml'), 'baseline = "known.json"\n');
  const stale = await run(args(), { cwd: root });
  assert.equal(stale.code, 0);
  assert.match(stale.stderr, /Dockerfile: DL3003 is no longer found in "RUN cd \/x"/);
  assert.equal((await run(args('--update-baseline'), { cwd: root })).code, 0);
  const updated = await run(args(), { cwd: root });
  assert.deepEqual([updated.code, updated.stderr], [0, '']);
  fs.writeFileSync(path.join(root, 'Dockerfile'), 'FROM debian:12\nRUN cd /x\nRUN cd  /x\n');
  await run(args('--write-baseline', 'known.json'), { cwd: root });
  assert.equal(fs.readFileSync(path.join(root, 'known.json'), 'utf8'), known, 'byte-stable');
  assert.match((await run(args('--baseline', 'absent.json'), { cwd: root })).stderr, /BASELINE_UNREADABLE/);
  fs.writeFileSync(path.join(root, 'bad.json'), '{"version":1,"findings":{"Dockerfile":[{}]}}');
  assert.match((await run(args('--baseline', 'bad.json'), { cwd: root })).stderr, /BASELINE_INVALID/);
});

test('--fix-dry-run is a patch that gives what --fix gives', async () => {
  const texts = {
    'a/Dockerfile': 'FROM debian:12 as a\nRUN apt-get update && apt-get install x\nRUN b\nRUN c\nRUN d\nRUN e\nRUN f\nRUN g\nRUN h\nRUN i\nENV A b\n',
    'with space/Dockerfile': 'FROM debian:12 as a\r\nENV a b\r\nRUN echo\r\n',
    'Dockerfile.end': 'FROM debian:12\nENV a b',
    'Dockerfile.fine': 'FROM debian:12\n',
  };
  const root = repository('patch', texts);
  fs.rmSync(path.join(root, '.git'), { recursive: true });
  execFileSync('git', ['init', '-q'], { cwd: root });
  const { code, stdout, stderr } = await run(['lint', '--fix-dry-run', '.'], { cwd: root });
  assert.equal(code, 1);
  assert.match(stderr, /fixes would be applied/);
  for (const [file, text] of Object.entries(texts)) assert.equal(fs.readFileSync(path.join(root, file), 'utf8'), text);
  fs.writeFileSync(path.join(root, 'p.diff'), stdout);
  execFileSync('git', ['apply', '-p1', 'p.diff'], { cwd: root });
  const patched = Object.keys(texts).map((f) => fs.readFileSync(path.join(root, f), 'utf8'));
  for (const [file, text] of Object.entries(texts)) fs.writeFileSync(path.join(root, file), text);
  await run(['lint', '--fix', '.'], { cwd: root });
  assert.deepEqual(Object.keys(texts).map((f) => fs.readFileSync(path.join(root, f), 'utf8')), patched);
  assert.match(patched[0], /AS a\n.*install -y x/);
  assert.match(patched[2], /ENV a=b$/);
  const coloured = await run(['lint', '--fix-dry-run', '-'], { cwd: root, input: 'FROM a:1 as b\n', env: { NO_COLOR: '', FORCE_COLOR: '1' } });
  assert.match(coloured.stdout, /\x1b\[32m\+FROM a:1 AS b\x1b\[39m/);
});

test('fixes leave files alone that are not UTF-8, keep a byte order mark, and take suggestions where asked', async () => {
  const root = repository('bytes', {});
  const latin = Buffer.from('FROM debian:12 as a\n# caf\xe9\n', 'latin1');
  fs.writeFileSync(path.join(root, 'Dockerfile.latin'), latin);
  const { stderr } = await run(['lint', '--fix', 'Dockerfile.latin'], { cwd: root });
  assert.ok(fs.readFileSync(path.join(root, 'Dockerfile.latin')).equals(latin));
  assert.match(stderr, /not UTF-8/);
  fs.writeFileSync(path.join(root, 'Dockerfile'), '\ufeffFROM debian:12 as a\nRUN echo $A\n');
  await run(['lint', '--fix', 'Dockerfile'], { cwd: root });
  assert.equal(fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8'), '\ufeffFROM debian:12 AS a\nRUN echo $A\n');
  await run(['lint', '--fix', '--unsafe-fixes', 'Dockerfile'], { cwd: root });
  assert.equal(fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8'), '\ufeffFROM debian:12 AS a\nRUN echo "$A"\n');
  const piped = await run(['lint', '--fix', '-'], { cwd: root, input: 'FROM debian:12 as a\nRUN cd /x\n' });
  assert.equal(piped.stdout, 'FROM debian:12 AS a\nRUN cd /x\n');
  assert.match(piped.stderr, /DL3003/);
});

test('several formats go to several files, under a name of choice', async () => {
  const root = repository('formats', { Dockerfile: 'FROM debian\n' });
  const { stdout, code } = await run(['lint', '-f', 'json', '-o', 'a.json', '-f', 'sarif', '-o', 'b.sarif', '-f', 'tty', '--file-path-in-report', 'x/y', 'Dockerfile'], { cwd: root });
  assert.equal(code, 1);
  assert.match(stdout, /^x\/y:1 DL3006 warning: /m);
  assert.equal(JSON.parse(fs.readFileSync(path.join(root, 'a.json'), 'utf8'))[0].file, 'x/y');
  assert.equal(JSON.parse(fs.readFileSync(path.join(root, 'b.sarif'), 'utf8')).version, '2.1.0');
  assert.equal((await run(['lint', '-f', 'json', '-o', 'a', '-o', 'b', 'Dockerfile'], { cwd: root })).code, 2);
});
