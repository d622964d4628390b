import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { type Command, complain, FORMAT, flag, pairs, text } from './command.js';
import { read } from './input.js';
import { clip, paint, safe, stdoutStyle, terminalWidth } from './terminal.js';

const command: Command = {
  usage: 'FILE',
  about: 'Says what `docker build` would do, without doing it: the stages that are reached, the layers each step makes, and the image config.\nWhat cannot be known without a build (the effect of RUN, an unknown base image) is said.',
  options: {
    target: { type: 'string', short: 't', value: 'STAGE', help: 'the stage to build (default: the last)' },
    platform: { type: 'string', value: 'OS/ARCH', help: 'such as linux/arm64 (default: linux/amd64)' },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    all: { type: 'boolean', short: 'a', help: 'show stages that are not reached, too' },
    format: FORMAT('text', 'json'),
  },
  arguments: [1, 1],
  examples: [['layerwright plan Dockerfile --target runtime', 'what the stage "runtime" would become']],
  async run(args) {
    const { plan } = await import('../lint.node.js');
    const { name, bytes } = await read(args.positionals[0]!);
    const dockerignore = name === '-' ? undefined : await ignoreFile(name);
    let made;
    try {
      made = plan(bytes, { target: text(args, 'target'), platform: text(args, 'platform'), buildArgs: pairs(args, 'build-arg'), dockerignore });
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

/** The ignore file that Docker takes: `NAME.dockerignore` beside the Dockerfile, else `.dockerignore` in its folder. */
export async function ignoreFile(dockerfile: string): Promise<string | undefined> {
  for (const file of [`${dockerfile}.dockerignore`, path.join(path.dirname(dockerfile), '.dockerignore')]) {
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Plan = ReturnType<typeof import('../lint.js').plan>;

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
  for (const d of plan.diagnostics) lines.push(`  ${yellow(d.code)} ${safe(d.message)}`);
  return `${lines.join('\n')}\n`;
}

/** The lines of a stage, from its `FROM` to its last step. */
function linesOf(stage: Plan['stages'][number]): string {
  const last = stage.steps.reduce((n, s) => Math.max(n, s.endLine), stage.endLine);
  return last > stage.line ? `lines ${stage.line}-${last}` : `line ${stage.line}`;
}
