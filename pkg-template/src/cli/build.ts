import path from 'node:path';
import * as fs from 'node:fs/promises';
import type { ContextFile, Executor, Image } from '../index.js';
import type { FolderCache } from '../cache.node.js';
import { LayerwrightError } from '../errors.js';
import { type Arguments, type Command, flag, FORMAT, list, pairs, text, UsageError } from './command.js';
import { openAny } from './image.js';
import { ignoreFile, read } from './input.js';
import { COMPRESSION_OPTIONS, compressionOf, folderFiles, outputName, OUTPUT_OPTIONS, writeImage, type Written } from './output.js';
import { PROGRESS, steps } from './steps.js';
import { paint, safe, size, stdoutStyle } from './terminal.js';

const command: Command = {
  usage: 'CONTEXT',
  about: 'Builds a Dockerfile without an engine. COPY, ADD, WORKDIR and all that only changes the config are done as BuildKit does them.\nRUN is carried out with --run=sandbox, on Linux; without it the build stops there, or leaves it out with --run=skip.\nBase images are given with --base.',
  options: {
    file: { type: 'string', short: 'f', value: 'FILE', help: 'the Dockerfile (default: CONTEXT/Dockerfile)' },
    tag: { type: 'string', short: 't', multiple: true, value: 'NAME', help: 'name the image; may be repeated' },
    ...OUTPUT_OPTIONS,
    target: { type: 'string', value: 'STAGE', help: 'the stage to build (default: the last)' },
    platform: { type: 'string', multiple: true, value: 'OS/ARCH', help: 'such as linux/arm64; several make an index' },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    label: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a label; may be repeated' },
    base: { type: 'string', multiple: true, value: 'NAME=IMAGE', help: 'the image that FROM NAME means: a tar or a layout folder; may be repeated' },
    'build-context': { type: 'string', multiple: true, value: 'NAME=PLACE', help: 'a further context: a folder, an image in a tar, or oci-layout://FOLDER; may be repeated' },
    run: { type: 'string', value: 'MODE', choices: ['fail', 'skip', 'sandbox'], help: 'what to do at RUN: fail, skip (the image is marked as incomplete) or sandbox, which runs it in namespaces of Linux (default: fail)' },
    network: { type: 'string', value: 'MODE', choices: ['none', 'host'], help: 'what RUN reaches: none, or host, the network of this machine (default: none)' },
    secret: { type: 'string', multiple: true, value: 'id=ID,src=FILE', help: 'a secret for RUN --mount=type=secret; env=NAME takes it from a variable; may be repeated' },
    ssh: { type: 'string', multiple: true, value: 'ID=SOCKET', help: "an agent for RUN --mount=type=ssh; default is $SSH_AUTH_SOCK; may be repeated" },
    ...COMPRESSION_OPTIONS('compress new layers'),
    'no-fetch': { type: 'boolean', help: 'do not fetch what ADD names by its address: stop there' },
    'cache-dir': { type: 'string', value: 'FOLDER', help: 'keep layers and the caches of RUN there, and take from there what is the same (default: $LAYERWRIGHT_CACHE_DIR, else nothing is kept)' },
    'cache-limit': { type: 'string', value: 'MB', help: 'how much is kept; what was used longest ago goes first (default: 10000)' },
    'no-cache': { type: 'boolean', help: 'make every layer anew' },
    progress: { type: 'string', value: 'HOW', choices: PROGRESS, help: 'how to show the progress: auto, plain, json or quiet (default: auto)' },
    quiet: { type: 'boolean', short: 'q', help: 'print the digest only' },
    format: { ...FORMAT('text', 'json'), short: undefined },
  },
  arguments: [1, 1],
  examples: [
    ['layerwright build -t site:1 --output site.tar .', 'an OCI layout in a tar'],
    ['layerwright build --type docker-archive -t site:1 -o - . | docker load', 'straight into an engine'],
    ['layerwright build --run=sandbox --network=host --base debian:12=debian.tar -t app .', 'with RUN, on Linux, without an engine'],
  ],
  async run(args) {
    const context = args.positionals[0]!;
    const dockerfile = text(args, 'file') ?? path.join(context, 'Dockerfile');
    const epoch = process.env.SOURCE_DATE_EPOCH;
    if (epoch !== undefined && !/^\d+$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH is a number of seconds, not "${epoch}".`);
    const { bytes } = await read(dockerfile);
    const ignore = dockerfile === '-' ? undefined : await ignoreFile(dockerfile);
    const cacheDir = text(args, 'cache-dir') ?? process.env.LAYERWRIGHT_CACHE_DIR;
    const limit = text(args, 'cache-limit');
    if (limit !== undefined && !/^\d+$/.test(limit)) throw new UsageError(`--cache-limit is a number of megabytes, not "${limit}".`);
    const cache = cacheDir && !flag(args, 'no-cache') ? (await import('../cache.node.js')).folderCache(path.resolve(cacheDir), limit ? { limit: Number(limit) * 1e6 } : {}) : undefined;
    const files = await contextOf(context, dockerfile, ignore, path.resolve(outputName(args)));

    const { buildImage } = await import('../index.node.js');
    const bases: Record<string, Image> = {};
    for (const [name, source] of Object.entries(pairs(args, 'base'))) bases[name] = await openAny(source);
    const contexts: Record<string, Image | ContextFile[]> = {};
    for (const [name, place] of Object.entries(pairs(args, 'build-context'))) contexts[name] = await contextAt(place);
    const executors: Executor[] = text(args, 'run') === 'sandbox' ? [await sandboxOf(args, cacheDir)] : [];
    if (cache) for (const list of [files, ...Object.values(contexts)]) if (Array.isArray(list)) remember(list, cache);
    const mode = flag(args, 'quiet') ? 'quiet' : ((text(args, 'progress') ?? 'auto') as (typeof PROGRESS)[number]);
    const { onProgress, onStep, onOutput, end } = steps(mode, list(args, 'platform').length > 1);
    let image;
    try {
      image = await buildImage(
        {
          dockerfile: bytes,
          dockerfileName: path.basename(dockerfile),
          context: files,
          bases,
          contexts,
          tags: list(args, 'tag'),
          target: text(args, 'target'),
          platforms: list(args, 'platform').length ? list(args, 'platform') : undefined,
          buildArgs: pairs(args, 'build-arg'),
          labels: pairs(args, 'label'),
          run: text(args, 'run') === 'skip' ? 'skip' : 'fail',
          ...compressionOf(args),
          sourceDateEpoch: epoch === undefined ? undefined : Number(epoch),
        },
        { ...(flag(args, 'no-fetch') ? { fetch: false } : {}), onProgress, onStep, onOutput, executors, cache },
      );
    } catch (error) {
      end();
      // A fault in the Dockerfile or its context, told with its line.
      if (!(error instanceof LayerwrightError)) throw error;
      const { line } = error.details;
      throw new LayerwrightError(error.code, `${dockerfile}${typeof line === 'number' ? `:${line}` : ''}: ${error.message.replace(/^line \d+: /, '')}`, error.details, { cause: error });
    }
    const written = await writeImage(image, args, { onProgress }).finally(end);
    await cache?.settle();

    const result = { ...written, images: image.built };
    const report = text(args, 'format') === 'json' ? `${JSON.stringify(result, null, 2)}\n` : flag(args, 'quiet') ? `${image.built.map((b) => b.digest).join('\n')}\n` : show(result);
    (written.output === '-' ? process.stderr : process.stdout).write(report);
    image[Symbol.dispose]();
    for (const given of [...Object.values(bases), ...Object.values(contexts)]) if (!Array.isArray(given)) given[Symbol.dispose]();
    return 0;
  },
};
export default command;

function show({ output, size: bytes, images }: Written & { images: readonly { digest: string; platform: string; skipped: { line: number; text: string }[] }[] }): string {
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

/** Lets the files of a context be known again without reading them. */
function remember(files: ContextFile[], cache: FolderCache): void {
  for (const file of files) {
    const { source } = file;
    if (source && typeof source === 'object' && 'path' in source && typeof source.path === 'string') Object.assign(source, { sha256: () => cache.sha256(source.path as string) });
  }
}

/** A further context: files, or an image. */
async function contextAt(place: string): Promise<Image | ContextFile[]> {
  const layout = /^oci-layout:(\/\/)?(.*)$/.exec(place);
  if (layout) return openAny(layout[2]!);
  return (await fs.stat(place).catch(() => null))?.isDirectory() ? folderFiles(place) : openAny(place);
}

/** What runs commands. */
async function sandboxOf(args: Arguments, cacheDir: string | undefined): Promise<Executor> {
  const { sandbox } = await import('../run.js');
  const secrets: Record<string, { src: string } | { env: string }> = {};
  for (const given of values(args, 'secret')) {
    const fields = Object.fromEntries(given.split(',').map((field) => [field.slice(0, Math.max(0, field.indexOf('='))), field.slice(field.indexOf('=') + 1)]));
    const { id, src = fields.source, env, type, ...others } = fields;
    delete others.source;
    if (!id || Object.keys(others).length) throw new UsageError(`--secret takes id=ID,src=FILE or id=ID,env=NAME, not "${given}".`);
    // Without either, a variable of that name, else a file: as docker does.
    secrets[id] = src && type !== 'env' ? { src } : { env: env ?? src ?? id };
  }
  const ssh: Record<string, string> = {};
  for (const given of values(args, 'ssh')) {
    const [id = 'default', socket = process.env.SSH_AUTH_SOCK] = given.split('=');
    if (!socket) throw new UsageError(`--ssh ${given}: there is no agent: name its socket, or set SSH_AUTH_SOCK.`);
    ssh[id] = path.resolve(socket);
  }
  return sandbox({ network: (text(args, 'network') ?? 'none') as 'none' | 'host', secrets, ssh, ...(cacheDir ? { cacheDir: path.resolve(cacheDir, 'mounts') } : {}) });
}

const values = (args: Arguments, key: string): string[] => (args.values[key] as string[] | undefined) ?? [];

/** The context, without the output of an earlier build. */
async function contextOf(folder: string, dockerfile: string, ignore: string | undefined, output: string): Promise<ContextFile[]> {
  const files = await folderFiles(folder, output);
  // `NAME.dockerignore` may lie beside a Dockerfile that is not in the context: it counts there too.
  const inContext = files.some((f) => f.path === `${path.basename(dockerfile)}.dockerignore` || f.path === '.dockerignore');
  if (ignore !== undefined && !inContext) files.push({ path: `${path.basename(dockerfile)}.dockerignore`, bytes: ignore });
  return files;
}
