// What every runtime must answer alike: Node, Deno, Bun, workerd, Chromium, Firefox. Nothing of a host but what all have.
// `lw` is the whole package, `small` is `layerwright/lint`.

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);

function equal(got, want, what = 'value') {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

function ok(value, what) {
  if (!value) throw new Error(`expected ${what}`);
}

/** What `work` throws, which must be one of our errors. */
async function refusal(work) {
  let error;
  try {
    await work();
  } catch (e) {
    error = e;
  }
  ok(error instanceof Error && error.name === 'LayerwrightError' && error.message.length > 10, `a LayerwrightError, not ${error}`);
  return error;
}

async function fails(work, code) {
  const error = await refusal(work);
  equal(error.code, code, 'code');
  return error;
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}


const save = async (lw, image, format) => (await lw.saveImage(image, { format })).bytes();

const SITE = `FROM scratch AS files
COPY --chown=7:8 public/ /srv/
COPY <<EOF /srv/version
1.0.0
EOF

FROM scratch
LABEL title="a site"
ENV ROOT=/srv
COPY --from=files /srv /srv
WORKDIR /srv
USER 1000
EXPOSE 8080
CMD ["serve"]
`;
/** sha256 of SITE's OCI layout. */
const SITE_DIGEST = '5a8c8240d8e2e9eccb7b9218f45b063f6d88b953d90e44ba4fbdf25d30ddc191';
/** The digest of one layer with `repetitive()` in it, however it is compressed. `tests/build.rs` reads them too: they are the same natively. */
const COMPRESSED = {
  'gzip:1': 'sha256:2d56db734fe9e866b3cc650a3c792ab99074be16bd864724c63d2718867c6df2',
  'gzip:2': 'sha256:8fe655bb2b162b715102ba7cf2781088966cc2a5acb40e1eeacd0b25287becf4',
  'gzip:3': 'sha256:9dc9d7f0aa1b41e0c8624eec7e37150eaa1746dee3c702a508d38b409c29677e',
  'gzip:4': 'sha256:64f1ef4415e115de0adb63b2efdc014bf168045800023d06fae088e001d115d5',
  'gzip:5': 'sha256:b11c3c0ff45982e46757b8ebc6055cb7a491df2e96bf1c2c3575b8623e99eb97',
  'gzip:6': 'sha256:96b3259060c45b3ba21bc98e8df2c9f558eb0d885f79f1250f169145440124cb',
  'gzip:7': 'sha256:589675df0015234ab1e56ea551a1e87114826a8c0f0ed2664775bb3de6a61e7e',
  'gzip:8': 'sha256:2a8898f41815c86266dedab7ce3124a265809201bc434fdf8b0f2945b99f4f0b',
  'gzip:9': 'sha256:46dca50c8750f01bb8e05fad0ccd2a49d6221846987ad75f80c87eadde849059',
  'zstd:1': 'sha256:4c256ceb1d4a24448935c81ae72cc829c8b3c441a115f787855ce380246d9136',
  'zstd:2': 'sha256:9d53499fea6bbb4a769e52d639e854f7559446a9eb3dba3b338363a1db373645',
  'zstd:3': 'sha256:f9b3dae005840bb55361f9c1eb4936310e5e7819d2cf19a9abc090dee4ccc433',
  'zstd:5': 'sha256:32da2cae4c8206cd9c87fdb64c8c7054ff8bb2a48313af19e61747758a6192a0',
  'zstd:7': 'sha256:cdf69c69876cb5181886366742c99f22ef5b91ddf478dac7baf8e655cc66876c',
  'zstd:9': 'sha256:d4e44031731e0bba9154918c901f35ef474198062cb5610f5b1d11f96589ec43',
  'zstd:12': 'sha256:34233899ab19b3c3f822ce373ce75cc879740f143bc3c42a1b3cffd0118f49e2',
  'zstd:15': 'sha256:aa2a3986d29b2573301f07ae70f1ad48f733f39bb3766e6cab361c96f0665f3f',
  'zstd:17': 'sha256:84597b9f004ef1d828260572e4dd6215902f6812f82ecdece40275f569133cb3',
  'zstd:19': 'sha256:b8fda1b593ecfea23aebcd8519779b601ca3253e4ba6dfa283775a3d6d349293',
  'none': 'sha256:4b29cc370e2c2af5f2650c930bb0f7c7acf31d47f252bc4351241e05ce7f7c94',
};

/** 300 KB that repeat themselves here and there. */
function repetitive() {
  const phrase = encode('pack my box with five dozen liquor jugs\n');
  const out = new Uint8Array(300_000);
  let state = 1;
  for (let at = 0; at < out.length; ) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const from = (state >>> 16) % phrase.length;
    const part = phrase.subarray(from, from + 1 + ((state >>> 8) % 11)).subarray(0, out.length - at);
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const context = () => [
  { path: 'public/index.html', bytes: encode('<h1>hello</h1>\n') },
  { path: 'public/é.txt', bytes: encode('accent\n') },
  { path: 'secret.txt', bytes: encode('not copied\n') },
];

function cases(lw, small) {
  const build = (more = {}) => lw.buildImage({ dockerfile: SITE, context: context(), tags: ['site:1'], ...more });
  return {
    'the version is a version': () => ok(/^\d+\.\d+\.\d+/.test(lw.version()) && lw.version() === small.version(), 'one version'),

    'init may be called again, also twice at once': () => Promise.all([lw.init(), lw.init(), small.init()]),

    'parse gives instructions with places in UTF-16': () => {
      const { instructions, error } = lw.parse('FROM scratch\nLABEL a="\u{1F600}" b=c\n');
      equal(error, undefined);
      equal(instructions.map((i) => i.name ?? i.keyword).length, 2);
      equal(instructions[1].range.start, { line: 2, column: 1, offset: 13 });
      equal(instructions[1].args.find((a) => a.text === 'c').range.end.column, 17);
    },

    'a parsed file has the same parts as its plain data': () => {
      const text = '\ufefffrom a\tas \u{1F600}\r\nRUN one \\\n\n # c\n  two\\\nthree\nCMD ["\\u00e9x", "y"]\nCOPY --from=\'a b\' --link x \\\n y\nENV A=é \\\n C="d\\\ne" F=\nENV old  style\nONBUILD COPY <<-E x\n\tdoc\n\tE\nNOPE \ud800\nLABEL a=b';
      for (const module of [lw, small])
        for (const input of [text, encode(text), Uint8Array.of(...encode('RUN a \\\n b'), 0xff)]) {
          const parsed = module.parse(input);
          const plain = module.parse(input).toJSON();
          for (const key of Object.keys(plain)) equal(parsed[key], plain[key], key);
          parsed.instructions.forEach((instruction, i) => {
            const want = plain.instructions[i];
            const { name, keyword, flags, args, json, lines, range } = instruction;
            equal([name, keyword, flags, args, json, lines, range], [want.name, want.keyword, want.flags, want.args, want.json, want.lines, want.range], `instruction ${i}`);
            for (const key of Object.keys(want)) equal(instruction[key], want[key], `${key} of instruction ${i}`);
          });
          equal(structuredClone(plain), plain);
        }
    },

    'a text that does not parse is no exception, and its other lines are linted': () => {
      const { findings } = lw.lint('FROM debian:latest\nCOPPY a b\nRUN cd /tmp\n');
      ok(findings.some((f) => f.line === 1) && findings.some((f) => f.line === 2) && findings.some((f) => f.line === 3), `findings on each line: ${JSON.stringify(findings.map((f) => [f.code, f.line]))}`);
    },

    'any bytes are linted': () => {
      const bytes = new Uint8Array(4096).map((_, i) => (i * 7919) % 256);
      ok(Array.isArray(lw.lint(bytes).findings), 'findings');
    },

    'both modules find the same': () => {
      const text = 'FROM node\nRUN apt-get update && apt-get install -y curl\nCMD node x\n';
      equal(lw.lint(text).findings, small.lint(text).findings);
      ok(lw.lint(text).findings.length >= 3, 'findings');
    },

    'positions of findings slice the text': () => {
      const text = 'FROM debian:12\n# é\u{1F600}\nADD a.txt /a.txt\n';
      const found = lw.lint(text).findings.find((f) => f.code === 'DL3020');
      ok(found && found.line === 3, 'DL3020 on line 3');
      equal(text.slice(found.start, found.end), 'a.txt');
    },

    'fix applies what is safe, and a second time changes nothing': () => {
      const { text, applied } = lw.fix('FROM debian:12 as base\nRUN echo hello\n');
      ok(text.includes(' AS base') && applied.length > 0, text);
      equal(lw.fix(text).text, text);
    },

    'an unknown option key is refused and the known ones are named': async () => {
      const error = await fails(() => lw.lint('FROM scratch\n', { profil: 'all' }), 'OPTIONS_INVALID');
      ok(error.message.includes('profil') && error.message.includes('profile'), error.message);
      await fails(() => lw.plan('FROM scratch\n', { Target: 'x' }), 'OPTIONS_INVALID');
    },

    'an argument of a wrong type is refused': () => fails(() => lw.parse(42), 'ARGUMENT_INVALID'),

    'format is idempotent': () => {
      const once = lw.format('from scratch\nenv  a=b\n');
      ok(once.startsWith('FROM scratch\n'), once);
      equal(lw.format(once), once);
    },

    'plan tells stages and the image config': () => {
      const { stages, image, target } = lw.plan(SITE);
      equal(stages.length, 2);
      equal(target, 1);
      equal(image.config.User, '1000');
      equal(image.config.WorkingDir, '/srv');
      ok(stages.every((s) => s.reachable), 'both stages are reached');
    },

    'plan refuses what BuildKit refuses, with the line': async () => {
      const error = await refusal(() => lw.plan('FROM scratch\nCOPY --from=nowhere\n'));
      ok(/^[A-Z_]+$/.test(error.code), error.code);
      ok(JSON.stringify(error.details).includes('2'), `line 2 in ${JSON.stringify(error.details)}`);
    },

    'an editor is told what can be written, in UTF-16': () => {
      const text = '# \u{1F600}\nFROM golang AS build\nFROM scratch\nCOPY --from=b /x /\n';
      const at = text.indexOf('=b') + 2;
      const [stage] = lw.completions(text, at);
      equal({ label: stage.label, kind: stage.kind, insert: stage.insert, start: stage.start, end: stage.end }, { label: 'build', kind: 'stage', insert: 'build', start: at - 1, end: at });
      equal(lw.completions('FROM a\nRUN --network=', 21).map((c) => c.label), ['default', 'none', 'host']);
      const [value] = lw.completions('ARG V=1\nFROM a:$', 16, { buildArgs: { V: '2' } });
      equal([value.label, value.detail], ['V', '2']);
      equal(lw.completions('FROM a\n', 99)[0].start, 7);
    },

    'an editor is told what a thing is and where it is named': () => {
      const text = '# \u{1F600}\nFROM golang AS build\nFROM build\nRUN echo $HOME\n';
      const at = text.lastIndexOf('build');
      const { contents, start, end } = lw.hover(text, at);
      equal(text.slice(start, end), 'build');
      ok(contents.includes('golang'), contents);
      equal(lw.hover(text, text.length), undefined);
      equal(lw.references(text, at), [{ start: text.indexOf('build'), end: text.indexOf('build') + 5, definition: true }, { start: at, end: at + 5, definition: false }]);
      equal(lw.definition(text, at), { start: text.indexOf('build'), end: text.indexOf('build') + 5 });
      equal(lw.definition(text, 0), undefined);
      const kinds = lw.semanticTokens(text).map((t) => [text.slice(t.start, t.end), t.type]);
      ok(kinds.some(([word, type]) => word === 'build' && type === 'class') && kinds.some(([word, type]) => word === '$HOME' && type === 'variable'), JSON.stringify(kinds));
      equal(lw.folding('FROM a\nRUN b\n'), [{ start: 0, end: 12, kind: 'stage' }]);
      const [outline] = lw.symbols('FROM golang AS build\nENV A=1\n');
      equal([outline.name, outline.detail, outline.kind, outline.children[0].children[0].name], ['build', 'golang', 'stage', 'A']);
    },

    'a rename changes every place, or says why not': async () => {
      const text = '# \u{1F600}\nFROM golang AS build\nFROM scratch\nCOPY --from=build /x /\nCOPY --from=0 /y /\n';
      const at = text.indexOf('build');
      equal(lw.prepareRename(text, at), { start: at, end: at + 5, name: 'build' });
      const edits = lw.rename(text, at, 'compile');
      const renamed = edits.reduceRight((t, e) => t.slice(0, e.start) + e.text + t.slice(e.end), text);
      equal(renamed, text.replaceAll('build', 'compile'));
      equal(lw.prepareRename(text, 0), undefined);
      await fails(() => lw.rename(text, 0, 'x'), 'EDIT_RENAME_NOTHING');
      await fails(() => lw.rename(text, at, '1x'), 'EDIT_RENAME_INVALID');
    },

    'a panic becomes INTERNAL, and the next call works': async () => {
      await fails(() => lw.engine.call((glue) => glue.panicForTest()), 'INTERNAL');
      equal(lw.lint('FROM scratch\n').findings.length >= 0, true);
    },

    'an image is built, saved, opened, verified and read': async () => {
      const built = await build();
      const bytes = await save(lw, built, 'oci-layout');
      const image = await lw.openImage(bytes);
      const report = await image.verify();
      equal(report.verdict, 'ok', JSON.stringify(report.findings));
      equal(image.config.config.Cmd, ['serve']);
      const files = await image.files();
      equal(files.filter((f) => f.kind === 'file').map((f) => [f.path, f.size]), [['srv/index.html', 15], ['srv/version', 6], ['srv/é.txt', 7]]);
      equal(decode(await image.readFile('/srv/index.html')), '<h1>hello</h1>\n');
      equal(files.find((f) => f.path === 'srv/index.html').uid, 7);
      image[Symbol.dispose]();
      built[Symbol.dispose]();
    },

    'the same inputs give the same bytes, here and in every runtime': async () => {
      const digestOf = async (order) => sha256(await save(lw, await build({ context: order(context()) }), 'oci-layout'));
      const digest = await digestOf((c) => c);
      equal(await digestOf((c) => c.reverse()), digest);
      equal(digest, SITE_DIGEST, 'the digest that every runtime gives (a new compressor or layout changes it: raise it then)');
    },

    'files are searched by name, size, owner and text': async () => {
      const image = await build();
      const paths = async (query) => (await image.search(query)).map((f) => f.path);
      equal(await paths('*.html'), ['srv/index.html']);
      equal(await paths('srv/** type:file <=7'), ['srv/version', 'srv/é.txt']);
      equal(await paths('VERSION'), ['srv/version']);
      equal(await paths('>7 owner:7:8 mode:-600 layer:0'), ['srv/index.html']);
      const found = await image.search({ text: 'hello</h1>' });
      equal(found.map((f) => [f.path, f.match]), [['srv/index.html', { offset: 4, line: 1, count: 1, text: '<h1>hello</h1>' }]]);
      equal(await paths('text:hello >1MB'), []);
      await fails(() => image.search('size:many'), 'QUERY_INVALID');
      equal(lw.parseQuery('"a b" >1MB text:"x y" is:setuid'), { names: ['a b'], minSize: 1000001, text: 'x y', setuid: true });
    },

    'every layer that touched a path is told, with its instruction': async () => {
      const base = await build();
      const made = await lw.buildImage({ dockerfile: 'FROM base\nCOPY secret.txt /srv/index.html\n', context: context(), bases: { base } });
      const touches = await made.touches('/srv/index.html', { contents: true });
      equal(touches.map((t) => [t.layer, t.change, t.size]), [[0, 'added', 15], [touches[1].layer, 'changed', 11]]);
      ok(touches[1].differs.includes('content') && touches[1].differs.includes('owner'), JSON.stringify(touches[1]));
      const { layers, alignment } = made.history();
      equal(alignment, 'exact');
      equal(layers[touches[1].layer].instruction, 'COPY secret.txt /srv/index.html');
      equal(await made.touches('no/such'), []);
      const dockerfile = made.dockerfile();
      equal(lw.parse(dockerfile).error, undefined, 'an error');
      ok(/^FROM scratch$/m.test(dockerfile) && dockerfile.includes('CMD ["serve"]'), dockerfile);
    },

    'an analysis counts what is stored for nothing, and says what an image is made of': async () => {
      const base = await build();
      const osRelease = 'ID=alpine\nPRETTY_NAME="Alpine Linux v3.20"\nVERSION_ID=3.20.1\n';
      const more = [{ path: 'os-release', bytes: encode(osRelease) }, { path: 'node_version.h', bytes: encode('#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 4\n#define NODE_PATCH_VERSION 1\n') }];
      const dockerfile = 'FROM base\nCOPY os-release /etc/os-release\nCOPY node_version.h /usr/local/include/node/\nCOPY secret.txt /srv/index.html\nCOPY secret.txt /app/node_modules/a/index.js\n';
      const made = await lw.buildImage({ dockerfile, context: [...context(), ...more], bases: { base } });
      const a = await made.analyze({ base });
      equal(a.os, { id: 'alpine', name: 'Alpine Linux v3.20', version: '3.20.1' });
      equal(a.runtimes, [{ name: 'node', version: '22.4.1', from: 'usr/local/include/node/node_version.h' }]);
      equal(a.base.by, 'layers');
      equal(a.base.layers, base.manifest.layers.length);
      equal(a.wastedBytes, 15);
      equal(a.wasted.map((w) => [w.path, w.bytes, w.layer, w.by, w.removed]), [['srv/index.html', 15, 0, a.layers.length - 2, false]]);
      equal(a.layers.at(-2).changed, { files: 1, bytes: 11 });
      equal(a.parts.dependencies, { files: 1, bytes: 11 });
      equal(a.duplicates.map((d) => [d.paths, d.bytes]), [[['app/node_modules/a/index.js', 'srv/index.html'], 11]]);
      // dive counts the copy that is kept too.
      equal(a.dive.wastedBytes, 26);
      const rules = lw.parseDiveRules('rules:\n  lowestEfficiency: 0.99 # high\n  highestWastedBytes: "20B"\n  highestUserWastedPercent: disabled\n');
      equal(lw.checkDiveRules(a, rules).map((r) => [r.rule, r.status]), [['lowestEfficiency', 'fail'], ['highestWastedBytes', 'fail'], ['highestUserWastedPercent', 'skip']]);
    },

    'two images are compared: identical, equivalent, different, and why': async () => {
      const a = await build();
      const same = await lw.compareImages(a, await build());
      equal([same.verdict, same.why, same.files, same.layers.map((l) => l.status)], ['identical', [], [], a.manifest.layers.map(() => 'same')]);

      const times = context().map((f) => ({ ...f, mtime: 1000 }));
      const later = await lw.compareImages(a, await build({ context: times }));
      equal(later.verdict, 'equivalent', later.why.join());
      ok(later.files.length > 0 && later.files.every((f) => f.reasons.join() === 'time'), JSON.stringify(later.files));
      ok(later.layers.some((l) => l.status === 'time'), JSON.stringify(later.layers));

      const packed = await lw.compareImages(a, await build({ compression: 'zstd' }));
      equal(packed.verdict, 'equivalent');
      ok(packed.layers.every((l) => l.status === 'compression'), JSON.stringify(packed.layers));
      equal(packed.sharedBlobBytes, 0);
      ok(packed.sharedDiskBytes > 0, 'shared on disk');

      const changed = context();
      changed[0] = { path: 'public/index.html', bytes: encode('<h1>hello</h1>\nmore\n'), mode: 0o600 };
      changed[1] = { path: 'public/new.txt', bytes: encode('new\n') };
      const c = await lw.compareImages(a, await build({ context: changed, dockerfile: SITE.replace('ROOT=/srv', 'ROOT=/www') }));
      equal(c.verdict, 'different');
      equal(c.config, [{ path: 'config.Env[1]', a: 'ROOT=/srv', b: 'ROOT=/www' }]);
      equal(c.files.map((f) => [f.path, f.status, f.reasons]), [['srv/index.html', 'changed', ['content', 'mode']], ['srv/new.txt', 'added', []], ['srv/é.txt', 'removed', []]]);
      equal(c.files[0].diff, '@@ -1,2 +1,3 @@\n <h1>hello</h1>\n+more\n ');
    },

    'readers of tar that see other files are named, and strict reading stops there': async () => {
      const header = (name, type, size) => {
        const block = new Uint8Array(512);
        const put = (at, text) => block.set(encode(text), at);
        put(0, name);
        put(100, '0000644\0');
        put(108, '0000000\0');
        put(116, '0000000\0');
        put(124, `${size.toString(8).padStart(11, '0')}\0`);
        put(136, '00000000000\0');
        put(148, '        ');
        put(156, type);
        put(257, 'ustar\x0000');
        put(148, `${block.reduce((a, b) => a + b, 0).toString(8).padStart(6, '0')}\0 `);
        return block;
      };
      const tar = new Uint8Array(await new Blob([header('p', '6', 512), header('smuggled', '0', 0), new Uint8Array(1024)]).arrayBuffer());
      const entries = await lw.readTar(tar);
      equal(entries.map((e) => [e.path, e.ambiguous]), [['p', ['TAR_SIZE_WITHOUT_BODY']], ['smuggled', undefined]]);
      const error = await lw.readTar(tar, { limits: { strict: true } }).then(() => null, (e) => e);
      equal(error?.code, 'TAR_AMBIGUOUS');
      const [difference] = lw.tarDifferences({ findings: [{ code: 'TAR_SIZE_WITHOUT_BODY', severity: 'warning', message: 'x', layer: 'l', entry: 'p' }] });
      ok(difference.changesFiles && difference.readers.nodeTar.includes('not seen'), JSON.stringify(difference));
      equal(lw.passes({ verdict: 'flag' }, 'strict'), false);
    },

    'a folder is opened as a browser hands it out': async () => {
      const bytes = await save(lw, await build(), 'oci-layout');
      const root = new Map();
      for (const entry of await lw.readTar(bytes)) {
        if (entry.kind !== 'file') continue;
        let folder = root;
        const parts = entry.path.split('/');
        for (const part of parts.slice(0, -1)) folder = folder.get(part) ?? folder.set(part, new Map()).get(part);
        folder.set(parts.at(-1), entry.size);
      }
      const at = (path) => {
        // Where the body stands: behind the header with that name.
        for (let i = 0; i < bytes.length; i += 512) if (decode(bytes.subarray(i, i + 100)).replace(/\0.*/s, '') === path) return i + 512;
        throw new Error(path);
      };
      const handle = (folder, path) => ({
        kind: 'directory',
        async *entries() {
          for (const [name, inside] of folder) {
            const file = path + name;
            yield [name, inside instanceof Map ? handle(inside, `${file}/`) : { kind: 'file', getFile: async () => new Blob([bytes.subarray(at(file), at(file) + inside)]) }];
          }
        },
      });
      const image = await lw.openImage(handle(root, ''));
      equal(image.form, 'oci-layout');
      equal((await image.verify()).verdict, 'ok');
    },

    'the filesystem is exported as a tar, the same each time': async () => {
      const image = await build();
      const read = async () => new Uint8Array(await new Response(image.export()).arrayBuffer());
      const tar = await read();
      equal(await sha256(await read()), await sha256(tar));
      const entries = await lw.readTar(tar, { contents: true });
      const facts = (list) => list.map((f) => [f.path.replace(/\/$/, ''), f.kind, f.mode, f.uid, f.gid, f.size, f.mtime, f.sha256]).sort();
      equal(facts(entries), facts(await image.files({ contents: true })));
    },

    'an image is made of another: layers added, made one, other configuration; the same bytes twice': async () => {
      const before = await build();
      const request = () => ({
        append: [{ files: [{ path: 'extra.txt', bytes: encode('more') }], destination: '/opt' }],
        squash: 'all',
        config: { env: { ROOT: null, MODE: 'test' }, user: 'nobody' },
        annotations: { 'org.example': 'x' },
        tags: ['site:2'],
      });
      const after = await lw.changeImage(before, request());
      equal((await after.verify()).verdict, 'ok');
      equal(after.manifest.layers.length, 1);
      equal(decode(await after.readFile('/opt/extra.txt')), 'more');
      equal(decode(await after.readFile('/srv/version')), '1.0.0\n');
      ok(after.config.config.Env.includes('MODE=test') && !after.config.config.Env.some((e) => e.startsWith('ROOT=')), after.config.config.Env);
      equal([after.config.config.User, after.manifest.annotations['org.example']], ['nobody', 'x']);
      equal(after.report.images.map(({ kept, made }) => [kept, made]), [[0, 1]]);
      const again = await lw.changeImage(before, request());
      equal(await sha256(await save(lw, again, 'oci-layout')), await sha256(await save(lw, after, 'oci-layout')));
      equal(before.manifest.layers.length > 1, true);
      await fails(() => lw.changeImage(before, { squash: 99 }), 'SQUASH_TOO_FEW_LAYERS');
      await fails(() => lw.changeImage(before, { append: [{ tar: new Blob(['no tar']) }] }), 'APPEND_NOT_A_LAYER');
      await fails(() => lw.changeImage(before, { config: { clear: ['enviroment'] } }), 'CHANGE_CONFIG_INVALID');
      await fails(() => lw.changeImage(before, { compresion: 'gzip' }), 'OPTIONS_INVALID');
    },

    'images stand in one archive, or are the platforms of one': async () => {
      const [amd64, arm64] = [await build(), await build({ platform: 'linux/arm64' })];
      const index = await lw.combineImages([amd64, arm64], { index: true, tags: ['site:3'] });
      equal(index.images.map((i) => i.platform), ['linux/amd64', 'linux/arm64']);
      equal((await index.verify()).verdict, 'ok');
      const arm = await lw.changeImage(index, { platforms: ['linux/arm64'] });
      equal(arm.images.map((i) => i.digest), [arm64.manifest.digest]);
      const files = await lw.saveImageFiles(arm);
      equal(files.map((f) => f.path.split('/')[0]).filter((p, i, all) => all.indexOf(p) === i), ['blobs', 'index.json', 'oci-layout']);
      const reopened = await lw.openImageDirectory(files.map((file) => ({ path: file.path, source: file })));
      equal(reopened.manifest.digest, arm64.manifest.digest);
      const other = await lw.changeImage(amd64, { config: { user: '5' } });
      await fails(() => lw.combineImages([amd64, amd64, other], { index: true }), 'INDEX_SAME_PLATFORM');
    },

    'every compression gives the bytes that it gives everywhere': async () => {
      const got = {};
      for (const name of Object.keys(COMPRESSED)) {
        const [compression, level] = name.split(':');
        const image = await lw.buildImage({ dockerfile: 'FROM scratch\nCOPY a /\n', context: [{ path: 'a', bytes: repetitive() }], compression, ...(level ? { level: Number(level) } : {}) });
        got[name] = image.manifest.layers[0].digest;
        equal((await image.verify()).verdict, 'ok', name);
      }
      equal(got, COMPRESSED);
      await fails(() => build({ compression: 'zstd', level: 20 }), 'BUILD_OPTION_INVALID');
    },

    'a docker-archive is written and read too': async () => {
      const bytes = await save(lw, await build(), 'docker-archive');
      const image = await lw.openImage(new Blob([bytes]));
      ok(['docker-archive', 'hybrid'].includes(image.form), image.form);
      equal((await image.verify()).verdict, 'ok');
      equal(image.manifests.flatMap((m) => m.names), ['site:1']);
    },

    'a stream is inspected in one pass': async () => {
      const bytes = await save(lw, await build(), 'oci-layout');
      const chunks = [];
      for (let i = 0; i < bytes.length; i += 700) chunks.push(bytes.subarray(i, i + 700));
      const stream = new ReadableStream({ pull(c) { const next = chunks.shift(); if (next) c.enqueue(next); else c.close(); } });
      const image = await lw.openImage(stream);
      equal((await image.verify()).verdict, 'ok');
      ok((await image.files()).length > 3, 'files');
    },

    'COPY onto an opened image keeps its layers to the byte': async () => {
      const base = await build();
      const made = await lw.buildImage({ dockerfile: 'FROM base\nCOPY secret.txt /srv/index.html\n', context: context(), bases: { base } });
      const layers = (image) => image.manifest.layers.map((l) => l.digest);
      equal(layers(made).slice(0, layers(base).length), layers(base));
      equal(decode(await made.readFile('srv/index.html')), 'not copied\n');
      equal(decode(await made.readFile('srv/version')), '1.0.0\n');
    },

    'RUN stops with the line, or is left out and says so': async () => {
      const dockerfile = 'FROM scratch\nRUN make\nCMD ["x"]\n';
      const error = await fails(() => lw.buildImage({ dockerfile, context: [] }), 'RUN_NEEDS_EXECUTOR');
      ok(JSON.stringify(error.details).includes('2'), JSON.stringify(error.details));
      const image = await lw.buildImage({ dockerfile, context: [], run: 'skip' });
      equal(image.config.config.Cmd, ['x']);
    },

    'a damaged layer is found, and the rest stays readable': async () => {
      const bytes = await save(lw, await build(), 'oci-layout');
      let at = -1;
      for (let i = 0; i + 3 < bytes.length && at < 0; i++) if (bytes[i] === 0x1f && bytes[i + 1] === 0x8b && bytes[i + 2] === 8) at = i;
      ok(at > 0, 'a gzip layer');
      bytes[at + 12] ^= 0xff;
      const image = await lw.openImage(bytes);
      const { verdict, findings } = await image.verify();
      equal(verdict, 'error');
      ok(findings.some((f) => f.severity === 'error' && f.layer), JSON.stringify(findings));
      equal(image.config.config.User, '1000');
    },

    'what is no image is refused with a code': async () => {
      const error = await lw.openImage(encode('this is text, and no archive at all')).then(() => null, (e) => e);
      ok(error && /^ARCHIVE_/.test(error.code), `an ARCHIVE_ code, not ${error?.code}`);
      await fails(() => lw.openImage(12), 'SOURCE_UNSUPPORTED');
    },

    'a missing file and a missing image say so': async () => {
      const image = await build();
      const error = await image.readFile('no/such').then(() => null, (e) => e);
      ok(error?.code, 'a code');
    },

    'work is stopped by a signal': async () => {
      const bytes = await save(lw, await build(), 'oci-layout');
      const stop = new AbortController();
      stop.abort();
      const error = await lw.openImage(bytes, { signal: stop.signal }).then(() => null, (e) => e);
      equal(error?.name, 'AbortError');
    },

    async 'a large layer has the digests that the host computes, however it is hashed'() {
      // The header of one file of 20 MB, its content, and the end marker.
      const size = 20e6;
      const tar = new Uint8Array(512 + Math.ceil(size / 512) * 512 + 1024);
      for (const [at, text] of [[0, 'data.bin'], [100, '0000644'], [124, size.toString(8).padStart(11, '0')], [148, '        '], [156, '0']]) tar.set(encode(text), at);
      const sum = tar.subarray(0, 512).reduce((n, byte) => n + byte, 0);
      tar.set(encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
      for (let i = 0, state = 1; i < size; i++) tar[512 + i] = (state = Math.imul(state, 1_664_525) + 1_013_904_223) >>> 24;
      const blob = new Uint8Array(await new Response(new Blob([tar]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
      ok(blob.length > 8 << 20, 'a blob that is worth another thread');
      for (const from of [blob, new Blob([blob])]) {
        const facts = await lw.readLayer(from);
        equal([facts.digest, facts.diffId], [`sha256:${await sha256(blob)}`, `sha256:${await sha256(tar)}`]);
        equal([facts.compression, facts.unpacked, facts.entries, facts.problem], ['gzip', tar.length, 1, undefined]);
      }
      equal((await lw.readLayer(tar, { digests: false })).digest, undefined);
      equal((await lw.readLayer(blob, { limits: { unpackedBytes: 1e6 } })).problem.code, 'LAYER_UNPACKED_TOO_LARGE');
    },

    async 'work stops soon after an abort, also while a source does not answer'() {
      const stop = new AbortController();
      let asked = 0;
      const slow = { size: 1e9, read: (_, length) => (asked++ < 3 ? new Uint8Array(length) : new Promise(() => {})) };
      const began = performance.now();
      setTimeout(() => stop.abort(), 20);
      const error = await lw.readLayer(slow, { signal: stop.signal }).then(() => null, (e) => e);
      equal(error?.name, 'AbortError');
      ok(performance.now() - began < 2000, 'an answer at once');
    },
  };
}

/** Runs all cases; `{ passed, failed, output }`. */
export async function runCases(lw, small) {
  const failures = [];
  let passed = 0;
  for (const [name, run] of Object.entries(cases(lw, small))) {
    try {
      await run();
      passed++;
    } catch (error) {
      failures.push(`not ok: ${name}\n  ${error?.stack ?? error}`);
    }
  }
  return { passed, failed: failures.length, output: failures.join('\n') };
}
