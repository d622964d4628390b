// The right pane: what the Dockerfile would make.
import { useState } from 'preact/hooks';
import type { ContainerConfig, Plan, PlanStage, PlanStep } from '../engine/types.ts';
import { plural } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { useStore } from '../lib/store.ts';
import { Prose } from '../ui/prose.tsx';
import { MenuButton, Tabs } from '../ui/parts.tsx';
import { StageGraph } from './graph.tsx';
import { stageName as stageTitle } from './names.ts';
import { PLATFORMS, dockerfile, editor, setBuildArg, setPlatform, setTarget } from './model.ts';

type Tab = 'layers' | 'config' | 'arguments' | 'context';

export function Preview() {
  const [tab, setTab] = useState<Tab>('layers');
  const { analysis, platform, dockerfile: text } = useStore(dockerfile);
  const { plan } = analysis;
  const stages = plan?.stages.filter((stage) => !stage.implicit) ?? [];
  const args = declaredArguments(text);
  const choices = [...new Set([...PLATFORMS, platform])];
  return (
    <section class="fill" aria-label="Preview" data-pane>
      <div class="ph">
        <Tabs
          label="Preview"
          panel="preview-panel"
          value={tab}
          onChange={setTab}
          items={[
            { id: 'layers', label: 'Layers' },
            { id: 'config', label: 'Config' },
            { id: 'arguments', label: 'Arguments', count: args.length > 0 ? String(args.length) : undefined },
            { id: 'context', label: 'Context', count: plan && plan.contextPaths.length > 0 ? String(plan.contextPaths.length) : undefined },
          ]}
        />
        <span class="grow" />
        {plan && stages.length > 1 && (
          <MenuButton
            label={`Target: ${targetName(plan)}`}
            choices={stages.map((stage) => ({ id: String(stage.index), label: <span class="code">{stageTitle(stage)}</span>, checked: stage.index === plan.target }))}
            onChoose={(id) => {
              const stage = plan.stages[Number(id)];
              if (stage) setTarget(stage === stages.at(-1) ? undefined : (stage.name ?? String(stage.index)));
            }}
          >
            <span class="cut most">{targetName(plan)}</span>
          </MenuButton>
        )}
        <MenuButton label={`Platform: ${platform}`} choices={choices.map((id) => ({ id, label: id, checked: id === platform }))} onChoose={setPlatform}>
          {platform}
        </MenuButton>
      </div>
      <div class="scroll" role="tabpanel" id="preview-panel" aria-labelledby={`preview-panel-${tab}`} tabIndex={0}>
        {tab === 'arguments' ? <Arguments args={args} /> : plan ? tab === 'layers' ? <Layers plan={plan} onConfig={() => setTab('config')} /> : tab === 'config' ? <ConfigPanel config={plan.config} /> : <Context plan={plan} /> : <Nothing />}
      </div>
    </section>
  );
}

function targetName(plan: Plan): string {
  const stage = plan.stages[plan.target];
  return stage ? stageTitle(stage) : 'no stage';
}

function Nothing() {
  const { dockerfile: text, analysis, error } = useStore(dockerfile);
  const why = error ?? analysis.planError;
  return <div class="sec mid">{text.trim() === '' ? 'The stages, layers and config that the Dockerfile would make appear here.' : why ? `No preview. ${why}` : analysis.planning ? 'The preview is being loaded.' : ''}</div>;
}

/** The steps of the target stage and of the stages it is built on, first to last. */
function chain(plan: Plan): { base: PlanStage | undefined; steps: { step: PlanStep; stage: PlanStage }[] } {
  const stages: PlanStage[] = [];
  let at = plan.stages[plan.target];
  while (at && !stages.includes(at)) {
    stages.unshift(at);
    at = at.base.kind === 'stage' ? plan.stages[at.base.stage ?? -1] : undefined;
  }
  return { base: stages[0], steps: stages.flatMap((stage) => stage.steps.map((step) => ({ step, stage }))) };
}

export const goToLine = (line: number) => {
  dockerfile.patch({ file: 'Dockerfile' });
  editor.now?.goTo(line);
};

function Layers({ plan, onConfig }: { plan: Plan; onConfig(): void }) {
  const line = useStore(dockerfile, (state) => state.line);
  const { base, steps } = chain(plan);
  const layers = steps.filter(({ step }) => step.createsLayer);
  const reference = base && base.base.kind !== 'scratch' ? base.base.reference : undefined;
  return (
    <>
      <div class="sec">
        <StageGraph plan={plan} onLine={goToLine} />
      </div>
      {plan.problems.length > 0 && (
        <ul class="sec problems">
          {plan.problems.map((problem) => (
            <li>
              <Prose text={problem.message} />
              {problem.line !== undefined && (
                <button type="button" class="link num" onClick={() => goToLine(problem.line ?? 1)}>
                  line {problem.line}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="grp">
        <span>Layers it would make, first to last</span>
        <span aria-hidden="true">line</span>
      </div>
      <ol class="plan-layers" aria-label="Layers it would make">
        {reference !== undefined && (
          <li class="ly flat">
            <span class="n" aria-hidden="true" />
            <span class="l1">
              <span class="cmd cut mid">
                layers of <Name text={reference} cut />
              </span>
            </span>
            <span class="l2 sub">
              <span class="cut">sizes are known when you open the image</span>
            </span>
          </li>
        )}
        {layers.map(({ step }, i) => (
          <li class={`ly ${step.line <= line && line <= step.endLine ? 'sel' : ''}`}>
            <button type="button" onClick={() => goToLine(step.line)}>
              <span class="n num">{reference === undefined ? i + 1 : `+${i + 1}`}</span>
              <span class="l1">
                <span class="cmd cut">{oneLine(step.text)}</span>
                <span class="num dim">
                  <span class="sr">line </span>
                  {step.line}
                </span>
              </span>
              <span class="l2 sub">
                <span class="cut">{whatItDoes(plan, step)}</span>
              </span>
            </button>
          </li>
        ))}
        {layers.length === 0 && <li class="sec mid">No instruction of this target makes a layer of its own.</li>}
      </ol>
      <div class="sec">
        <h2>Config</h2>
        <ConfigFacts config={plan.config} brief />
        <button type="button" class="link xs" onClick={onConfig}>
          All of the config
        </button>
      </div>
    </>
  );
}

const oneLine = (text: string) => text.replace(/\\\n\s*/g, '').replace(/\s*\n\s*/g, ' ');

function whatItDoes(plan: Plan, step: PlanStep): string {
  if (step.instruction === 'RUN' || step.needsExecutor) return 'needs a shell: size known after a build';
  if (step.fromStage !== undefined) {
    const named = typeof step.fromStage === 'number' ? plan.stages[step.fromStage] : undefined;
    if (named?.implicit) return `from ${named.base.kind === 'context' ? 'the context' : 'the image'} ${nameText(named.base.reference ?? '')}`;
    const stage = named;
    const runs = stage?.steps.filter((other) => other.needsExecutor).at(-1);
    const name = stage ? stageTitle(stage) : String(step.fromStage);
    return stage ? `from stage ${name}${runs ? `: made by RUN on line ${runs.line}` : ''}` : `from the image ${name}`;
  }
  if (step.unknown) return `not known yet: ${step.unknown}`;
  if (step.instruction === 'WORKDIR') return `creates ${oneLine(step.text).replace(/^\S+\s+/, '')}`;
  if (step.contextPaths.length > 0) return `from the folder: ${step.contextPaths.map((path) => (path === '.' ? 'all of it' : path)).join(', ')}`;
  return 'size known when the folder is given';
}

const json = (list: readonly string[]) => `[${list.map((item) => JSON.stringify(item)).join(', ')}]`;
const seconds = (nanoseconds: number) => `${nanoseconds / 1e9} s`;

export function configFacts(config: ContainerConfig, brief: boolean): [string, string[]][] {
  const rows: [string, string[]][] = [];
  const add = (name: string, ...values: (string | undefined)[]) => {
    const known = values.filter((value) => value !== undefined && value !== '') as string[];
    if (known.length > 0) rows.push([name, known]);
  };
  add('User', config.User ?? (brief ? undefined : 'root (none is set)'));
  add('Entrypoint', config.Entrypoint?.length ? json(config.Entrypoint) : undefined);
  add('Cmd', config.Cmd?.length ? json(config.Cmd) : undefined);
  if (brief && config.Env?.length) add('Env', ...config.Env.slice(-3), config.Env.length > 3 ? `and ${config.Env.length - 3} more` : undefined);
  else add('Env', ...(config.Env ?? []));
  add('Workdir', config.WorkingDir);
  add('Ports', Object.keys(config.ExposedPorts ?? {}).join(', '));
  add('Volumes', ...Object.keys(config.Volumes ?? {}));
  if (!brief) {
    add('Labels', ...Object.entries(config.Labels ?? {}).map(([key, value]) => `${key}=${value}`));
    add('Stop signal', config.StopSignal);
    add('Shell', config.Shell?.length ? json(config.Shell) : undefined);
    add('On build', ...(config.OnBuild ?? []));
    const health = config.Healthcheck;
    if (health)
      add(
        'Healthcheck',
        json(health.Test ?? []),
        [health.Interval && `every ${seconds(health.Interval)}`, health.Timeout && `at most ${seconds(health.Timeout)}`, health.StartPeriod && `after ${seconds(health.StartPeriod)}`, health.Retries && plural(health.Retries, 'retry', 'retries')].filter(Boolean).join(', ') || undefined,
      );
  }
  return rows;
}

export function ConfigFacts({ config, brief = false }: { config: ContainerConfig; brief?: boolean }) {
  const rows = configFacts(config, brief);
  if (rows.length === 0) return <p class="mid">Nothing is set.</p>;
  return (
    <dl class="facts">
      {rows.map(([name, values]) => (
        <>
          <dt>{name}</dt>
          <dd class="code">
            {values.map((value) => (
              <div>
                <Name text={value} words />
              </div>
            ))}
          </dd>
        </>
      ))}
    </dl>
  );
}

function ConfigPanel({ config }: { config: ContainerConfig }) {
  return (
    <div class="sec">
      <h2>Config</h2>
      <ConfigFacts config={config} />
      <p class="xs dim cap">What the base image sets is added when the image is built.</p>
    </div>
  );
}

interface Argument {
  name: string;
  fallback: string | undefined;
  line: number;
}

/** Arguments that the file declares, with their default; the first declaration counts. */
function declaredArguments(text: string): Argument[] {
  const found = new Map<string, Argument>();
  text.split('\n').forEach((line, i) => {
    const match = /^\s*ARG\s+(.+)$/i.exec(line);
    if (!match) return;
    for (const part of (match[1] ?? '').match(/[A-Za-z_]\w*(?:=(?:"[^"]*"|'[^']*'|\S)*)?/g) ?? []) {
      const [name = '', ...rest] = part.split('=');
      if (!found.has(name)) found.set(name, { name, fallback: part.includes('=') ? rest.join('=').replace(/^(["'])(.*)\1$/, '$2') : undefined, line: i + 1 });
    }
  });
  return [...found.values()];
}

function Arguments({ args }: { args: Argument[] }) {
  const given = useStore(dockerfile, (state) => state.buildArgs);
  if (args.length === 0) return <div class="sec mid">No ARG in this Dockerfile.</div>;
  return (
    <div class="sec">
      <h2>Arguments</h2>
      <p class="mid gap">As with --build-arg: an empty field leaves the default.</p>
      <div class="args">
        {args.map((arg) => (
          <>
            <label class="code" for={`arg-${arg.name}`}>
              {arg.name}
            </label>
            <input id={`arg-${arg.name}`} class="field code" type="text" autocomplete="off" spellcheck={false} value={given[arg.name] ?? ''} placeholder={arg.fallback ?? 'no default'} onInput={(event) => setBuildArg(arg.name, event.currentTarget.value === '' ? undefined : event.currentTarget.value)} />
            <button type="button" class="link num" onClick={() => goToLine(arg.line)}>
              line {arg.line}
            </button>
          </>
        ))}
      </div>
    </div>
  );
}

function Context({ plan }: { plan: Plan }) {
  const users = plan.stages.flatMap((stage) => (stage.reachable ? stage.steps.filter((step) => step.contextPaths.length > 0) : []));
  if (users.length === 0) return <div class="sec mid">The target takes nothing from the folder.</div>;
  return (
    <div class="sec">
      <h2>What it takes from the folder</h2>
      <ul class="uses">
        {users.flatMap((step) =>
          step.contextPaths.map((path) => (
            <li>
              <span class="code grow cut">
                <Name text={path} cut />
              </span>
              {step.ignoredPaths
                ?.filter((ignored) => ignored.path === path)
                .map((ignored) => (
                  <span class="changed">
                    left out by <code>{ignored.pattern}</code>
                  </span>
                ))}
              <span class="dim">{step.instruction}</span>
              <button type="button" class="link num" onClick={() => goToLine(step.line)}>
                line {step.line}
              </button>
            </li>
          )),
        )}
      </ul>
      <p class="xs dim cap">Paths as written, after variables. Files that .dockerignore names are not taken.</p>
    </div>
  );
}

