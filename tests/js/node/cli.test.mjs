// The command line as it is installed: output, exit statuses, standard input.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const cli = path.resolve('node_modules', '.bin', 'layerwright');
const examples = path.join(process.env.LAYERWRIGHT_REPOSITORY, 'examples');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwright-cli-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(args, { input, cwd = folder, env } = {}) {
  return new Promise((resolve) => {
    const child = execFile(cli, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, encoding: 'buffer', maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout: stdout.toString(), bytes: stdout, stderr: stderr.toString() }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const image = path.join(folder, 'site.tar');
const built = run(['build', '-t', 'static-site:1.0.0', '--output', image, path.join(examples, 'static-site')]);

test('every command has --help, which names its options', async () => {
  const commands = [...(await run(['help'])).stdout.matchAll(/^  (\w+) {2,}/gm)].map((m) => m[1]);
  assert.ok(commands.length > 15, commands.join());
  for (const command of commands) {
    const { code, stdout } = await run([command, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Usage: layerwright ${command}`));
    assert.match(stdout, /--format/);
  }
});

test('wrong usage exits with 2 and says what is right', async () => {
  const unknown = await run(['lnt']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean "lint"/);
  assert.equal((await run(['lint'])).code, 2);
  assert.equal((await run(['lint', '--nope', 'x'])).code, 2);
  assert.equal((await run(['lint', '--format', 'xml', 'x'])).code, 2);
});

test('lint shows the line, the place and the code, and exits with 1', async () => {
  const { code, stdout } = await run(['lint', path.join(examples, 'node-app', 'Dockerfile')]);
  assert.equal(code, 1);
  assert.match(stdout, /DL3020/);
  assert.match(stdout, /ADD entrypoint\.sh \/usr\/local\/bin\//);
  assert.match(stdout, /\^/);
  assert.doesNotMatch(stdout, /\x1b\[/);
});

test('lint reads standard input, and a file without findings exits with 0', async () => {
  const clean = await run(['lint', '-'], { input: 'FROM scratch\nCOPY --chmod=0755 app /app\nUSER 1000\nENTRYPOINT ["/app"]\n' });
  assert.equal(clean.code, 0, clean.stdout);
  const broken = await run(['lint', '--format', 'json', '-'], { input: 'FROM scratch\nCOPYY a b\nMAINTAINER x\n' });
  assert.equal(broken.code, 1);
  const lines = new Set(JSON.parse(broken.stdout).map((f) => f.line));
  assert.ok(lines.has(2) && lines.has(3), broken.stdout);
});

test('lint takes patterns and folders; an unreadable file exits with 2 and the others are still linted', async () => {
  fs.mkdirSync(path.join(folder, 'services', 'a'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'services', 'a', 'Dockerfile'), 'FROM debian\n');
  fs.writeFileSync(path.join(folder, 'services', 'b.Dockerfile'), 'FROM debian\n');
  const pattern = JSON.parse((await run(['lint', '-f', 'json', 'services/**/*Dockerfile'])).stdout);
  const walked = JSON.parse((await run(['lint', '-f', 'json', 'services'])).stdout);
  assert.deepEqual(new Set(pattern.map((f) => f.file)), new Set(['services/a/Dockerfile', 'services/b.Dockerfile']));
  assert.deepEqual(new Set(walked.map((f) => f.file)), new Set(pattern.map((f) => f.file)));
  const missing = await run(['lint', '-f', 'json', 'absent', 'services/b.Dockerfile']);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /absent could not be read: there is no such file/);
  assert.ok(JSON.parse(missing.stdout).length > 0);
});

test('lint --fix rewrites what is safe to rewrite', async () => {
  const file = path.join(folder, 'fix.Dockerfile');
  fs.writeFileSync(file, 'FROM debian:12 as base\nADD a.txt /a.txt\n');
  await run(['lint', '--fix', file]);
  assert.match(fs.readFileSync(file, 'utf8'), /FROM debian:12 AS base/);
});

test('a .hadolint.yaml of the working folder is taken', async () => {
  const cwd = path.join(folder, 'configured');
  fs.mkdirSync(cwd);
  fs.writeFileSync(path.join(cwd, '.hadolint.yaml'), 'ignored:\n  - DL3006\n');
  const codes = async (...more) => JSON.parse((await run(['lint', '-f', 'json', ...more, '-'], { cwd, input: 'FROM debian\n' })).stdout).map((f) => f.code);
  assert.ok(!(await codes()).includes('DL3006'));
  assert.ok((await codes('--no-config')).includes('DL3006'));
});

test('format is idempotent and --check says what is not formatted', async () => {
  const file = path.join(folder, 'format.Dockerfile');
  fs.writeFileSync(file, 'from debian:12\nrun a && \\\n b\n');
  assert.equal((await run(['format', '--check', file])).code, 1);
  assert.equal((await run(['format', '--write', file])).code, 0);
  assert.equal((await run(['format', '--check', file])).code, 0);
});

test('format takes a style, and --diff shows what it would change', async () => {
  const file = path.join(folder, 'style.Dockerfile');
  fs.writeFileSync(file, 'FROM debian:12\nRUN apt-get install -y zip curl \\\n  && true\n\nUSER 1000\nCMD ["x"]\n# a\n# b\n# c\nSTOPSIGNAL   9');
  const style = ['--indent', '2', '--keyword-case', 'lower', '--continuation', 'align', '--sort-packages', '--break-commands'];
  const { stdout } = await run(['format', ...style, file]);
  assert.match(stdout, /^from debian:12\nrun apt-get install -y curl zip \\\n  && true\n/);
  const diff = await run(['format', '--diff', file]);
  assert.equal(diff.code, 1);
  assert.equal(diff.stdout, `--- ${file}\n+++ ${file}\n@@ -1,10 +1,10 @@\n FROM debian:12\n RUN apt-get install -y zip curl \\\n-  && true\n+    && true\n \n USER 1000\n CMD ["x"]\n # a\n # b\n # c\n-STOPSIGNAL   9\n\\ No newline at end of file\n+STOPSIGNAL 9\n`);
  assert.equal((await run(['format', '--indent', '99', file])).code, 2);
});

test('plan shows stages and the image config; what BuildKit refuses exits with 1', async () => {
  const { code, stdout } = await run(['plan', path.join(examples, 'node-app', 'Dockerfile')]);
  assert.equal(code, 0);
  assert.match(stdout, /runtime/);
  assert.match(stdout, /Entrypoint\s+\["tini"/);
  const json = JSON.parse((await run(['plan', '--format', 'json', path.join(examples, 'node-app', 'Dockerfile')])).stdout);
  assert.equal(json.stages.filter((s) => !s.implicit).length, 4);
  assert.equal((await run(['plan', '-'], { input: 'FROM scratch\nCOPY a\n' })).code, 1);
});

test('plan of a folder says what is sent, and which line leaves what out', async () => {
  const cwd = path.join(folder, 'context');
  fs.mkdirSync(path.join(cwd, 'node_modules', 'x'), { recursive: true });
  for (const [name, text] of [['Dockerfile', 'FROM scratch\nCOPY *.js /\n'], ['.dockerignore', '# tests\n\n*.test.js\nnode_modules\n'], ['a.js', ''], ['a.test.js', ''], ['notes', ''], ['node_modules/x/1', '']]) fs.writeFileSync(path.join(cwd, name), text);
  const { code, stdout } = await run(['plan', '.'], { cwd });
  assert.equal(code, 0);
  assert.match(stdout, /sent 1 file\n\s+a\.js\n/);
  assert.match(stdout, /left out by \.dockerignore:3 \*\.test\.js 1 file\n\s+a\.test\.js/);
  assert.match(stdout, /left out by \.dockerignore:4 node_modules 1 file\n\s+node_modules\/\n/);
  const { context } = JSON.parse((await run(['plan', '--format', 'json', '--context', cwd, 'context/Dockerfile'])).stdout);
  assert.deepEqual(context.sent, ['a.js']);
  assert.ok(context.unread.includes('notes'));
  assert.deepEqual(context.ignored.at(-1), { path: 'node_modules/x/1', pattern: 'node_modules', line: 4 });
});

test('plan takes the config of a base from an image, and names for contexts', async () => {
  await built;
  const input = 'FROM site\nCOPY --from=data x /\n';
  const plan = async (...more) => JSON.parse((await run(['plan', '--format', 'json', ...more, '-'], { input })).stdout);
  const known = await plan('--base', `site=${image}`, '--build-context', 'data=.');
  assert.equal(known.image.config.User, '1000:1000');
  assert.equal(known.stages[0].baseKnown, true);
  assert.deepEqual(known.stages[1].base, { kind: 'context', reference: 'data' });
  const unknown = await plan('--build-context', 'site=docker-image://debian');
  assert.deepEqual([unknown.stages[0].base.kind, unknown.stages[0].baseKnown], ['context', false]);
});

test('plan refuses what a check is asked to refuse', async () => {
  const { code, stderr } = await run(['plan', '-'], { input: '# check=error=true\nFROM scratch as a\n' });
  assert.equal(code, 1);
  assert.match(stderr, /lint violation found for rules: FromAsCasing; mend line 2.*PLAN_CHECK_FAILED/);
});

test('an image that was built verifies, and is the same at a second build', async () => {
  const { code, stderr } = await built;
  assert.equal(code, 0, stderr);
  assert.equal((await run(['verify', image])).code, 0);
  const again = path.join(folder, 'again.tar');
  await run(['build', '-t', 'static-site:1.0.0', '--output', again, path.join(examples, 'static-site')]);
  assert.ok(fs.readFileSync(again).equals(fs.readFileSync(image)));
});

test('inspect, ls and cat read the image, from a file and from standard input', async () => {
  await built;
  const json = JSON.parse((await run(['inspect', '--format', 'json', image])).stdout);
  assert.equal(json.images[0].config.config.User, '1000:1000');
  const listed = (await run(['ls', image])).stdout.split('\n');
  assert.ok(listed.includes('srv/www/index.html'), listed.join(' '));
  assert.ok(!listed.some((l) => l.includes('draft')), 'the ignore file holds');
  const { bytes } = await run(['cat', image, '/srv/www/version.txt']);
  assert.equal(bytes.toString(), '1.0.0\n');
  const streamed = JSON.parse((await run(['inspect', '--format', 'json', '-'], { input: fs.readFileSync(image) })).stdout);
  assert.deepEqual(streamed.images[0].layers.map((l) => l.digest), json.images[0].layers.map((l) => l.digest));
});

test('a damaged image fails verification with the layer and the place', async () => {
  await built;
  const bytes = fs.readFileSync(image);
  const at = bytes.indexOf(Buffer.from([0x1f, 0x8b, 0x08]));
  assert.ok(at > 0);
  // Inside even the smallest layer: what follows it is padding.
  bytes[at + 20] ^= 0xff;
  const damaged = path.join(folder, 'damaged.tar');
  fs.writeFileSync(damaged, bytes);
  const { code, stdout } = await run(['verify', '--format', 'json', damaged]);
  assert.equal(code, 1);
  const errors = JSON.parse(stdout).findings.filter((f) => f.severity === 'error');
  assert.ok(errors.some((f) => /sha256:/.test(JSON.stringify(f))), stdout);
});

test('cat of a missing path exits with 1, an unreadable image with 2', async () => {
  await built;
  assert.equal((await run(['cat', image, 'no/such'])).code, 1);
  assert.equal((await run(['inspect', 'no-such.tar'])).code, 2);
  fs.writeFileSync(path.join(folder, 'text.tar'), 'just some text, no image');
  const { code, stderr } = await run(['inspect', 'text.tar']);
  assert.equal(code, 2);
  assert.match(stderr, /[A-Z]+_[A-Z_]+/);
});

test('find prints paths, or lines with a text, and exits with 1 where nothing is found', async () => {
  await built;
  const found = await run(['find', image, '*.html']);
  assert.equal(found.code, 0, found.stderr);
  assert.match(found.stdout, /index\.html\n/);
  const text = await run(['find', '--text', '<html', image]);
  assert.match(text.stdout, /index\.html:\d+: .*<html/);
  assert.equal((await run(['find', image, '>1GB'])).code, 1);
  assert.equal((await run(['find', '--size', 'big', image])).code, 2);
});

test('export writes what GNU tar unpacks to the same files', async (t) => {
  await built;
  const tar = path.join(folder, 'rootfs.tar');
  const { code, stderr } = await run(['export', image, '-o', tar]);
  assert.equal(code, 0, stderr);
  const piped = await run(['export', image]);
  assert.deepEqual(piped.bytes, fs.readFileSync(tar));
  const out = path.join(folder, 'rootfs');
  fs.mkdirSync(out);
  const unpacked = await new Promise((resolve) => execFile('tar', ['-x', '-p', '-f', tar, '-C', out], (error) => resolve(error)));
  if (unpacked?.code === 'ENOENT') return t.skip('there is no tar');
  assert.equal(unpacked, null);
  const listed = JSON.parse((await run(['ls', '--format', 'json', image])).stdout);
  for (const file of listed) {
    const stat = fs.lstatSync(path.join(out, file.path));
    assert.equal(stat.mode & 0o777, file.mode & 0o777, file.path);
    if (file.kind === 'file') assert.equal(stat.size, file.size, file.path);
    if (file.kind !== 'symlink') assert.equal(Math.floor(stat.mtimeMs / 1000), Math.floor(file.mtime), file.path);
  }
  const whole = fs.readdirSync(out, { recursive: true });
  assert.equal(whole.length, listed.length);
});

test('who names the layer and the instruction, history the steps', async () => {
  await built;
  const [file] = JSON.parse((await run(['find', '--format', 'json', image, 'index.html'])).stdout);
  const who = await run(['who', image, file.path]);
  assert.equal(who.code, 0, who.stderr);
  assert.match(who.stdout, /\+ added +layer \d+ .*\n +COPY /);
  assert.equal((await run(['who', image, 'no/such'])).code, 1);
  assert.match((await run(['history', image])).stdout, /COPY /);
  const dockerfile = await run(['history', '--dockerfile', image]);
  assert.match(dockerfile.stdout, /^FROM scratch$/m);
  assert.equal((await run(['format', '-'], { input: dockerfile.stdout })).code, 0);
});

test('analyze shows layers and lists, and the rules of dive decide the exit status', async () => {
  await built;
  const shown = await run(['analyze', image]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /Wasted +nothing/);
  assert.match(shown.stdout, /█/);
  const analysis = JSON.parse((await run(['analyze', '--format', 'json', image])).stdout);
  assert.equal(analysis.dive.score, 1);
  assert.ok(analysis.parts.application.bytes > 0);
  assert.equal((await run(['analyze', '--ci', image])).code, 0);
  fs.writeFileSync(path.join(folder, '.dive-ci'), 'rules:\n  lowestEfficiency: 1.1\n');
  const gate = await run(['analyze', '--ci', image]);
  assert.equal(gate.code, 1);
  assert.match(gate.stdout, /fail +lowestEfficiency/);
  assert.equal((await run(['analyze', '--ci', '--lowest-efficiency', '0.5', image])).code, 0);
  assert.equal((await run(['analyze', '--ci', '--ci-config', 'no-such', image])).code, 2);
  fs.rmSync(path.join(folder, '.dive-ci'));
});

test('compare shows the verdict and the files, and sets the exit status when asked', async () => {
  await built;
  const same = await run(['compare', '--exit-code', '--strict', image, image]);
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /^Identical\./);
  const other = path.join(folder, 'other');
  fs.cpSync(path.join(examples, 'static-site'), other, { recursive: true });
  fs.appendFileSync(path.join(other, 'public', 'index.html'), '<!-- new -->\n');
  const changed = path.join(folder, 'changed.tar');
  assert.equal((await run(['build', '-t', 'static-site:2', '--output', changed, other])).code, 0);
  const different = await run(['compare', '--exit-code', image, changed]);
  assert.equal(different.code, 1, different.stderr);
  assert.match(different.stdout, /^Different/);
  assert.match(different.stdout, /~ srv\/www\/index\.html +content/);
  assert.match(different.stdout, /\+<!-- new -->/);
  const json = JSON.parse((await run(['compare', '--format', 'json', image, changed])).stdout);
  assert.equal(json.verdict, 'different');
  assert.ok(json.sharedBlobBytes < json.blobBytes);
});

test('verify tells levels, readers of tar, and SARIF', async () => {
  await built;
  assert.equal((await run(['verify', '--strict', image])).code, 0);
  assert.equal((await run(['verify', '--strict', '--lenient', image])).code, 2);
  assert.match((await run(['verify', '--limit', 'entries=0', image])).stdout, /TAR_TOO_MANY_ENTRIES/);
  assert.match((await run(['ls', '--limit', 'members=1', image])).stderr, /more than 1 members/);
  assert.equal((await run(['verify', '--limit', 'entries=many', image])).code, 2);
  assert.match((await run(['verify', '--differential', image])).stdout, /All readers/);
  const bytes = fs.readFileSync(image);
  const digest = bytes.indexOf(Buffer.from('"digest":"sha256:'));
  bytes[digest + 20] ^= 1;
  const wrong = path.join(folder, 'wrong.tar');
  fs.writeFileSync(wrong, bytes);
  const { code, stdout } = await run(['verify', '--format', 'sarif', wrong]);
  assert.equal(code, 1);
  const sarif = JSON.parse(stdout);
  assert.equal(sarif.version, '2.1.0');
  const [{ results, tool }] = sarif.runs;
  assert.ok(results.length > 0 && results.every((r) => tool.driver.rules[r.ruleIndex].id === r.ruleId));
  assert.ok(results.some((r) => r.level === 'error' && r.properties.clause), stdout);
});

test('explain typesets a rule: what is wrong and what is right, by code or name', async () => {
  const { code, stdout } = await run(['explain', 'dl3008', 'UndefinedVar']);
  assert.equal(code, 0);
  assert.match(stdout, /^DL3008 unpinned-apt-packages\nwarning, reproducibility/);
  assert.match(stdout, /^ {2}- RUN apt-get install/m);
  assert.match(stdout, /^ {2}\+ RUN apt-get install/m);
  assert.match(stdout, /UndefinedVar/);
  const unknown = await run(['explain', 'DL9999']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /There is no rule "DL9999"/);
});

test('the pages of the rules, the hooks and the action are in step with the package', async () => {
  const repository = process.env.LAYERWRIGHT_REPOSITORY;
  const { outOfStep } = await import(pathToFileURL(path.join(repository, 'scripts', 'docs.mjs')));
  assert.deepEqual(await outOfStep(), [], 'run "npm run docs"');
  const hooks = fs.readFileSync(path.join(repository, '.pre-commit-hooks.yaml'), 'utf8');
  const entries = [...hooks.matchAll(/entry: layerwright (.+)/g)].map((m) => m[1].split(' '));
  assert.equal(entries.length, 3);
  for (const [i, entry] of entries.entries()) {
    const file = path.join(folder, `hook${i}.Dockerfile`);
    fs.writeFileSync(file, 'FROM scratch\nCOPY app /app\nUSER 1000\nENTRYPOINT ["/app"]\n');
    const { code, stderr } = await run([...entry, file]);
    assert.equal(code, 0, stderr);
  }
  // The action's own script, with npx standing for the installed package.
  const action = fs.readFileSync(path.join(repository, 'action.yml'), 'utf8');
  const script = action.slice(action.indexOf('run: |') + 6).replace(/^ {8}/gm, '');
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\nshift 2\nexec "${cli}" "$@"\n`, { mode: 0o755 });
  fs.writeFileSync(path.join(folder, 'action.Dockerfile'), 'FROM debian\nRUN cd /tmp\n');
  const env = { ...process.env, NO_COLOR: '1', PATH: `${bin}:${process.env.PATH}`, FILES: 'action.Docker*', PROFILE: 'strict', CONFIG: '', THRESHOLD: 'error', FORMAT: 'github', SARIF: 'action.sarif', VERSION: 'latest' };
  const result = await new Promise((resolve) => execFile('bash', ['-e', '-c', script], { cwd: folder, env }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr })));
  assert.match(result.stdout, /::warning file=action\.Dockerfile,line=1/, result.stderr);
  assert.equal(JSON.parse(fs.readFileSync(path.join(folder, 'action.sarif'), 'utf8')).version, '2.1.0');
});
