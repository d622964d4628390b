#!/usr/bin/env node
// Writes docs/rules: a page for each lint rule from its doc comment, and an index by category.
//   npm run docs [-- --check]   with --check nothing is written, and pages that are out of step are named
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { entry, inRoot, Remedy } from './lib/shell.mjs';

const FOLDER = inRoot('docs', 'rules');

/** The names of pages that differ from what would be written, are missing, or belong to no rule. */
export async function outOfStep(module = inRoot('dist', 'lint.node.js')) {
  const wanted = await pages(module);
  const there = fs.existsSync(FOLDER) ? fs.readdirSync(FOLDER) : [];
  const read = (name) => (there.includes(name) ? fs.readFileSync(path.join(FOLDER, name), 'utf8') : undefined);
  return [...Object.keys(wanted).filter((name) => read(name) !== wanted[name]), ...there.filter((name) => !(name in wanted))];
}

function write(wanted) {
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(wanted)) fs.writeFileSync(path.join(FOLDER, name), text);
}

const CATEGORIES = [
  ['error-prone', 'What goes wrong'],
  ['security', 'Security'],
  ['reproducibility', 'The same image tomorrow'],
  ['cache', 'The build cache'],
  ['size', 'Size'],
  ['style', 'Style'],
];

/** File names and their texts. */
async function pages(module = inRoot('dist', 'lint.node.js')) {
  const { rules, lint } = await import(pathToFileURL(module));
  const all = rules();
  const files = {};
  for (const rule of all) files[`${rule.code}.md`] = page(rule, all, lint);
  const lines = ['# Lint rules', '', `${all.length} rules. \`layerwright explain CODE\` shows one in the terminal. How to choose among them: [configuration](../configuration.md).`, ''];
  for (const [category, title] of CATEGORIES) {
    lines.push(`## ${title}`, '', '| rule | level | what it finds |', '| --- | --- | --- |');
    for (const r of all.filter((rule) => rule.category === category)) lines.push(`| [${r.code}](${r.code}.md) | ${r.level} | ${r.summary.replaceAll('|', '\\|')} |`);
    lines.push('');
  }
  files['README.md'] = `${lines.join('\n').trimEnd()}\n`;
  return files;
}

function page(rule, all, lint) {
  const link = (code) => (all.some((r) => r.code === code) ? `[${code}](${code}.md)` : code);
  const facts = [
    ['Level', rule.level],
    ['Category', rule.category],
    ['Profiles', rule.profiles.join(', ')],
    ['Correction', correction(rule, lint)],
    ...(rule.twins.length ? [['The same', rule.twins.map(link).join(', ')]] : []),
    ...(rule.url ? [['More', rule.url]] : []),
  ];
  const table = ['| | |', '| --- | --- |', ...facts.map(([name, value]) => `| ${name} | ${value} |`)];
  return `# ${rule.code}: ${rule.name}\n\n${rule.docs.trim()}\n\n${table.join('\n')}\n`;
}

/** Whether the rule mends its own first example. */
function correction(rule, lint) {
  const example = /```\w*\n([^]*?)```/.exec(rule.docs)?.[1] ?? '';
  const found = lint(example, { profile: 'all' }).findings.find((f) => f.code === rule.code || f.name === rule.code);
  if (!found?.fix) return 'by hand';
  if (!found.fix.safe) return '`--unsafe-fixes`, after a look at it';
  return rule.changesBuild ? '`--fix`; it changes what is built, which is its purpose' : '`--fix`; what is built stays the same';
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await entry(async () => {
    await build({ dev: true });
    const stale = await outOfStep();
    if (process.argv.includes('--check')) {
      if (stale.length) throw new Remedy(`Out of step: ${stale.join(', ')}. Run "npm run docs".`);
      return;
    }
    write(await pages());
    console.log(`${stale.length} pages of ${FOLDER} were out of step.`);
  });
}
