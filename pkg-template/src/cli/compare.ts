import type { FileDifference, ImageComparison, ValueDifference } from '../index.js';
import { type Command, FORMAT, flag, text } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { clip, paint, progressLine, safe, shortDigest, size, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'A B',
  about: 'Compares two images: the layers that they share, configuration, history, and files with the reasons why they differ.\nThe verdict is identical, equivalent (they run alike; what differs is when and how they were packed) or different.',
  options: {
    ...IMAGE_OPTIONS,
    'exit-code': { type: 'boolean', help: 'exit with 1 if they are different; with --strict, if they are not identical' },
    strict: { type: 'boolean', help: 'with --exit-code: equivalent is not enough' },
    all: { type: 'boolean', help: 'list files that differ in their time alone' },
    'no-text': { type: 'boolean', help: 'do not show how small texts differ' },
    format: FORMAT('text', 'json'),
  },
  arguments: [2, 2],
  examples: [
    ['layerwright compare old.tar new.tar', 'what has changed?'],
    ['layerwright compare --exit-code --strict build1.tar build2.tar', 'is the build reproducible?'],
  ],
  async run(args) {
    const [nameA, nameB] = args.positionals as [string, string];
    const { compareImages } = await import('../index.node.js');
    const a = await open(nameA, args);
    try {
      const b = await open(nameB, args);
      const { onProgress, end } = progressLine(`Comparing ${nameA} and ${nameB}`);
      try {
        const comparison = await compareImages(a, b, { onProgress, ...(flag(args, 'no-text') ? { textLimit: 0 } : {}) });
        end();
        process.stdout.write(text(args, 'format') === 'json' ? `${JSON.stringify(comparison, null, 2)}\n` : show(comparison, flag(args, 'all')));
        if (!flag(args, 'exit-code')) return 0;
        return comparison.verdict === 'identical' || (comparison.verdict === 'equivalent' && !flag(args, 'strict')) ? 0 : 1;
      } finally {
        end();
        b[Symbol.dispose]();
      }
    } finally {
      a[Symbol.dispose]();
    }
  },
};
export default command;

const SIGNS = { added: '+', removed: '−', changed: '~' } as const;
const STATUS = { same: '=', compression: 'z', time: 't', order: 'o', content: '~', only: ' ' } as const;

function show(c: ImageComparison, all: boolean): string {
  const { bold, dim, green, red, yellow } = paint(stdoutStyle());
  const width = terminalWidth();
  const head = { identical: green('Identical'), equivalent: yellow('Equivalent, not identical'), different: red('Different') }[c.verdict];
  const lines = [`${bold(head)}${c.why.length ? `: ${c.why.join(', ')}` : ''}.`];
  const name = (m: ImageComparison['a']) => `${safe(m.names[0] ?? '')} ${dim(shortDigest(m.digest))} ${m.platform ?? ''}`.trim();
  lines.push(`  a  ${name(c.a)}`, `  b  ${name(c.b)}`);
  if (c.verdict === 'identical') return `${lines.join('\n')}\n`;
  lines.push('', bold('Layers'), `  ${size(c.sharedBlobBytes)} of ${size(c.blobBytes)} of b are in a registry that holds a; ${size(c.sharedDiskBytes)} unpacked are on its disk.`);
  const told = { same: 'the same', compression: 'the same files, compressed otherwise', time: 'the same files, other times', order: 'the same files, another order', content: 'other files', only: '' };
  for (const { a, b, status, size: bytes } of c.layers) {
    const sign = status === 'only' ? (b === undefined ? red('−') : green('+')) : status === 'same' ? dim(STATUS.same) : yellow(STATUS[status]);
    const only = b === undefined ? 'in a only' : 'in b only';
    lines.push(`  ${sign} ${(a === undefined ? '' : `a ${a}`).padEnd(6)} ${(b === undefined ? '' : `b ${b}`).padEnd(6)} ${size(bytes).padStart(10)}  ${status === 'only' ? only : told[status]}`);
  }
  const values = (title: string, list: ValueDifference[]) => {
    if (!list.length) return;
    lines.push('', bold(title));
    for (const { path, a, b } of list) {
      if (a !== undefined) lines.push(red(`  − ${clip(safe(`${path} = ${JSON.stringify(a)}`), width - 4)}`));
      if (b !== undefined) lines.push(green(`  + ${clip(safe(`${path} = ${JSON.stringify(b)}`), width - 4)}`));
    }
  };
  values('Configuration', c.config);
  values('History', c.history);
  const timeOnly = (f: FileDifference) => f.status === 'changed' && f.reasons.every((r) => r === 'time');
  const shown = all ? c.files : c.files.filter((f) => !timeOnly(f));
  if (shown.length || c.files.length) lines.push('', `${bold('Files')}  ${dim(`${c.sameFiles} the same`)}`);
  const colour = { added: green, removed: red, changed: yellow };
  for (const f of shown) {
    const bytes = f.a?.kind === 'file' && f.b?.kind === 'file' && f.a.size !== f.b.size ? `${size(f.a.size)} to ${size(f.b.size)}` : f.status !== 'changed' && (f.a ?? f.b)?.kind === 'file' ? size((f.a ?? f.b)!.size) : '';
    lines.push(`  ${colour[f.status](`${SIGNS[f.status]} ${safe(f.path)}`)}  ${dim([f.reasons.join(', '), bytes].filter(Boolean).join('; '))}`);
    for (const line of f.diff?.split('\n') ?? []) lines.push(`      ${line.startsWith('+') ? green(safe(line)) : line.startsWith('-') ? red(safe(line)) : dim(safe(line))}`);
  }
  const hidden = c.files.length - shown.length;
  if (hidden) lines.push(dim(`  ${hidden} more differ in their times alone (--all)`));
  return `${lines.join('\n')}\n`;
}
