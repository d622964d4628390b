import type { Engine, Glue } from './engine.js';
import type * as wasm from './wasm/lint.js';

type DockerfileGlue = Glue & typeof wasm;

/** The functions about Dockerfiles, bound to one engine. */
export function dockerfileApi<G extends DockerfileGlue>(engine: Engine<G>) {
  return {
    /** The version of the package. */
    version: (): string => engine.call((g) => g.version()),
    /** Parses a Dockerfile into its instructions, comments and directives. It never fails: what BuildKit would refuse is in `diagnostics`. */
    parse: (text: wasm.Text): wasm.ParsedDockerfile => engine.call((g) => g.parse(text)),
    /** Expands the variables, quotes and escapes of a word as BuildKit does. Throws where BuildKit refuses it. */
    expandWord: (word: string, variables: Record<string, string>, options?: wasm.ExpandOptions): wasm.ExpandedWord => engine.call((g) => g.expandWord(word, variables, options)),
    /** Formats a Dockerfile: keywords, white space, blank lines. What is built, comments and here-documents stay the same. */
    format: (text: wasm.Text, options?: wasm.FormatOptions): string => engine.call((g) => g.format(text, options)),
    /** Plans a build: stages, steps, the image it gives. Throws where BuildKit would refuse it, unless `partial` is set. */
    plan: (text: wasm.Text, options?: wasm.PlanOptions): wasm.PlanReport => engine.call((g) => g.plan(text, options)),
    /** Reads a `.dockerignore` into its patterns. */
    readDockerignore: (text: string): string[] => engine.call((g) => g.readDockerignore(text)),
    /** Whether patterns leave a path out of the build context, and which one decides. */
    matchDockerignore: (patterns: string[], path: string): wasm.IgnoreDecision => engine.call((g) => g.matchDockerignore(patterns, path)),
    /** What of these paths a build sends with this `.dockerignore`. Directories end in `/`. */
    contextPaths: (paths: string[], dockerignore: string): string[] => engine.call((g) => g.contextPaths(paths, dockerignore)),
    /** Lints a Dockerfile. Nothing in the text makes it fail; a `config` that is not YAML does, with `LINT_CONFIG_INVALID`. */
    lint: (text: wasm.Text, options?: wasm.LintOptions): wasm.LintResult => engine.call((g) => g.lint(text, options)),
    /** Applies the safe fixes until none is left. */
    fix: (text: wasm.Text, options?: wasm.LintOptions): wasm.FixResult => engine.call((g) => g.fix(text, options)),
    /** Lints the body of one RUN with the SC rules. */
    lintShell: (script: string, options?: wasm.ShellOptions): wasm.LintResult => engine.call((g) => g.lintShell(script, options)),
    /** All rules, with their documentation. */
    rules: (): wasm.RuleInfo[] => engine.call((g) => g.rules()),
    /** The rule of this code or name, in any case. */
    explain: (code: string): wasm.RuleInfo | undefined => engine.call((g) => g.explain(code)),
    /** Prints findings for people or machines. */
    renderReport: (format: wasm.ReportFormat, files: wasm.ReportFile[], options?: wasm.ReportOptions): string =>
      engine.call((g) => g.renderReport(format, files, options)),
  };
}
