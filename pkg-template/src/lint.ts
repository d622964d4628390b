// Dockerfiles linted, read and formatted: `import { lint } from "layerwright/lint"`.
import { dockerfileApi } from './dockerfile.js';
import { Engine, type ModuleSource } from './engine.js';
import * as glue from './wasm/lint.js';

/** @internal */
export const engine = new Engine(glue);

/** Makes the module ready. Needed once in browsers; elsewhere it does nothing, since the module is ready at import. */
export default function init(source?: ModuleSource | { module: ModuleSource }): Promise<void> {
  return engine.init(source);
}
export { init };

export const { version, parse, expandWord, format, readDockerignore, matchDockerignore, contextPaths, lint, fix, lintShell, rules, explain, readHadolintConfig, renderReport } = dockerfileApi(engine);
export { LayerwrightError } from './errors.js';
export type { ReportFormat } from './report/formats.js';
export type { ReportFile, ReportOptions } from './report/report.js';
export type { LazyDockerfile } from './parsed.js';
export type * from './lint.types.js';
export type { ModuleSource, RandomAccess, WorkOptions } from './engine.js';
