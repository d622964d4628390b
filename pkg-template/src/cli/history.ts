import { type Command, FORMAT, flag, text } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { clip, paint, safe, size, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'IMAGE',
  about: 'Shows the steps that made an image, the oldest first, beside the layers that they made.',
  options: {
    ...IMAGE_OPTIONS,
    dockerfile: { type: 'boolean', help: 'print it as a Dockerfile to read; what was copied is not part of it' },
    'no-trunc': { type: 'boolean', help: 'print whole commands' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [['layerwright history --dockerfile api.tar', 'how was it made?']],
  async run(args) {
    const image = await open(args.positionals[0]!, args);
    const { dim, yellow } = paint(stdoutStyle());
    try {
      const history = image.history();
      const json = text(args, 'format') === 'json';
      if (flag(args, 'dockerfile')) {
        const dockerfile = image.dockerfile();
        process.stdout.write(json ? `${JSON.stringify({ dockerfile }, null, 2)}\n` : safeLines(dockerfile));
        return 0;
      }
      if (json) {
        process.stdout.write(`${JSON.stringify(history, null, 2)}\n`);
        return 0;
      }
      const width = flag(args, 'no-trunc') ? Infinity : Math.max(30, terminalWidth() - 42);
      const { layers } = image.manifest;
      const lines = [dim(`${'layer'.padStart(5)}  ${'stored'.padStart(9)}  ${'created'.padEnd(20)}  made by`)];
      if (history.alignment !== 'exact') lines.push(yellow(history.alignment === 'none' ? 'No history tells of the layers.' : 'The history has fewer steps than there are layers: it is taken for the newest ones.'));
      for (const [i, layer] of layers.entries()) if (!history.layers[i]) lines.push(`${String(i).padStart(5)}  ${size(layer.size).padStart(9)}  ${''.padEnd(20)}  ${dim(safe(layer.digest ?? layer.file))}`);
      for (const step of history.steps) {
        const layer = step.layer === undefined ? undefined : layers[step.layer];
        const left = `${(step.layer === undefined ? '' : String(step.layer)).padStart(5)}  ${(layer ? size(layer.size) : '').padStart(9)}  ${(step.created ?? '').slice(0, 19).padEnd(20)}`;
        lines.push(`${left}  ${clip(safe((step.instruction ?? step.createdBy ?? '').replace(/\s+/g, ' ')), width)}`);
      }
      process.stdout.write(`${lines.join('\n')}\n`);
      return 0;
    } finally {
      image[Symbol.dispose]();
    }
  },
};
export default command;

const safeLines = (dockerfile: string): string => dockerfile.split('\n').map(safe).join('\n');
