import { type Command, FORMAT, text, UsageError } from './command.js';
import { typeset } from './explain.js';
import { clip, paint, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: '[CODE]',
  about: 'Lists every rule with its level and category, or explains one: what it finds, why, and what to write instead.',
  options: { format: FORMAT('text', 'json') },
  arguments: [0, 1],
  examples: [['layerwright rules DL3008', 'explain one rule']],
  async run(args) {
    const { rules } = await import('../lint.node.js');
    const { bold, dim } = paint(stdoutStyle());
    const [code] = args.positionals;
    const all = rules();
    const chosen = code === undefined ? all : all.filter((r) => r.code.toLowerCase() === code.toLowerCase() || r.name.toLowerCase() === code.toLowerCase());
    if (!chosen.length) throw new UsageError(`There is no rule "${code}". "layerwright rules" lists them.`);
    if (text(args, 'format') === 'json') {
      process.stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
    } else if (code !== undefined) {
      process.stdout.write(chosen.map(typeset).join('\n'));
    } else {
      const width = Math.max(...chosen.map((r) => r.code.length));
      for (const r of chosen) process.stdout.write(`${bold(r.code.padEnd(width))}  ${dim(r.level.padEnd(7))}  ${clip(r.summary, terminalWidth() - width - 12)}\n`);
    }
    return 0;
  },
};
export default command;
