import * as fs from 'node:fs/promises';
import type { ChangeReport, ChangeRequest, Image, NewLayer } from '../index.js';
import { type Arguments, type Command, flag, FORMAT, list, pairs, text, UsageError } from './command.js';
import { openAny } from './image.js';
import { COMPRESSION_OPTIONS, compressionOf, folderFiles, OUTPUT_OPTIONS, writeImage, type Written } from './output.js';
import { paint, progressLine, safe, shortDigest, size, stdoutStyle } from './terminal.js';

const many = (value: string, help: string) => ({ type: 'string', multiple: true, value, help: `${help}; may be repeated` }) as const;
const one = (value: string, help: string) => ({ type: 'string', value, help }) as const;

const command: Command = {
  usage: 'IMAGE',
  about: 'Makes an image of another. What is not asked for keeps its bytes. All platforms are changed alike.\nThe order: platforms, rebase, append, squash, remove, edit, timestamp and owner, compression, configuration.',
  options: {
    ...OUTPUT_OPTIONS,
    tag: { type: 'string', short: 't', multiple: true, value: 'NAME', help: 'name the outcome; may be repeated' },
    platform: many('OS/ARCH', 'keep images for this platform only'),
    only: one('NAME', 'change this image alone, by its name or digest; the others stay'),
    rebase: one('OLD=NEW', 'put the layers on another base: the image they stand on, and the new one'),
    append: many('WHAT', 'add a layer: a tar, a folder, or FOLDER=/place'),
    squash: one('N', 'make one layer of the uppermost N'),
    flatten: { type: 'boolean', help: 'make one layer of all' },
    remove: many('PATH', 'drop a path, and all below it, from every layer'),
    edit: many('PATH=FILE', 'give a file of the image the content of FILE, in every layer that holds it'),
    timestamp: one('SECONDS', 'times later than this, in seconds since 1970, become this'),
    owner: one('UID:GID', 'give every file this owner'),
    ...COMPRESSION_OPTIONS('compress every layer'),
    'media-types': { ...one('FAMILY', 'convert to the media types of oci or docker'), choices: ['oci', 'docker'] },
    env: many('NAME=VALUE', 'set an environment variable'),
    label: many('NAME=VALUE', 'set a label'),
    annotation: many('NAME=VALUE', 'set an annotation of the manifest'),
    'index-annotation': many('NAME=VALUE', 'set an annotation of the index'),
    user: one('USER', 'the user or uid, with an optional :group'),
    workdir: one('PATH', 'the working directory'),
    entrypoint: one('COMMAND', 'a JSON list, or one word'),
    cmd: one('COMMAND', 'a JSON list, or one word'),
    port: many('PORT', 'expose a port, such as 8080/tcp'),
    volume: many('PATH', 'a place for a volume'),
    'stop-signal': one('SIGNAL', 'the signal that asks it to stop'),
    healthcheck: one('COMMAND', 'how to tell that it works: a JSON list such as ["CMD","/check"], a shell command, or NONE'),
    shell: one('COMMAND', 'the shell of the shell form, as a JSON list'),
    author: one('NAME', 'who made it'),
    created: one('TIME', 'when it was made, such as 2026-01-31T12:00:00Z'),
    clear: many('FIELD', 'empty a field, such as cmd or env, or one of its names: env:DEBUG, labels:old'),
    format: { ...FORMAT('text', 'json'), short: undefined },
  },
  arguments: [1, 1],
  examples: [
    ['layerwright mutate app.tar --env LOG=debug --label stage=test -o test.tar', 'other configuration, the same layers'],
    ['layerwright mutate app.tar --rebase debian-12.1.tar=debian-12.2.tar -o new.tar', 'a patched base, without a build'],
    ['layerwright mutate app.tar --append dist=/srv --flatten --compression zstd -o small.tar', 'one layer with more in it'],
  ],
  async run(args) {
    const { changeImage } = await import('../index.node.js');
    const request = settings(args);
    const opened: Image[] = [];
    const open = async (source: string): Promise<Image> => {
      const image = await openAny(source);
      opened.push(image);
      return image;
    };
    const { onProgress, end } = progressLine('Changing');
    try {
      const image = await open(args.positionals[0]!);
      const rebase = text(args, 'rebase');
      if (rebase !== undefined) {
        const at = rebase.indexOf('=');
        if (at <= 0) throw new UsageError('--rebase takes OLD=NEW: two images.');
        request.rebase = { from: await open(rebase.slice(0, at)), onto: await open(rebase.slice(at + 1)) };
      }
      request.append = await Promise.all(list(args, 'append').map(layerOf));
      request.edit = {};
      for (const edit of (args.values.edit as string[] | undefined) ?? []) {
        const at = edit.indexOf('=');
        if (at <= 0) throw new UsageError('--edit takes PATH=FILE: a path in the image, and a file here.');
        const file = edit.slice(at + 1);
        request.edit[edit.slice(0, at)] = await fs.readFile(file).catch((error: Error) => {
          throw new UsageError(`${file} cannot be read: ${error.message}`);
        });
      }
      const changed = await changeImage(image, request, { onProgress });
      opened.push(changed);
      const written = await writeImage(changed, args, { onProgress }).finally(end);
      const result = { ...written, ...changed.report };
      (written.output === '-' ? process.stderr : process.stdout).write(text(args, 'format') === 'json' ? `${JSON.stringify(result, null, 2)}\n` : show(result));
      return 0;
    } finally {
      end();
      for (const image of opened.reverse()) image[Symbol.dispose]();
    }
  },
};
export default command;

/** A tar as it is, or the files of a folder. */
async function layerOf(what: string): Promise<NewLayer> {
  const at = what.indexOf('=/');
  const [source, destination] = at > 0 ? [what.slice(0, at), what.slice(at + 1)] : [what, '/'];
  if ((await fs.stat(source).catch(() => null))?.isDirectory()) return { files: await folderFiles(source), destination, createdBy: `append ${destination}` };
  return { tar: source };
}

function settings(args: Arguments): ChangeRequest {
  const owner = text(args, 'owner');
  if (owner !== undefined && !/^\d+:\d+$/.test(owner)) throw new UsageError('--owner takes two numbers, UID:GID.');
  const [uid, gid] = (owner ?? '').split(':').map(Number);
  const whole = (key: string): number | undefined => {
    const value = text(args, key);
    if (value !== undefined && !/^\d+$/.test(value)) throw new UsageError(`--${key} takes a number, not "${value}".`);
    return value === undefined ? undefined : Number(value);
  };
  const words = (key: string): string[] | undefined => {
    const value = text(args, key);
    if (value === undefined || !value.trimStart().startsWith('[')) return value === undefined ? undefined : [value];
    try {
      const list: unknown = JSON.parse(value);
      if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list;
    } catch {
      // Said below.
    }
    throw new UsageError(`--${key} takes a JSON list of texts, such as '["/app","-v"]', or one word.`);
  };
  const check = text(args, 'healthcheck');
  const flags = (key: string): Record<string, boolean> => Object.fromEntries(list(args, key).map((name) => [name, true]));
  const config: NonNullable<ChangeRequest['config']> = {
    clear: [],
    env: pairs(args, 'env'),
    labels: pairs(args, 'label'),
    exposedPorts: flags('port'),
    volumes: flags('volume'),
    user: text(args, 'user'),
    workingDir: text(args, 'workdir'),
    entrypoint: words('entrypoint'),
    cmd: words('cmd'),
    stopSignal: text(args, 'stop-signal'),
    healthcheck: check === undefined ? undefined : { Test: check === 'NONE' ? ['NONE'] : check.trimStart().startsWith('[') ? words('healthcheck')! : ['CMD-SHELL', check] },
    shell: words('shell'),
    author: text(args, 'author'),
    created: text(args, 'created'),
  };
  const maps: Record<string, Record<string, string | boolean | null> | undefined> = { env: config.env, labels: config.labels, exposedPorts: config.exposedPorts, volumes: config.volumes };
  for (const field of list(args, 'clear')) {
    const [name, entry] = [field.split(':')[0]!, field.split(':').slice(1).join(':')];
    if (!entry) config.clear!.push(name);
    else if (!maps[name]) throw new UsageError(`--clear ${field}: only env, labels, exposedPorts and volumes have names.`);
    else maps[name][entry] = name === 'env' || name === 'labels' ? null : false;
  }
  return {
    image: text(args, 'only'),
    platforms: list(args, 'platform').length ? list(args, 'platform') : undefined,
    squash: flag(args, 'flatten') ? 'all' : whole('squash'),
    remove: list(args, 'remove'),
    sourceDateEpoch: whole('timestamp'),
    owner: owner === undefined ? undefined : { uid: uid!, gid: gid! },
    ...compressionOf(args),
    mediaTypes: text(args, 'media-types') as ChangeRequest['mediaTypes'],
    config,
    annotations: pairs(args, 'annotation'),
    indexAnnotations: pairs(args, 'index-annotation'),
    tags: list(args, 'tag').length ? list(args, 'tag') : undefined,
  };
}

function show({ output, size: bytes, images, dropped }: Written & ChangeReport): string {
  const { bold, dim, yellow } = paint(stdoutStyle());
  const lines: string[] = [];
  for (const image of images) {
    const same = image.before === image.digest;
    lines.push(`${bold(image.platform ?? 'image')}  ${image.digest}${same ? dim(' as before') : ''}`);
    if (!same) lines.push(dim(`  was ${shortDigest(image.before)}; ${image.kept} ${image.kept === 1 ? 'layer' : 'layers'} kept, ${image.made} made`));
    for (const conflict of image.conflicts) lines.push(`  ${yellow('look at')} ${safe(conflict.path)}: ${REASONS[conflict.reason]}`);
  }
  for (const digest of dropped) lines.push(`${yellow('left out')} ${shortDigest(digest)}: it was about an image that has changed`);
  lines.push(`${output === '-' ? 'standard output' : output} ${dim(size(bytes))}`);
  return `${lines.join('\n')}\n`;
}

const REASONS = {
  changed: 'the new base has another one below it',
  added: 'the new base has one too, which this hides',
  removed: 'the new base does not have it any more',
};
