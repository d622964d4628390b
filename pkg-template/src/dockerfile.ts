import type { Engine, Glue } from './engine.js';
import { type LazyDockerfile, Parsed } from './parsed.js';
import type { ReportFormat } from './report/formats.js';
import { render } from './report/index.js';
import type { ReportFile, ReportOptions } from './report/report.js';
import type * as wasm from './wasm/lint.js';

type DockerfileGlue = Glue & typeof wasm;

/** The functions about Dockerfiles, bound to one engine. */
export function dockerfileApi<G extends DockerfileGlue>(engine: Engine<G>) {
  return {
    /** The version of the package. */
    version: (): string => engine.call((g) => g.version()),
    /**
     * Parses a Dockerfile into its instructions, comments and directives. It never fails: what BuildKit would refuse is in `diagnostics`.
     *
     * What is written is there at once; what it means (`value`, `stages`, `diagnostics`…) is worked out when it is first used.
     */
    parse: (text: wasm.Text): LazyDockerfile => {
      const whole = () => engine.call((g) => g.parse(text));
      const written = decoded(text);
      if (written === undefined) return Parsed.of(whole());
      return new Parsed(written, engine.call((g) => g.parseTable(written)), whole);
    },
    /** Expands the variables, quotes and escapes of a word as BuildKit does. Throws where BuildKit refuses it. */
    expandWord: (word: string, variables: Record<string, string>, options?: wasm.ExpandOptions): wasm.ExpandedWord => engine.call((g) => g.expandWord(word, variables, options)),
    /** Formats a Dockerfile: keywords, white space, blank lines. What is built, comments and here-documents stay the same. */
    format: (text: wasm.Text, options?: wasm.FormatOptions): string => engine.call((g) => g.format(text, options)),
    /** Reads a `.dockerignore` into its patterns. */
    readDockerignore: (text: string): string[] => engine.call((g) => g.readDockerignore(text)),
    /** Whether patterns leave a path out of the build context, and which one decides. */
    matchDockerignore: (patterns: string[], path: string): wasm.IgnoreDecision => engine.call((g) => g.matchDockerignore(patterns, path)),
    /** What of these paths a build sends with this `.dockerignore`. Directories end in `/`. */
    contextPaths: (paths: string[], dockerignore: string): string[] => engine.call((g) => g.contextPaths(paths, dockerignore)),
    /** Lints a Dockerfile. Nothing in the text makes it fail; a `config` that is not YAML does, with `LINT_CONFIG_INVALID`. */
    lint: (text: wasm.Text, options?: wasm.LintOptions): wasm.LintResult => engine.call((g) => g.lint(text, options)),
    /** Applies the safe fixes, and with `unsafeFixes` the suggestions, until none is left. */
    fix: (text: wasm.Text, options?: wasm.LintOptions): wasm.FixResult => engine.call((g) => g.fix(text, options)),
    /** Lints the body of one RUN with the SC rules. */
    lintShell: (script: string, options?: wasm.ShellOptions): wasm.LintResult => engine.call((g) => g.lintShell(script, options)),
    /** All rules, with their documentation. */
    rules: (): wasm.RuleInfo[] => engine.call((g) => g.rules()),
    /** The rule of this code or name, in any case. */
    explain: (code: string): wasm.RuleInfo | undefined => engine.call((g) => g.explain(code)),
    /** Reads a `.hadolint.yaml`. Throws `LINT_CONFIG_INVALID` where it is not YAML. */
    readHadolintConfig: (text: string): wasm.HadolintConfig => engine.call((g) => g.readHadolintConfig(text)),
    /** Prints findings for people or machines. */
    renderReport: (format: ReportFormat, files: ReportFile[], options: ReportOptions = {}): string =>
      render(format, files, { options, version: engine.call((g) => g.version()), rule: (code) => engine.call((g) => g.explain(code)) }),
  };
}

/** The text where it is a string or UTF-8. Half of a surrogate pair is read as U+FFFD, as everywhere. */
function decoded(text: wasm.Text): string | undefined {
  if (typeof text === 'string') return LONE.test(text) ? text.replace(new RegExp(LONE, 'gu'), '\ufffd') : text;
  if (!(text instanceof Uint8Array)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return undefined;
  }
}

const LONE = /\p{Surrogate}/u;
