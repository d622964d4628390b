import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import type { PlanOptions } from '../index.js';
import { type Command, complain, FORMAT, flag, pairs, text } from './command.js';
import { openAny } from './image.js';
import { ignoreFile, read, walkContext } from './input.js';
import { clip, paint, safe, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'FILE|FOLDER',
  about: 'Says what `docker build` would do, without doing it: the stages that are reached, the layers each step makes, and the image config.\nWhat cannot be known without a build (the effect of RUN, an unknown base image) is said. A folder is the build context, with its Dockerfile in it:\nwhat of it is sent is shown, and what is left out by which line of .dockerignore.',
  options: {
    target: { type: 'string', short: 't', value: 'STAGE', help: 'the stage to build (default: the last)' },
    platform: { type: 'string', value: 'OS/ARCH', help: 'such as linux/arm64 (default: linux/amd64)' },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    'build-context': { type: 'string', multiple: true, value: 'NAME=PLACE', help: 'what a name stands for: a folder, an address, or docker-image://NAME; may be repeated' },
    base: { type: 'string', multiple: true, value: 'NAME=IMAGE', help: 'the image that FROM NAME means, whose config is then known: a tar or a layout folder; may be repeated' },
    context: { type: 'string', value: 'FOLDER', help: 'the build context, where FILE is somewhere else' },
    all: { type: 'boolean', short: 'a', help: 'show stages that are not reached, and all paths of the context' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [
    ['layerwright plan Dockerfile --target runtime', 'what the stage "runtime" would become'],
    ['layerwright plan .', 'the same for the folder of a project, with what of it is sent'],
  ],
  async run(args) {
    const { plan } = await import('../index.node.js');
    const given = args.positionals[0]!;
    const isFolder = given !== '-' && ((await stat(given).catch(() => null))?.isDirectory() ?? false);
    const folder = text(args, 'context') ?? (isFolder ? given : undefined);
    const { name, bytes } = await read(isFolder ? path.join(given, 'Dockerfile') : given);
    const options: PlanOptions = {
      target: text(args, 'target'),
      platform: text(args, 'platform'),
      buildArgs: pairs(args, 'build-arg'),
      contexts: pairs(args, 'build-context'),
      baseConfigs: await configs(pairs(args, 'base')),
      dockerignore: name === '-' && !folder ? undefined : await ignoreFile(name, folder),
      context: folder === undefined ? undefined : await pathsOf(folder),
    };
    let made;
    try {
      made = plan(bytes, options);
    } catch (error) {
      complain(error as Error, name);
      return 1;
    }
    if (text(args, 'format') === 'json') process.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
    else process.stdout.write(show(made, flag(args, 'all')));
    return 0;
  },
};
export default command;

/** The configurations of images that stand for bases. */
async function configs(bases: Record<string, string>): Promise<NonNullable<PlanOptions['baseConfigs']>> {
  const found: NonNullable<PlanOptions['baseConfigs']> = {};
  for (const [name, source] of Object.entries(bases)) {
    const image = await openAny(source);
    if (image.config) found[name] = image.config;
    image[Symbol.dispose]();
  }
  return found;
}

/** The paths of a folder as the planner takes them: directories end in `/`. */
async function pathsOf(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { inside, entry } of walkContext(folder)) paths.push(entry.isDirectory() ? `${inside}/` : inside);
  } catch (error) {
    throw new LayerwrightError('CONTEXT_UNREADABLE', `The context ${folder} could not be read: ${(error as Error).message}`, { context: folder }, { cause: error });
  }
  return paths;
}

type Plan = ReturnType<typeof import('../index.js').plan>;

function show(plan: Plan, all: boolean): string {
  const { bold, dim, blue, yellow } = paint(stdoutStyle());
  const width = terminalWidth();
  const lines: string[] = [];
  // What `--from` names without being a stage of the file is shown with --all only.
  const ofFile = plan.stages.filter((s) => !s.implicit);
  const stages = all ? plan.stages : ofFile.filter((s) => s.reachable);
  for (const stage of stages) {
    const name = stage.name ?? `stage ${stage.index}`;
    const base = stage.base.kind === 'stage' ? plan.stages[stage.base.stage ?? 0]?.name ?? `stage ${stage.base.stage}` : stage.base.reference ?? stage.base.kind;
    const target = stage.index === plan.target ? ', target' : '';
    lines.push(`${bold(safe(name))} ${dim(`${linesOf(stage)}${target}${stage.reachable ? '' : ', not reached'}`)}  ${dim('from')} ${blue(safe(base))} ${dim(`${stage.platform ?? ''}${stage.base.kind === 'image' && !stage.baseKnown ? ', its config not known' : ''}`)}`);
    for (const step of stage.steps) {
      const mark = step.needsExecutor ? yellow('run  ') : step.createsLayer ? 'layer' : dim('     ');
      lines.push(`  ${dim(String(step.line).padStart(4))}  ${mark}  ${clip(safe(step.text.replace(/\s+/g, ' ')), Math.max(20, width - 16))}`);
    }
    lines.push('');
  }
  const skipped = ofFile.filter((s) => !s.reachable).length;
  if (skipped && !all) lines.push(dim(`${skipped} ${skipped === 1 ? 'stage is' : 'stages are'} not reached by the target (--all shows them)`), '');
  const { image } = plan;
  lines.push(bold('Image'));
  const row = (key: string, value: string) => lines.push(`  ${dim(key.padEnd(13))}${clip(value, Math.max(20, width - 15))}`);
  row('Platform', [image.os, image.architecture, image.variant].filter(Boolean).join('/'));
  for (const [key, value] of Object.entries(image.config ?? {})) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value) && key === 'Env') value.forEach((v, i) => row(i ? '' : key, safe(String(v))));
    else row(key, safe(typeof value === 'string' ? value : JSON.stringify(value)));
  }
  if (plan.contextPaths.length) row('Context', plan.contextPaths.map(safe).join(' '));
  if (plan.context) lines.push('', bold('Context'), ...contextLines(plan.context, all, width));
  for (const d of plan.diagnostics) lines.push(`  ${yellow(d.code)} ${safe(d.message)}`);
  return `${lines.join('\n')}\n`;
}

/** The lines of a stage, from its `FROM` to its last step. */
function linesOf(stage: Plan['stages'][number]): string {
  const last = stage.steps.reduce((n, s) => Math.max(n, s.endLine), stage.endLine);
  return last > stage.line ? `lines ${stage.line}-${last}` : `line ${stage.line}`;
}

/** How many paths of a kind are shown without `--all`. */
const FEW = 12;

/** What of the context is sent, what is left out by which line, and what nothing reads. */
function contextLines({ sent, ignored, unread }: NonNullable<Plan['context']>, all: boolean, width: number): string[] {
  const { dim, yellow } = paint(stdoutStyle());
  const lines: string[] = [];
  const group = (title: string, paths: string[], indent = '  ') => {
    const files = paths.filter((p) => !p.endsWith('/')).length;
    lines.push(`${indent}${title} ${dim(`${files} ${files === 1 ? 'file' : 'files'}`)}`);
    const shown = all ? paths : whole(paths);
    for (const p of shown.slice(0, all ? Infinity : FEW)) lines.push(`${indent}  ${clip(safe(p), Math.max(20, width - indent.length - 2))}`);
    if (!all && shown.length > FEW) lines.push(dim(`${indent}  and ${shown.length - FEW} more (--all shows them)`));
  };
  group('sent', sent.filter((p) => all || !p.endsWith('/')));
  const rules = new Map<number, typeof ignored>();
  for (const path of ignored) rules.get(path.line)?.push(path) ?? rules.set(path.line, [path]);
  for (const [line, paths] of [...rules].sort(([a], [b]) => a - b)) group(`${yellow('left out')} by .dockerignore:${line} ${safe(paths[0]!.pattern)}`, paths.map((p) => p.path));
  if (unread.length) group(dim('read by no step'), unread);
  return lines;
}

/** Paths without those below a directory that is listed itself. */
function whole(paths: string[]): string[] {
  const shown: string[] = [];
  for (const path of paths) {
    const last = shown.at(-1);
    if (!last?.endsWith('/') || !path.startsWith(last)) shown.push(path);
  }
  return shown;
}
