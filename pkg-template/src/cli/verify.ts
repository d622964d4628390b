import type { ImageFinding, VerifyReport } from '../index.js';
import { type Command, FORMAT, flag, text } from './command.js';
import { open } from './image.js';
import { paint, progressLine, safe, shortDigest, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'IMAGE',
  about: 'Reads the whole image: sizes, digests, diffIDs, compression checksums, documents, names. Nothing of it is believed before.\nExit status 1 if anything is wrong; with --strict, also if anything is odd.',
  options: {
    strict: { type: 'boolean', help: 'exit with 1 for warnings too' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [['layerwright verify --strict api.tar', 'is it what it claims to be?']],
  async run(args) {
    const source = args.positionals[0]!;
    const image = await open(source, args);
    const { onProgress, end } = progressLine(`Verifying ${source}`);
    try {
      const report = await image.verify({ onProgress });
      end();
      process.stdout.write(text(args, 'format') === 'json' ? `${JSON.stringify(report, null, 2)}\n` : show(report));
      return report.verdict === 'error' || (report.verdict === 'flag' && flag(args, 'strict')) ? 1 : 0;
    } finally {
      end();
      image[Symbol.dispose]();
    }
  },
};
export default command;

function show(report: VerifyReport): string {
  const { bold, dim, green, red, yellow } = paint(stdoutStyle());
  const lines: string[] = [];
  for (const layer of report.layers) lines.push(`${layer.verified ? green('ok  ') : red('bad ')} layer ${layer.layer} ${safe(shortDigest(layer.name))} ${dim(`${layer.entries} entries`)}`);
  const order = ['error', 'warning', 'info'];
  for (const f of [...report.findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))) {
    const mark = f.severity === 'error' ? red('error  ') : f.severity === 'warning' ? yellow('warning') : dim('info   ');
    lines.push(`${mark} ${bold(f.code)} ${safe(f.message)}`);
    const place = where(f);
    if (place) lines.push(`        ${dim(place)}`);
  }
  const verified = report.layers.filter((l) => l.verified).length;
  const verdict = { ok: green('Everything is what it claims to be'), flag: yellow('Readable, with oddities'), error: red('Not what it claims to be') }[report.verdict];
  lines.push(`${verdict}: ${verified} of ${report.layers.length} layers verified.`);
  return `${lines.join('\n')}\n`;
}

function where(f: ImageFinding): string {
  return [f.document, f.path, f.layer && `layer ${f.layer}`, f.entry && `entry ${f.entry}`, f.offset !== undefined && `offset ${f.offset}`, f.clause].filter(Boolean).map((part) => safe(String(part))).join(', ');
}
