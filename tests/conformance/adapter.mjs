import * as lw from '../../dist/index.node.js';
// Maps the package's public API to the plain JSON of the conformance runner. No logic of its own.

/** For what is not built yet: counted as failed. */
const missing = (name) => () => {
  throw new Error(`not implemented: ${name}`);
};

export const ast = missing('ast');
export const instructions = missing('instructions');
export const checks = (text, options) =>
  lw.lint(text, { ...options, profile: 'buildkit' }).findings.map((f) => [f.code, [f.lines.from, f.lines.to]]);
export const image = missing('image');
export const plan = missing('plan');
export const expand = missing('expand');
export const ignored = missing('ignored');
export const readDockerignore = missing('readDockerignore');
export const contextWalk = missing('contextWalk');
export const lint = (text, options) => lw.lint(text, options).findings;
export const shell = (script, options) => lw.lintShell(script, options).findings;
export const imageFacts = missing('imageFacts');
export const layerEntries = missing('layerEntries');
export const rootfs = missing('rootfs');
export const tarEntries = missing('tarEntries');
export const verdict = missing('verdict');
export const build = missing('build');
export const catalog = missing('catalog');
export const inventory = missing('inventory');
export const compareVersions = missing('compareVersions');
export const purl = missing('purl');
export const affected = missing('affected');
export const cvss = missing('cvss');
export const verifyBundle = missing('verifyBundle');
export const verifyKeyed = missing('verifyKeyed');
