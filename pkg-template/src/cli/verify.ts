import type { ImageFinding, TarDifference, VerifyReport } from '../index.js';
import { passes, sarifOf, TAR_READERS, type TarReaderName, tarDifferences } from '../differential.js';
import { type Command, FORMAT, flag, text, UsageError } from './command.js';
import { LIMITS, open } from './image.js';
import { paint, progressLine, safe, shortDigest, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'IMAGE',
  about: 'Reads the whole image: sizes, digests, diffIDs, compression checksums, documents, names. Nothing of it is believed before. Each finding has a code, its place and the clause of the specification.\nExit status 1 if anything is wrong; with --strict, also if anything is odd.',
  options: {
    strict: { type: 'boolean', help: 'exit with 1 for warnings too' },
    lenient: { type: 'boolean', help: 'exit with 1 for errors only (default)' },
    differential: { type: 'boolean', help: 'show where tar readers see other files in a layer than container runtimes do; exit with 1 if they do' },
    ...LIMITS,
    format: FORMAT('text', 'json', 'sarif'),
  },
  arguments: [1, 1],
  examples: [
    ['layerwright verify --strict api.tar', 'is it what it claims to be?'],
    ['layerwright verify --differential api.tar', 'does my scanner see what the runtime sees?'],
    ['layerwright verify --format sarif api.tar > verify.sarif', 'for code scanning'],
  ],
  async run(args) {
    const source = args.positionals[0]!;
    const [strict, differential, format] = [flag(args, 'strict'), flag(args, 'differential'), text(args, 'format')];
    if (strict && flag(args, 'lenient')) throw new UsageError('--strict and --lenient exclude each other.');
    const image = await open(source, args);
    const { onProgress, end } = progressLine(`Verifying ${source}`);
    try {
      const report = await image.verify({ onProgress });
      end();
      const differences = differential ? tarDifferences(report) : undefined;
      if (format === 'sarif') {
        const { version } = await import('../index.node.js');
        const findings = differences ? report.findings.filter((f) => differences.some((d) => d.code === f.code)) : report.findings;
        process.stdout.write(`${JSON.stringify(sarifOf(findings, source, version()), null, 2)}\n`);
      } else if (format === 'json') process.stdout.write(`${JSON.stringify(differences ? { ...report, differences } : report, null, 2)}\n`);
      else process.stdout.write(differences ? showDifferences(differences) : show(report));
      if (differences) return differences.some((d) => d.changesFiles || strict) ? 1 : 0;
      return passes(report, strict ? 'strict' : 'lenient') ? 0 : 1;
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

function showDifferences(differences: TarDifference[]): string {
  const { bold, dim, yellow } = paint(stdoutStyle());
  if (!differences.length) return 'All readers of tar see the same files.\n';
  const lines: string[] = [];
  for (const d of differences) {
    lines.push(`${bold(d.code)} ${d.what}${d.count > 1 ? ` (${d.count} times)` : ''}${d.changesFiles ? '' : dim(' (the files are the same)')}`);
    const place = [d.layer && `layer ${shortDigest(d.layer)}`, d.entries.length && `entry ${d.entries.slice(0, 3).join(', ')}`].filter(Boolean).join(', ');
    if (place) lines.push(`  ${dim(safe(place))}`);
    for (const [reader, sees] of Object.entries(d.readers)) lines.push(`  ${yellow(TAR_READERS[reader as TarReaderName])}: ${sees}`);
  }
  return `${lines.join('\n')}\n`;
}
