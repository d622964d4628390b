import * as fs from 'node:fs/promises';
import type { DiveResult, DiveRules, ImageAnalysis } from '../index.js';
import { checkDiveRules, parseDiveRules } from '../dive.js';
import { type Command, FORMAT, flag, text, UsageError } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { unreadable } from './input.js';
import { clip, paint, progressLine, safe, size, stdoutStyle, terminalWidth } from './terminal.js';

const BAR = 24;

const command: Command = {
  usage: 'IMAGE',
  about: 'Shows what is in an image and what each layer adds, changes, removes and wastes: bytes of copies that a later layer replaces or hides.\nWith --ci, the rules of dive decide the exit status: 1 if one is broken. Its .dive-ci files work as they are; dive counts every copy of a path, so its numbers are larger.',
  options: {
    ...IMAGE_OPTIONS,
    base: { type: 'string', value: 'IMAGE', help: 'an image that this one may be made from: its layers are told apart' },
    most: { type: 'string', value: 'N', help: 'files in each list (default: 10)' },
    ci: { type: 'boolean', help: "check dive's rules: of .dive-ci, if it is there" },
    'ci-config': { type: 'string', value: 'FILE', help: 'the file with the rules (default: .dive-ci)' },
    'lowest-efficiency': { type: 'string', value: 'RATIO', help: 'least score, from 0 to 1 (default: 0.9)' },
    'highest-wasted-bytes': { type: 'string', value: 'SIZE', help: 'most wasted bytes, such as 20MB (default: not checked)' },
    'highest-user-wasted-percent': { type: 'string', value: 'RATIO', help: 'most wasted bytes by bytes above the first layer, from 0 to 1 (default: 0.1)' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [
    ['layerwright analyze api.tar', 'why is it so large?'],
    ['layerwright analyze --ci api.tar', 'a gate in CI'],
  ],
  async run(args) {
    const source = args.positionals[0]!;
    const most = Number(text(args, 'most') ?? 10);
    if (!Number.isInteger(most) || most < 0) throw new UsageError('--most takes a number from 0.');
    const rules = flag(args, 'ci') ? await rulesOf(args) : undefined;
    const image = await open(source, args);
    const baseName = text(args, 'base');
    const base = baseName === undefined ? undefined : await open(baseName, { positionals: [], values: {} });
    const { onProgress, end } = progressLine(`Reading ${source}`);
    try {
      if (base) await base.layers({ onProgress });
      const analysis = await image.analyze({ onProgress, base, most });
      end();
      const ci = rules && checkDiveRules(analysis, rules);
      if (text(args, 'format') === 'json') process.stdout.write(`${JSON.stringify(ci ? { ...analysis, ci } : analysis, null, 2)}\n`);
      else process.stdout.write(`${show(analysis, terminalWidth())}${ci ? gate(ci) : ''}`);
      return ci?.some((r) => r.status === 'fail') ? 1 : 0;
    } finally {
      end();
      image[Symbol.dispose]();
      base?.[Symbol.dispose]();
    }
  },
};
export default command;

async function rulesOf(args: Parameters<Command['run']>[0]): Promise<DiveRules> {
  const given = text(args, 'ci-config');
  let rules: DiveRules = {};
  try {
    rules = parseDiveRules(await fs.readFile(given ?? '.dive-ci', 'utf8'));
  } catch (error) {
    if (given !== undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw 'code' in (error as object) && (error as Error).name === 'LayerwrightError' ? error : unreadable(given ?? '.dive-ci', error);
  }
  const ratio = (key: string): number | 'disabled' | undefined => {
    const value = text(args, key);
    if (value === undefined || value === 'disabled') return value;
    if (!Number.isFinite(Number(value)) || value === '') throw new UsageError(`--${key} takes a number from 0 to 1 or "disabled".`);
    return Number(value);
  };
  const set = <K extends keyof DiveRules>(key: K, value: DiveRules[K] | undefined) => {
    if (value !== undefined) rules[key] = value;
  };
  set('lowestEfficiency', ratio('lowest-efficiency'));
  set('highestWastedBytes', text(args, 'highest-wasted-bytes'));
  set('highestUserWastedPercent', ratio('highest-user-wasted-percent'));
  return rules;
}

/** A bar on the scale of all: what is visible, then what is wasted. */
function bar(bytes: number, wasted: number, scale: number, base: boolean): string {
  const { dim, blue, magenta } = paint(stdoutStyle());
  const cells = scale > 0 ? Math.max(bytes > 0 ? 1 : 0, Math.round((bytes / scale) * BAR)) : 0;
  const hatched = bytes > 0 ? Math.min(cells, Math.ceil((wasted / bytes) * cells)) : 0;
  const kept = '█'.repeat(cells - hatched);
  return `${base ? dim(kept) : blue(kept)}${magenta('▒'.repeat(hatched))}${' '.repeat(BAR - cells)}`;
}

const percent = (part: number, whole: number): string => (whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : '0.0 %');

function show(a: ImageAnalysis, width: number): string {
  const { bold, dim, magenta } = paint(stdoutStyle());
  const lines: string[] = [`${bold(safe(a.names.join(', ') || a.digest))}  ${a.platform ?? ''}`];
  const row = (key: string, value: string | undefined) => value && lines.push(`  ${dim(key.padEnd(10))}${value}`);
  const content = a.layers.reduce((sum, layer) => sum + layer.stored.bytes, 0);
  row('Size', `${size(a.stored)} stored, ${size(content)} unpacked, ${a.visible.files} files visible`);
  row('Wasted', a.wastedBytes > 0 ? `${magenta(size(a.wastedBytes))}, ${percent(a.wastedBytes, content)} of what is unpacked` : 'nothing');
  row('System', a.os && safe([a.os.name ?? a.os.id, a.os.name?.includes(a.os.version ?? '') ? undefined : a.os.version].filter(Boolean).join(' ')));
  const how = a.base && { layers: 'by its layers', annotation: 'as the image says', history: 'a guess from the times of its history' }[a.base.by];
  row('Base', a.base && `${safe(a.base.name ?? '')}${a.base.name ? ', ' : ''}${a.base.layers} of ${a.layers.length} layers ${dim(`(${how})`)}`);
  row('Runtimes', a.runtimes.map((r) => safe(`${r.name}${r.version ? ` ${r.version}` : ''}`)).join(', '));
  const parts = Object.entries(a.parts).filter(([, p]) => p.bytes > 0);
  row('Parts', parts.map(([name, p]) => `${name} ${size(p.bytes)}`).join(', '));
  lines.push('', `  ${dim(`${'layer'.padStart(5)}  ${''.padEnd(BAR)}  ${'content'.padStart(9)}  ${'wasted'.padStart(9)}  ${'+'.padStart(6)} ${'~'.padStart(5)} ${'-'.padStart(5)}  made by`)}`);
  const scale = Math.max(...a.layers.map((layer) => layer.stored.bytes), 0);
  for (const layer of a.layers) {
    const wasted = layer.wasted.bytes > 0 ? magenta(size(layer.wasted.bytes).padStart(9)) : ''.padStart(9);
    const left = `  ${String(layer.layer).padStart(5)}  ${bar(layer.stored.bytes, layer.wasted.bytes, scale, layer.base)}  ${size(layer.stored.bytes).padStart(9)}  ${wasted}  ${String(layer.added.files).padStart(6)} ${String(layer.changed.files).padStart(5)} ${String(layer.removed.files).padStart(5)}`;
    lines.push(`${left}  ${clip(safe((layer.instruction ?? layer.digest ?? '').replace(/\s+/g, ' ')), Math.max(16, width - 79))}`);
  }
  const list = (title: string, rows: string[]) => rows.length && lines.push('', `  ${bold(title)}`, ...rows.map((r) => `  ${r}`));
  list('Wasted copies', a.wasted.map((w) => `${size(w.bytes).padStart(9)}  ${safe(w.path)} ${dim(`layer ${w.layer}, ${w.by === undefined ? 'never visible' : `${w.removed ? 'removed' : 'replaced'} by layer ${w.by}`}`)}`));
  list('Largest files', a.largest.map((f) => `${size(f.size).padStart(9)}  ${safe(f.path)} ${dim(`layer ${f.layer}`)}`));
  list('The same content more than once', a.duplicates.map((d) => `${size(d.bytes).padStart(9)}  ${d.paths.slice(0, 3).map(safe).join(', ')}${d.paths.length > 3 ? dim(` and ${d.paths.length - 3} more`) : ''}`));
  return `${lines.join('\n')}\n`;
}

function gate(results: DiveResult[]): string {
  const { bold, green, red, dim } = paint(stdoutStyle());
  const amount = (rule: string, value: number) => (rule === 'highestWastedBytes' ? size(value) : value.toFixed(4));
  const rows = results.map((r) => `  ${{ pass: green('pass'), fail: red('fail'), skip: dim('skip') }[r.status]}  ${r.rule.padEnd(25)} ${amount(r.rule, r.value)}${r.bound === undefined ? '' : dim(`  bound ${amount(r.rule, r.bound)}`)}`);
  return `\n  ${bold("dive's rules")}\n${rows.join('\n')}\n`;
}
