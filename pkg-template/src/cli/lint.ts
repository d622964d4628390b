import { writeFileSync } from 'node:fs';
import { Configuration } from '../config/load.js';
import { CATEGORIES, LABEL_TYPES, LEVELS, PROFILES, SETTINGS, THRESHOLDS, type Document } from '../config/document.js';
import { labels } from '../config/hadolint.js';
import { FORMAT_NAMES, FORMATS, type ReportFormat } from '../report/formats.js';
import type { ReportFile } from '../report/report.js';
import { Baseline } from './baseline.js';
import { type Arguments, type Command, complain, flag, list, pairs, text, UsageError } from './command.js';
import { expand } from './input.js';
import { decoded, type How, type LintedFile, prepare, type ReadyFile } from './lint-one.js';
import { linter } from './linter.js';
import { lintAll } from './pool.js';
import { print, stdoutLinks, stdoutStyle, terminalWidth } from './terminal.js';

const CODES = { type: 'string', multiple: true, value: 'CODE' } as const;

const command: Command = {
  usage: 'FILE...',
  about: `A folder stands for the Dockerfiles in it. Settings come from the nearest layerwright.toml, or key "layerwright" of a package.json, from the
file's folder up to the root of its repository; where there is none, from hadolint's configuration and environment variables.`,
  options: {
    profile: { type: 'string', short: 'p', value: 'NAME', choices: PROFILES, help: `which rules: ${PROFILES.join(', ')} (default: recommended)` },
    enable: { ...CODES, help: 'add a rule; may be repeated' },
    ignore: { ...CODES, help: 'leave a rule out; may be repeated' },
    error: { ...CODES, help: 'report a rule as an error; may be repeated' },
    warning: { ...CODES, help: 'report a rule as a warning; may be repeated' },
    info: { ...CODES, help: 'report a rule as info; may be repeated' },
    style: { ...CODES, help: 'report a rule as style; may be repeated' },
    category: { type: 'string', multiple: true, value: 'NAME=LEVEL', help: `give the rules of a category a level, or "off": ${CATEGORIES.join(', ')}` },
    'trusted-registry': { type: 'string', multiple: true, value: 'REGISTRY', help: 'a registry that images may come from; may be repeated' },
    'require-label': { type: 'string', multiple: true, value: 'NAME:TYPE', help: `a label that images need: ${LABEL_TYPES.join(', ')}; may be repeated` },
    'strict-labels': { type: 'boolean', help: 'report labels that are not required' },
    'disable-ignore-pragma': { type: 'boolean', help: "take no notice of hadolint's ignore comments" },
    'build-arg': { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set a build argument; may be repeated' },
    target: { type: 'string', value: 'STAGE', help: 'the stage that is built (default: the last)' },
    platform: { type: 'string', value: 'OS/ARCH', help: 'the platform that is built for (default: linux/amd64)' },
    config: { type: 'string', short: 'c', value: 'FILE', help: 'take this configuration: ours (.toml, .json) or a .hadolint.yaml' },
    'no-config': { type: 'boolean', help: 'look for no configuration' },
    'print-config': { type: 'boolean', help: 'show what holds for the files, and where each value comes from' },
    fix: { type: 'boolean', help: 'apply the fixes that are certain; with "-", print the fixed text' },
    'fix-dry-run': { type: 'boolean', help: 'print what --fix would change, as a unified diff' },
    'unsafe-fixes': { type: 'boolean', help: 'apply suggestions, too' },
    baseline: { type: 'string', value: 'FILE', help: 'report only what this file does not hold' },
    'write-baseline': { type: 'string', value: 'FILE', help: 'write what is found now as the baseline' },
    'update-baseline': { type: 'boolean', help: 'write what is found now to the baseline in use' },
    'failure-threshold': { type: 'string', short: 't', value: 'LEVEL', choices: THRESHOLDS, help: 'the lowest level that makes the exit status 1, or "none" (default: info)' },
    'no-fail': { type: 'boolean', help: 'exit with 0 whatever is found' },
    format: { type: 'string', short: 'f', multiple: true, value: 'FORMAT', choices: FORMAT_NAMES, help: `how to print: ${FORMAT_NAMES.join(', ')} (default: terminal); may be repeated` },
    output: { type: 'string', short: 'o', multiple: true, value: 'FILE', help: 'where to: the first for the first format, and so on; the rest is printed' },
    'file-path-in-report': { type: 'string', value: 'PATH', help: 'the name that reports give the file' },
    'no-color': { type: 'boolean', help: 'print without colours' },
    verbose: { type: 'boolean', short: 'V', help: 'say which configurations are used' },
  },
  arguments: [1, Infinity],
  examples: [
    ["layerwright lint Dockerfile 'services/**/Dockerfile'", 'lint files and patterns'],
    ['layerwright lint --fix .', 'fix what is safe to fix, show the rest'],
    ['layerwright lint --fix-dry-run . | git apply', 'the same as a patch'],
    ['layerwright lint -f sarif -o lint.sarif -f github .', 'two reports in one run'],
    ['… | layerwright lint -', 'lint standard input'],
  ],
  run,
};
export default command;

async function run(args: Arguments): Promise<number> {
  const loading = linter();
  const configuration = new Configuration({ core: loading, cwd: process.cwd(), env: process.env, config: flag(args, 'no-config') ? false : text(args, 'config'), commandLine: await commandLine(args, loading) });
  if (flag(args, 'print-config')) return (await import('./print-config.js')).printConfig(args.positionals, configuration);
  const names = await expand(args.positionals);
  const reportName = text(args, 'file-path-in-report');
  if (reportName !== undefined && names.length > 1) throw new UsageError('--file-path-in-report names one file, and there are several.');
  const how: How = { fix: flag(args, 'fix-dry-run') ? 'dry-run' : flag(args, 'fix') || flag(args, 'unsafe-fixes') ? 'write' : undefined, unsafeFixes: flag(args, 'unsafe-fixes') };
  const ready: ReadyFile[] = [];
  let unreadable = false;
  for (const name of names) {
    try {
      ready.push(await prepare(name, how, configuration, loading));
    } catch (error) {
      // One missing file does not hide what is wrong in the others.
      if ((error as { code?: string }).code !== 'FILE_UNREADABLE') throw error;
      complain(error as Error);
      unreadable = true;
    }
  }
  const core = await loading;
  const found = await lintAll(ready.map((f) => f.job), ({ source, options }) => core.lint(source, options).findings);
  const files: LintedFile[] = ready.map(({ job, ...file }, i) => ({ ...file, text: decoded(job.source), findings: found[i]! }));
  for (const file of files) {
    if (file.settings.verbose) process.stderr.write(`${file.name}: ${file.configurations.join(', ') || 'no configuration'}\n`);
    if (file.notFixed) process.stderr.write(`${file.name} is left as it is: ${file.notFixed}\n`);
  }
  baselines(args, files);
  const worst = files.some((file) => !file.settings.noFail && fails(file));
  const shown: ReportFile[] = reportName === undefined ? files : files.map((f) => ({ ...f, name: reportName }));
  if (how.fix === 'dry-run') {
    const [{ coloured }, { gitNames, unifiedDiff }] = await Promise.all([import('./coloured.js'), import('../unified.js')]);
    const diff = files.map((f) => unifiedDiff(gitNames(f.name), f.before ?? f.text, f.text)).join('');
    print(stdoutStyle() && !flag(args, 'no-color') ? coloured(diff) : diff);
    const fixes = files.reduce((n, f) => n + f.fixed, 0);
    process.stderr.write(`${fixes} ${fixes === 1 ? 'fix' : 'fixes'} would be applied\n`);
    return unreadable ? 2 : (diff || worst) && !flag(args, 'no-fail') ? 1 : 0;
  }
  // The text of standard input goes where it would have gone had it been a file: out, and the report beside it.
  const fixedInput = how.fix && files.find((f) => f.name === '-');
  if (fixedInput) print(fixedInput.text);
  await report(args, shown, files[0]?.settings.formats ?? [], fixedInput ? (text) => void process.stderr.write(text) : print, core);
  return unreadable ? 2 : worst ? 1 : 0;
}

/** Whether a file's findings make the exit status 1. */
function fails({ findings, settings }: LintedFile): boolean {
  const { failureThreshold } = settings;
  return failureThreshold !== 'none' && findings.some((f) => LEVELS.indexOf(f.level) <= LEVELS.indexOf(failureThreshold));
}

/** What the command line says, in the words of a configuration. */
async function commandLine(args: Arguments, core: PromiseLike<{ explain(code: string): unknown }>): Promise<Document> {
  const rules: Record<string, string> = {};
  const put = async (option: string, setting: string): Promise<void> => {
    for (const code of list(args, option)) {
      // hadolint takes any code, and scripts pass such as are no longer.
      if (!/^(SC|DL)\d{4}$/.test(code) && !(await core).explain(code)) throw new UsageError(`--${option}: there is no rule "${code}". "layerwright rules" lists them.`);
      rules[code] = setting;
    }
  };
  for (const level of [...LEVELS].reverse()) await put(level, level);
  await put('enable', 'on');
  await put('ignore', 'off');
  const some = <T extends object>(value: T): T | undefined => (Object.keys(value).length ? value : undefined);
  const categories = pairs(args, 'category');
  for (const [name, setting] of Object.entries(categories))
    if (!(CATEGORIES as readonly string[]).includes(name) || !(SETTINGS as readonly string[]).includes(setting)) throw new UsageError(`--category takes NAME=LEVEL with ${CATEGORIES.join(', ')} and ${SETTINGS.join(', ')}, not "${name}=${setting}".`);
  const required = labels(list(args, 'require-label'), '--require-label');
  for (const type of Object.values(required)) if (!(LABEL_TYPES as readonly string[]).includes(type)) throw new UsageError(`--require-label takes ${LABEL_TYPES.join(', ')}, not "${type}".`);
  return {
    profile: text(args, 'profile'),
    rules: some(rules),
    categories: some(categories),
    'trusted-registries': some(list(args, 'trusted-registry')),
    'label-schema': some(required),
    'strict-labels': flag(args, 'strict-labels') || undefined,
    'disable-ignore-pragma': flag(args, 'disable-ignore-pragma') || undefined,
    'build-args': some(pairs(args, 'build-arg')),
    target: text(args, 'target'),
    platform: text(args, 'platform'),
    'failure-threshold': text(args, 'failure-threshold'),
    'no-fail': flag(args, 'no-fail') || undefined,
    format: some(list(args, 'format')),
    baseline: text(args, 'write-baseline') ?? text(args, 'baseline'),
    verbose: flag(args, 'verbose') || undefined,
  };
}

/** Takes known findings out of the files, or writes them down. */
function baselines(args: Arguments, files: LintedFile[]): void {
  const byBaseline = new Map<string, LintedFile[]>();
  for (const file of files) if (file.settings.baseline) byBaseline.set(file.settings.baseline, [...(byBaseline.get(file.settings.baseline) ?? []), file]);
  const [fresh, update] = [text(args, 'write-baseline') !== undefined, flag(args, 'update-baseline')];
  if (update && !byBaseline.size) throw new UsageError('--update-baseline needs a baseline: name it with --baseline, or in the configuration.');
  for (const [name, covered] of byBaseline) {
    const baseline = fresh ? Baseline.empty(name) : Baseline.read(name);
    if (fresh || update) {
      baseline.write(covered);
      const total = covered.reduce((n, f) => n + f.findings.length, 0);
      process.stderr.write(`${total} ${total === 1 ? 'finding' : 'findings'} written to ${name}\n`);
      for (const file of covered) file.findings = [];
      continue;
    }
    let stale = 0;
    for (const file of covered) {
      const compared = baseline.compare(file);
      file.findings = compared.fresh;
      for (const entry of compared.stale) {
        stale++;
        process.stderr.write(`${name}: ${file.name}: ${entry.code} is no longer found in "${entry.instruction}"\n`);
      }
    }
    if (stale) process.stderr.write(`${stale} ${stale === 1 ? 'entry' : 'entries'} of ${name} can go: --update-baseline takes them out\n`);
  }
}

/** Prints each format, to the file at the same place of --output where there is one. */
async function report(args: Arguments, files: ReportFile[], formats: string[], write: (text: string) => void, core: Pick<typeof import('../lint.js'), 'version' | 'explain'>): Promise<void> {
  const outputs = (args.values.output as string[] | undefined) ?? [];
  const wanted = formats.length ? formats : ['terminal'];
  if (outputs.length > wanted.length) throw new UsageError(`There are ${outputs.length} --output and ${wanted.length} --format: each file needs one.`);
  for (const [i, format] of wanted.entries()) {
    if (!Object.hasOwn(FORMATS, format)) throw new UsageError(`There is no format "${format}": there are ${FORMAT_NAMES.join(', ')}.`);
    const { default: render } = await FORMATS[format as ReportFormat]();
    const output = outputs[i];
    const colour = output === undefined && stdoutStyle() && !flag(args, 'no-color');
    const made = render(files, { options: { colour, hyperlinks: colour && stdoutLinks(), width: output === undefined ? terminalWidth() : 0 }, version: core.version(), rule: core.explain });
    if (output === undefined || output === '-') write(made);
    else writeFileSync(output, made);
  }
}
