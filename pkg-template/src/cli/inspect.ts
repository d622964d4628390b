import type { Image, LayerSummary, ManifestSummary } from '../index.js';
import { type Command, FORMAT, flag, text } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { clip, paint, progressLine, safe, shortDigest, size, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'IMAGE',
  about: 'IMAGE is the tar of `docker save` or of an OCI layout, compressed or not; a layout folder; or - for standard input, which is read in one pass.',
  options: {
    ...IMAGE_OPTIONS,
    'no-layers': { type: 'boolean', help: 'do not read the layers: no unpacked sizes and counts' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [['docker save api:1 | layerwright inspect -', 'what is in an image of the local engine']],
  async run(args) {
    const source = args.positionals[0]!;
    const image = await open(source, args);
    try {
      if (!flag(args, 'no-layers')) await readLayers(image, source);
      const summary = image.summary();
      process.stdout.write(text(args, 'format') === 'json' ? `${JSON.stringify(summary, null, 2)}\n` : show(image));
      return 0;
    } finally {
      image[Symbol.dispose]();
    }
  },
};
export default command;

async function readLayers(image: Image, source: string): Promise<void> {
  const { onProgress, end } = progressLine(`Reading ${source}`);
  try {
    for (const manifest of image.images) await image.layers({ image: manifest.digest, onProgress });
  } finally {
    end();
  }
}

function show(image: Image): string {
  const { bold, dim, yellow } = paint(stdoutStyle());
  const { form, compression, images, others, findings } = image.summary();
  const lines = [`${dim('Form')}  ${form}${compression === 'none' ? '' : `, ${compression}`}`, ''];
  const joined = new Set(images.flatMap((manifest) => manifest.referrers.map((r) => r.digest)));
  for (const manifest of images) {
    lines.push(...showImage(manifest));
    for (const r of manifest.referrers) lines.push(`  ${bold(r.kind)} ${dim(shortDigest(r.digest))} ${safe(r.artifactType ?? r.layers[0]?.annotations['in-toto.io/predicate-type']?.toString() ?? r.mediaType)} ${dim(r.layers.map((l) => size(l.size)).join(', '))}`);
    lines.push('');
  }
  for (const other of others.filter((o) => !joined.has(o.digest))) lines.push(`${bold(other.kind)} ${dim(shortDigest(other.digest))} ${safe(other.artifactType ?? other.mediaType)}${other.platform ? ` ${other.platform}` : ''}`);
  if (others.length) lines.push('');
  for (const f of findings) lines.push(`${yellow(f.code)} ${safe(f.message)}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function showImage(manifest: ManifestSummary): string[] {
  const { bold, dim } = paint(stdoutStyle());
  const width = terminalWidth();
  const lines = [`${bold(safe(manifest.names.join(', ') || 'image'))}  ${manifest.platform ?? ''}`];
  const row = (key: string, value: string) => lines.push(`  ${dim(key.padEnd(13))}${clip(value, Math.max(20, width - 15))}`);
  lines.push(`  ${dim('Digest'.padEnd(13))}${manifest.digest}`);
  const stored = manifest.layers.reduce((n, l) => n + l.size, 0);
  const unpacked = manifest.layers.every((l) => l.unpacked !== undefined) ? manifest.layers.reduce((n, l) => n + (l.unpacked ?? 0), 0) : undefined;
  row('Size', `${size(stored)} stored${unpacked === undefined ? '' : `, ${size(unpacked)} unpacked`}`);
  for (const [key, value] of Object.entries(manifest.config?.config ?? {})) {
    if (value === null || value === undefined || (Array.isArray(value) && !value.length)) continue;
    if (key === 'Env' && Array.isArray(value)) value.forEach((v, i) => row(i ? '' : key, safe(String(v))));
    else row(key, safe(typeof value === 'string' ? value : JSON.stringify(value)));
  }
  const history = (manifest.config?.history ?? []).filter((h) => !h.empty_layer);
  lines.push('', `  ${dim(`${'layer'.padStart(5)}  ${'stored'.padStart(10)}  ${'unpacked'.padStart(10)}  ${'entries'.padStart(8)}  made by`)}`);
  manifest.layers.forEach((layer, i) => lines.push(showLayer(layer, i, history.length === manifest.layers.length ? history[i]?.created_by : undefined, width)));
  return lines;
}

function showLayer(layer: LayerSummary, i: number, by: string | undefined, width: number): string {
  const { dim, red } = paint(stdoutStyle());
  const cells = [String(i).padStart(5), size(layer.size).padStart(10), (layer.unpacked === undefined ? '-' : size(layer.unpacked)).padStart(10), (layer.entries === undefined ? '-' : String(layer.entries)).padStart(8)];
  const what = by === undefined ? (layer.digest ?? layer.file) : by.replace(/\s+/g, ' ');
  const note = layer.problem ? ` ${red(layer.problem.code)}` : layer.encrypted ? ` ${dim('encrypted')}` : !layer.present ? ` ${dim('not in this file')}` : '';
  return `  ${cells.join('  ')}  ${clip(safe(what), Math.max(20, width - 45))}${note}`;
}
