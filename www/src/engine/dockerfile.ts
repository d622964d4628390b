// The one place that knows the Dockerfile functions of the package.
import * as lw from 'layerwright/lint';
import type { Analysis, AnalyseParams, Finding, FixedText, Plan } from './types.ts';

interface LintOptions {
  profile?: string;
  buildArgs?: Record<string, string>;
  target?: string;
  platform?: string;
  dockerignore?: string;
}

interface RawPlan {
  stages: Plan['stages'];
  target?: number | string;
  image?: { config?: Plan['config'] };
  contextPaths?: string[];
  diagnostics?: { message: string; line?: number; range?: { start: { line: number } } }[];
}

/** The functions as they are called here. */
interface Api {
  init(): Promise<void>;
  lint(text: string, options?: LintOptions): { findings: Finding[] };
  rules(): { code: string; profiles: string[] }[];
  fix(text: string, options?: LintOptions): { text: string; applied: Finding[]; remaining: Finding[] };
  format(text: string): string;
  plan(text: string, options?: Omit<LintOptions, 'profile'>): RawPlan;
}

const api = lw as unknown as Api;

function options({ profile, target, platform, buildArgs, dockerignore }: AnalyseParams): LintOptions {
  return {
    profile,
    platform,
    ...(target ? { target } : {}),
    ...(Object.keys(buildArgs).length > 0 ? { buildArgs } : {}),
    ...(dockerignore ? { dockerignore } : {}),
  };
}

export async function analyse(params: AnalyseParams): Promise<Analysis> {
  await api.init();
  const { profile: _, ...planOptions } = options(params);
  const { findings } = api.lint(params.text, options(params));
  const sorted = [...findings].sort((a, b) => a.start - b.start || a.end - b.end);
  const checked = ruleCount(params.profile);
  if (params.text.trim() === '') return { findings: sorted, rules: checked };
  try {
    return { findings: sorted, rules: checked, plan: planOf(api.plan(params.text, planOptions)) };
  } catch (error) {
    return { findings: sorted, rules: checked, planError: error instanceof Error ? error.message : String(error) };
  }
}

let rules: { profiles: string[] }[] | undefined;

function ruleCount(profile: string): number {
  rules ??= api.rules();
  return rules.filter(({ profiles }) => profiles.includes(profile)).length;
}

function planOf(raw: RawPlan): Plan {
  const byName = raw.stages.findIndex((stage) => stage.name !== undefined && stage.name === raw.target);
  const target = typeof raw.target === 'number' ? raw.target : byName >= 0 ? byName : raw.stages.length - 1;
  return {
    stages: raw.stages,
    target,
    config: raw.image?.config ?? {},
    contextPaths: raw.contextPaths ?? [],
    problems: (raw.diagnostics ?? []).map(({ message, line, range }) => ({ message, line: line ?? range?.start.line })),
  };
}

export async function fixSafe(params: AnalyseParams): Promise<FixedText> {
  await api.init();
  const { text, applied } = api.fix(params.text, options(params));
  return { text, fixed: applied.length };
}

export async function format(text: string): Promise<string> {
  await api.init();
  return api.format(text);
}
