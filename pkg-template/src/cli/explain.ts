import type { RuleInfo } from '../lint.js';
import { type Command, FORMAT, text, UsageError } from './command.js';
import { paint, print, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'CODE...',
  about: 'Tells what a rule finds, why it matters, and what to write instead. Codes and names are taken in any case.',
  options: { format: FORMAT('text', 'json') },
  arguments: [1, Infinity],
  examples: [
    ['layerwright explain DL3008', 'a rule by its code'],
    ['layerwright explain UndefinedVar', 'a rule by its name'],
  ],
  async run(args) {
    const { explain } = await import('../lint.node.js');
    const found = args.positionals.map((code) => {
      const rule = explain(code);
      if (!rule) throw new UsageError(`There is no rule "${code}". "layerwright rules" lists them.`);
      return rule;
    });
    print(text(args, 'format') === 'json' ? `${JSON.stringify(found, null, 2)}\n` : found.map(typeset).join('\n'));
    return 0;
  },
};
export default command;

/** A rule as a person reads it in a terminal. */
export function typeset(rule: RuleInfo): string {
  const { bold, dim, underline, red, green, yellow, blue, cyan } = paint(stdoutStyle());
  const tint = { error: red, warning: yellow, info: cyan, style: blue }[rule.level];
  const lines = [`${bold(rule.code)} ${rule.name}`, `${tint(rule.level)}${dim(`, ${rule.category}; in ${rule.profiles.join(', ')}`)}`, ''];
  // Paragraphs and examples by turns; the first example is what is wrong, the next ones are what is right.
  for (const [i, part] of rule.docs.trim().split(/^```\w*$/m).entries()) {
    if (i % 2) lines.push(...part.trim().split('\n').map((line) => `  ${i === 1 ? red('-') : green('+')} ${line}`));
    else
      for (const paragraph of part.trim().split(/\n\n+/).filter(Boolean)) {
        if (lines.at(-1)) lines.push('');
        lines.push(...wrap(paragraph.replaceAll('\n', ' '), Math.min(terminalWidth(), 88)).map((l) => l.replace(/`([^`]+)`/g, (_, code: string) => cyan(code))), '');
      }
  }
  lines.push('');
  if (rule.twins.length) lines.push(`The same: ${rule.twins.join(', ')}`);
  if (rule.url) lines.push(`More: ${underline(rule.url)}`);
  lines.push(dim(`Leave one out: # layerwright ignore=${rule.code} and why, on the line above it`));
  return `${lines.join('\n')}\n`;
}

/** Breaks a paragraph at spaces. */
function wrap(line: string, width: number): string[] {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines[lines.length - 1]!;
    if (last && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
