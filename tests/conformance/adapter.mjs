// Maps the package's public API to the plain JSON of the conformance runner. No logic of its own.
import * as lw from '../../dist/index.node.js';

/** For what is not built yet: counted as failed. */
const missing = (name) => () => {
  throw new Error(`not implemented: ${name}`);
};

export function ast(text) {
  const { syntaxError, escape, instructions } = lw.parse(text);
  return syntaxError ? { error: syntaxError.message } : { escape, nodes: instructions.map(node) };
}

const words = (list) => list.map((w) => w.text);
const node = ({ keyword, flags, args, json, lines, heredocs, child }) => ({
  keyword, flags: words(flags), args: words(args), json, lines: [lines.from, lines.to],
  heredocs: heredocs.map(({ name, content, expand, chomp, fd }) => ({ name, content, expand, chomp, fd })),
  ...(child ? { child: { ...node(child), lines: undefined } } : {}),
});

export function instructions(text) {
  const { error, instructions, stages, globalArgs } = lw.parse(text);
  if (error) return { error: error.message };
  const at = (i) => command(instructions[i]);
  return { meta: globalArgs.map(at), stages: stages.map(({ name, base, platform, instructions: [, ...cmds] }) => ({ name, base, platform, cmds: cmds.map(at) })) };
}

const pairs = (v) => ({ kv: v.pairs.map((p) => [p.key, p.value ?? null, ...(p.legacy ? ['legacy'] : []), ...(p.doc == null ? [] : [p.doc])]) });
const files = (list) => list.map(({ name, data, chomp }) => ({ name, data, chomp }));
const copied = (v) => ({
  src: v.sources, dest: v.dest, inline: v.inline.map(({ name, data, expand }) => ({ path: name, data, expand })), from: v.from, chown: v.chown, chmod: v.chmod,
  link: v.link, exclude: v.exclude, parents: v.parents, keep_git_dir: v.keepGitDir, checksum: v.checksum, unpack: v.unpack,
});
const lines = (v) => ({ cmd: v.command, shell: v.shell });
const fields = {
  env: pairs, label: pairs, arg: pairs, copy: copied, add: copied, cmd: lines, entrypoint: lines,
  run: (v, flags) => ({ cmd: v.command, shell: v.shell, files: files(v.files), flags: [...new Set(flags.map((f) => f.name))].sort(), mounts_raw: v.mounts, network: v.network === 'default' ? undefined : v.network, security: v.security === 'sandbox' ? undefined : v.security, devices: v.devices }),
  expose: (v) => ({ ports: v.ports }),
  volume: (v) => ({ volumes: v.paths }),
  user: (v) => ({ user: v.user }),
  workdir: (v) => ({ path: v.path }),
  stopsignal: (v) => ({ signal: v.signal }),
  shell: (v) => ({ sh: v.command }),
  onbuild: (v) => ({ expr: v.expression }),
  maintainer: (v) => ({ maintainer: v.author }),
  healthcheck: (v) => ({ health: { Test: v.test, Interval: v.interval, Timeout: v.timeout, StartPeriod: v.startPeriod, StartInterval: v.startInterval, Retries: v.retries } }),
};
const command = ({ value, lines, flags }) => ({ i: value.kind, l: [lines.from, lines.to], ...fields[value.kind]?.(value, flags) });

export const checks = (text, options) =>
  lw.lint(text, { ...options, profile: 'buildkit' }).findings.map((f) => [f.code, [f.lines.from, f.lines.to]]);
export function image(text, options) {
  try {
    return lw.plan(text, options).image;
  } catch (error) {
    return { error: error.message };
  }
}
export function plan(text, { check, ...options }) {
  try {
    const { stages } = lw.plan(text, options);
    return { stages: stages.map((s) => ({ name: s.name, on: s.base.stage, base: s.base.reference ?? (s.base.kind === 'scratch' ? 'scratch' : undefined), platform: s.platform, deps: s.deps, reachable: s.reachable, ctx: s.contextPaths })) };
  } catch (error) {
    return { error: error.message };
  }
}
export function expand(word, env, options) {
  try {
    const { word: whole, words } = lw.expandWord(word, env, options);
    return { word: whole, words };
  } catch {
    return { wordError: true, wordsError: true };
  }
}
const orError = (work) => {
  try {
    return work();
  } catch (error) {
    return { error: error.message };
  }
};
export const ignored = (patterns, path) => orError(() => lw.matchDockerignore(patterns, path).ignored);
export const readDockerignore = (text) => lw.readDockerignore(text);
export const contextWalk = (paths, text) => orError(() => lw.contextPaths(paths, text));
export const lint = (text, options) => lw.lint(text, options).findings;
export const shell = (script, options) => lw.lintShell(script, options).findings;
export const catalog = missing('catalog');
export const inventory = missing('inventory');
export const compareVersions = missing('compareVersions');
export const purl = missing('purl');
export const affected = missing('affected');
export const cvss = missing('cvss');
export const verifyBundle = missing('verifyBundle');
export const verifyKeyed = missing('verifyKeyed');

/** Opens an image for the time of one question. */
async function opened(file, ask) {
  const image = await lw.openImage(file);
  try {
    return await ask(image);
  } finally {
    image[Symbol.dispose]();
  }
}

const oct = (mode) => mode.toString(8).padStart(4, '0');
const member = ({ path, kind, mode, uid, gid, size, link, sha256 }) => ({ path, type: kind, mode: oct(mode), uid, gid, size, linkname: link, sha256 });

export const imageFacts = (file) =>
  opened(file, async (image) => {
    const out = [];
    for (const { digest, configDigest: config } of image.images) {
      const layers = await image.layers({ image: digest });
      out.push({ digest, config, layers: layers.map((l) => ({ digest: l.digest, diffId: l.unpacked === undefined ? undefined : l.diffId, size: l.unpacked })) });
    }
    return out;
  });
export const layerEntries = (file, image, layer) => opened(file, async (i) => (await i.entries(layer, { image, contents: true })).map(member));
export const rootfs = (file, image) => opened(file, async (i) => (await i.files({ image, contents: true })).map(member));
export const tarEntries = async (file) => {
  try {
    return (await lw.readTar(file, { contents: true, contentsLimit: 64 << 20 })).map(member);
  } catch (error) {
    return { error: error.code };
  }
};
export async function build({ dockerfile, context, buildArgs, target, platforms, labels, output, contexts }) {
  const open = [];
  const given = {};
  try {
    for (const [name, { image, digest, files }] of Object.entries(contexts)) {
      if (files) given[name] = files;
      else {
        open.push(await lw.openImage(image));
        given[name] = { image: open.at(-1), digest };
      }
    }
    const built = await lw.buildImage({
      dockerfile,
      context,
      contexts: given,
      buildArgs,
      target,
      platforms,
      labels,
      mediaTypes: output['oci-mediatypes'] === 'false' ? 'docker' : 'oci',
      compression: { zstd: 'zstd', uncompressed: 'none' }[output.compression] ?? 'gzip',
      rewriteTimestamp: output['rewrite-timestamp'] === 'true',
    });
    open.push(built);
    const images = [];
    for (const { digest: image } of built.built) images.push({ config: built.images.find((m) => m.digest === image).config, rootfs: (await built.files({ image, contents: true })).map(member) });
    return { images };
  } catch (error) {
    if (error.code === 'INTERNAL' || !error.code) throw error;
    return { error: error.code };
  } finally {
    for (const image of open) image[Symbol.dispose]();
  }
}
export async function verdict(file) {
  try {
    return await opened(file, async (image) => (await image.verify()).verdict);
  } catch {
    return 'error';
  }
}
