import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { ContextFile, Image, ImageArchive } from '../index.js';
import { LayerwrightError } from '../errors.js';
import { type Command, flag, FORMAT, list, pairs, text, UsageError } from './command.js';
import { fileSource, openAny } from './image.js';
import { ignoreFile, read, walkContext } from './input.js';
import { paint, progressLine, safe, size, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'CONTEXT',
  about: 'Builds a Dockerfile without an engine. COPY, ADD, WORKDIR and all that only changes the config are done as BuildKit does them.\nRUN needs a shell: the build stops there, or leaves it out with --run=skip. Base images are given with --base.',
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', help: 'the Dockerfile (default: CONTEXT/Dockerfile)' },
    tag: { type: 'string', short: 't', multiple: true, value: 'NAME', help: 'name the image; may be repeated' },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'the tar to write; - is standard output (default: image.tar)' },
    type: { type: 'string', value: 'TYPE', choices: ['oci-layout', 'docker-archive', 'hybrid'], help: 'oci-layout, docker-archive or hybrid, which is both (default: oci-layout)' },
    target: { type: 'string', value: 'STAGE', help: 'the stage to build (default: the last)' },
    platform: { type: 'string', multiple: true, value: 'OS/ARCH', help: 'such as linux/arm64; several make an index' },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    label: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a label; may be repeated' },
    base: { type: 'string', multiple: true, value: 'NAME=IMAGE', help: 'the image that FROM NAME means: a tar or a layout folder; may be repeated' },
    run: { type: 'string', value: 'MODE', choices: ['fail', 'skip'], help: 'what to do at RUN: fail or skip (default: fail)' },
    level: { type: 'string', value: 'N', choices: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], help: 'gzip level of new layers (default: 6)' },
    quiet: { type: 'boolean', short: 'q', help: 'print the digest only' },
    format: { ...FORMAT('text', 'json'), short: undefined },
  },
  arguments: [1, 1],
  examples: [
    ['layerwright build -t site:1 --output site.tar .', 'an OCI layout in a tar'],
    ['layerwright build --type docker-archive -t site:1 -o - . | docker load', 'straight into an engine'],
  ],
  async run(args) {
    const context = args.positionals[0]!;
    const dockerfile = text(args, 'file') ?? path.join(context, 'Dockerfile');
    const output = text(args, 'output') ?? 'image.tar';
    const epoch = process.env.SOURCE_DATE_EPOCH;
    if (epoch !== undefined && !/^\d+$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH is a number of seconds, not "${epoch}".`);
    const { bytes } = await read(dockerfile);
    const ignore = dockerfile === '-' ? undefined : await ignoreFile(dockerfile);
    const files = await contextOf(context, dockerfile, ignore, path.resolve(output));

    const { buildImage, saveImage } = await import('../index.node.js');
    const bases: Record<string, Image> = {};
    for (const [name, source] of Object.entries(pairs(args, 'base'))) bases[name] = await openAny(source);
    const { onProgress, end } = progressLine('Building');
    let image;
    try {
      image = await buildImage(
        {
          dockerfile: bytes,
          dockerfileName: path.basename(dockerfile),
          context: files,
          bases,
          tags: list(args, 'tag'),
          target: text(args, 'target'),
          platforms: list(args, 'platform').length ? list(args, 'platform') : undefined,
          buildArgs: pairs(args, 'build-arg'),
          labels: pairs(args, 'label'),
          run: text(args, 'run') as 'fail' | 'skip' | undefined,
          level: text(args, 'level') === undefined ? undefined : Number(text(args, 'level')),
          sourceDateEpoch: epoch === undefined ? undefined : Number(epoch),
        },
        { onProgress },
      );
    } catch (error) {
      end();
      // A fault in the Dockerfile or its context, told with its line.
      if (!(error instanceof LayerwrightError)) throw error;
      const { line } = error.details;
      throw new LayerwrightError(error.code, `${dockerfile}${typeof line === 'number' ? `:${line}` : ''}: ${error.message.replace(/^line \d+: /, '')}`, error.details, { cause: error });
    }
    const archive = await saveImage(image, { format: text(args, 'type') as 'oci-layout' | 'docker-archive' | 'hybrid' | undefined, onProgress });
    const sha256 = await write(archive, output);
    end();

    const result = { output, size: archive.size, sha256, images: image.built };
    const report = text(args, 'format') === 'json' ? `${JSON.stringify(result, null, 2)}\n` : flag(args, 'quiet') ? `${image.built.map((b) => b.digest).join('\n')}\n` : show(result);
    (output === '-' ? process.stderr : process.stdout).write(report);
    image[Symbol.dispose]();
    for (const base of Object.values(bases)) base[Symbol.dispose]();
    return 0;
  },
};
export default command;

function show({ output, size: bytes, images }: { output: string; size: number; images: readonly { digest: string; platform: string; skipped: { line: number; text: string }[] }[] }): string {
  const { bold, dim, yellow } = paint(stdoutStyle());
  const lines: string[] = [];
  for (const image of images) {
    lines.push(`${bold(image.platform)}  ${image.digest}`);
    for (const s of image.skipped) lines.push(`  ${yellow('left out')} line ${s.line}: ${safe(s.text)}`);
  }
  if (images.some((i) => i.skipped.length)) lines.push(yellow('The image is incomplete: steps that need a shell were left out.'));
  lines.push(`${output === '-' ? 'standard output' : output} ${dim(size(bytes))}`);
  return `${lines.join('\n')}\n`;
}

/** Writes to a name of its own first, so that no half image is ever found under the wanted one. Answers the file's sha256. */
async function write(archive: ImageArchive, output: string): Promise<string> {
  const hash = createHash('sha256');
  if (output === '-') {
    for await (const piece of archive.stream()) {
      hash.update(piece);
      if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
    return hash.digest('hex');
  }
  const partial = `${output}.${process.pid}.partial`;
  let file: fs.FileHandle | undefined;
  try {
    file = await fs.open(partial, 'w');
    for await (const piece of archive.stream()) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.close();
    await fs.rename(partial, output);
    return hash.digest('hex');
  } catch (error) {
    await file?.close().catch(() => {});
    await fs.rm(partial, { force: true });
    if (error instanceof LayerwrightError) throw error;
    throw new LayerwrightError('OUTPUT_FAILED', `${output} could not be written: ${(error as Error).message}`, { output }, { cause: error });
  }
}

/** Everything below a folder. Contents are read when the build wants them. The output of an earlier build is left out. */
async function contextOf(folder: string, dockerfile: string, ignore: string | undefined, output: string): Promise<ContextFile[]> {
  if (!(await fs.stat(folder).catch(() => null))?.isDirectory()) throw new LayerwrightError('CONTEXT_UNREADABLE', `The context ${folder} is no folder.`, { context: folder });
  const files: ContextFile[] = [];
  for await (const { full, inside, entry } of walkContext(folder)) {
    if (path.resolve(full) === output) continue;
    const stat = await fs.lstat(full);
    const common = { path: inside, mode: stat.mode & 0o7777, mtime: Math.floor(stat.mtimeMs / 1000) };
    if (entry.isSymbolicLink()) files.push({ ...common, type: 'symlink', linkname: await fs.readlink(full) });
    else if (entry.isDirectory()) files.push({ ...common, type: 'dir' });
    else if (entry.isFile()) files.push({ ...common, source: fileSource(full, stat.size) });
  }
  // `NAME.dockerignore` may lie beside a Dockerfile that is not in the context: it counts there too.
  const inContext = files.some((f) => f.path === `${path.basename(dockerfile)}.dockerignore` || f.path === '.dockerignore');
  if (ignore !== undefined && !inContext) files.push({ path: `${path.basename(dockerfile)}.dockerignore`, bytes: ignore });
  return files;
}
