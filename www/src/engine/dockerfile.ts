// The one place that knows the Dockerfile functions of the package.
import * as lw from 'layerwright/lint';
import { familiar } from './names.ts';
import type { Analysis, AnalyseParams, ContainerConfig, FixedText, PlaceParams, Plan } from './types.ts';

type Whole = typeof import('layerwright');

let loading: Promise<Whole> | undefined;
/** The whole package, once it is there. */
let loaded: Whole | undefined;

/** The whole package, which plans and has what an editor asks. It is loaded behind the module that finds. */
function whole(): Promise<Whole> {
  loading ??= (async () => {
    await lw.init();
    const all = await import('layerwright');
    await all.init();
    loaded = all;
    return all;
  })().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

type Options = Pick<lw.LintOptions, 'buildArgs' | 'target' | 'platform' | 'dockerignore'>;

function options({ target, platform, buildArgs, dockerignore }: AnalyseParams): Options {
  return {
    platform,
    ...(target ? { target } : {}),
    ...(Object.keys(buildArgs).length > 0 ? { buildArgs } : {}),
    ...(dockerignore ? { dockerignore } : {}),
  };
}

const lintOptions = (params: AnalyseParams): lw.LintOptions => ({ ...options(params), profile: params.profile as lw.Profile });

/** Answers when `analyse` has a plan. */
export async function planner(): Promise<void> {
  await whole();
}

/** Findings, and the plan where the planner is loaded: nobody waits for it to see what is wrong. */
export async function analyse(params: AnalyseParams): Promise<Analysis> {
  await lw.init();
  const { findings } = lw.lint(params.text, lintOptions(params));
  const sorted = [...findings].sort((a, b) => a.start - b.start || a.end - b.end);
  const checked = ruleCount(params.profile);
  if (params.text.trim() === '') return { findings: sorted, rules: checked };
  if (!loaded) return { findings: sorted, rules: checked, planning: true };
  try {
    return { findings: sorted, rules: checked, plan: planOf(loaded.plan(params.text, { ...options(params), partial: true }), params.text) };
  } catch (error) {
    return { findings: sorted, rules: checked, planError: error instanceof Error ? error.message : String(error) };
  }
}

let rules: lw.RuleInfo[] | undefined;

function ruleCount(profile: string): number {
  rules ??= lw.rules();
  return rules.filter(({ profiles }) => (profiles as string[]).includes(profile)).length;
}

function planOf(raw: ReturnType<Whole['plan']>, text: string): Plan {
  const lines = text.split('\n');
  const starts = raw.stages.filter((stage) => !stage.implicit).map((stage) => stage.line);
  return {
    stages: raw.stages.map((stage) => ({
      ...stage,
      base: { ...stage.base, reference: stage.base.reference && familiar(stage.base.reference) },
      endLine: stage.implicit ? stage.endLine : lastLine(lines, stage.endLine, Math.min(lines.length + 1, ...starts.filter((line) => line > stage.line))),
      steps: stage.steps.map((step) => ({
        ...step,
        contextPaths: step.contextPaths.map(fromFolder),
        ignoredPaths: step.ignoredPaths?.map(({ path, pattern }) => ({ path: fromFolder(path), pattern })),
      })),
    })),
    target: raw.target,
    config: raw.image.config as ContainerConfig,
    contextPaths: raw.contextPaths.map(fromFolder),
    problems: raw.diagnostics.map(({ message, help, lines: at }) => ({ message: help ? `${message}: ${help}` : message, line: at.from })),
  };
}

/** The last line of a stage that says something: before the next FROM, without the blank and comment lines above it. */
function lastLine(lines: readonly string[], from: number, next: number): number {
  let line = next - 1;
  while (line > from && /^\s*(#.*)?$/.test(lines[line - 1] ?? '')) line -= 1;
  return line;
}

/** Paths of the context come with a slash in front. */
const fromFolder = (path: string) => path.replace(/^\/+/, '') || '.';

export async function fixSafe(params: AnalyseParams): Promise<FixedText> {
  await lw.init();
  const { text, applied } = lw.fix(params.text, lintOptions(params));
  return { text, fixed: applied.length };
}

export async function format(text: string): Promise<string> {
  await lw.init();
  return lw.format(text);
}

/** What the editor asks, in the package's own words. */
export const editing = {
  completions: async ({ text, offset }: PlaceParams) => (await whole()).completions(text, offset),
  hover: async ({ text, offset }: PlaceParams) => (await whole()).hover(text, offset),
  folding: async ({ text }: { text: string }) => (await whole()).folding(text),
  definition: async ({ text, offset }: PlaceParams) => (await whole()).definition(text, offset),
  prepareRename: async ({ text, offset }: PlaceParams) => (await whole()).prepareRename(text, offset),
  rename: async ({ text, offset, newName }: PlaceParams & { newName: string }) => (await whole()).rename(text, offset, newName),
};
