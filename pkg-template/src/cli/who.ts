import { type Command, FORMAT, text } from './command.js';
import { IMAGE_OPTIONS, open } from './image.js';
import { clip, modeText, paint, progressLine, safe, size, stdoutStyle, terminalWidth } from './terminal.js';

const SIGNS = { added: '+', changed: '~', removed: '−' } as const;

const command: Command = {
  usage: 'IMAGE PATH...',
  about: 'Tells every layer that made, changed or removed a path, the oldest first, and the instruction behind it.\nExit status 1 if no layer has touched a path.',
  options: { ...IMAGE_OPTIONS, format: FORMAT('text', 'json') },
  arguments: [2, Infinity],
  examples: [['layerwright who api.tar etc/passwd', 'who brought it, and who changed it']],
  async run(args) {
    const [source, ...paths] = args.positionals as [string, ...string[]];
    const image = await open(source, args);
    const { bold, dim, red, green, yellow } = paint(stdoutStyle());
    const colour = { added: green, changed: yellow, removed: red } as const;
    const { onProgress, end } = progressLine(`Reading ${source}`);
    try {
      const { layers } = image.history();
      const all = [];
      let status = 0;
      for (const path of paths) {
        const touches = await image.touches(path, { contents: true, onProgress });
        end();
        if (!touches.length) {
          status = 1;
          process.stderr.write(`No layer of ${source} has touched ${path}.\n`);
        }
        all.push({ path, touches: touches.map((t) => ({ ...t, instruction: layers[t.layer]?.instruction ?? layers[t.layer]?.createdBy })) });
      }
      if (text(args, 'format') === 'json') {
        process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
        return status;
      }
      for (const { path, touches } of all) {
        if (all.length > 1 && touches.length) process.stdout.write(`${bold(safe(path))}\n`);
        for (const t of touches) {
          const facts = t.kind === undefined ? '' : `${modeText(t.kind, t.mode ?? 0)} ${t.uid}:${t.gid} ${size(t.size ?? 0)}`;
          const why = t.change === 'changed' ? (t.differs?.length ? t.differs.join(', ') : 'the same again') : t.change === 'removed' ? `by ${safe(t.entry)}` : '';
          const left = `${colour[t.change](`${SIGNS[t.change]} ${t.change.padEnd(7)}`)} layer ${String(t.layer).padEnd(3)}`;
          process.stdout.write(`${left} ${[facts, why].filter(Boolean).join('  ')}\n`);
          if (t.instruction) process.stdout.write(`            ${dim(clip(safe(t.instruction.replace(/\s+/g, ' ')), Math.max(30, terminalWidth() - 12)))}\n`);
        }
      }
      return status;
    } finally {
      end();
      image[Symbol.dispose]();
    }
  },
};
export default command;
