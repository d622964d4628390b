// Opening several images and writing them as one.
import type { CombineOptions, Image } from '../index.js';
import type { Arguments } from './command.js';
import { openAny } from './image.js';
import { writeImage } from './output.js';
import { paint, progressLine, size, stdoutStyle } from './terminal.js';

/** Puts the images that the arguments name together, and writes and tells what came out. */
export async function combine(args: Arguments, { what, json }: { what: string; json: boolean }, options: CombineOptions): Promise<number> {
  const { combineImages } = await import('../index.node.js');
  const { onProgress, end } = progressLine(what);
  const opened: Image[] = [];
  try {
    for (const source of args.positionals) opened.push(await openAny(source));
    const only = opened.length === 1 && !options.index ? opened[0]! : undefined;
    const image = only ?? (await combineImages(opened, { ...options, ...(onProgress ? { onProgress } : {}) }));
    if (!only) opened.push(image);
    const written = await writeImage(image, args, { onProgress }).finally(end);
    const images = image.images.map(({ digest, platform, names }) => ({ digest, platform, names }));
    const { bold, dim } = paint(stdoutStyle());
    const lines = images.map((i) => `${bold(i.platform ?? 'image')}  ${i.digest} ${dim(i.names.join(', '))}`.trimEnd());
    const report = json ? JSON.stringify({ ...written, images }, null, 2) : [...lines, `${written.output === '-' ? 'standard output' : written.output} ${dim(size(written.size))}`].join('\n');
    (written.output === '-' ? process.stderr : process.stdout).write(`${report}\n`);
    return 0;
  } finally {
    end();
    for (const image of opened.reverse()) image[Symbol.dispose]();
  }
}
