// Everything: Dockerfiles and images.
import { buildApi } from './build.js';
import { changeApi } from './change.js';
import { dockerfileApi } from './dockerfile.js';
import { editApi } from './edit.js';
import { Engine, type ModuleSource } from './engine.js';
import { imageApi } from './image.js';
import { planApi } from './plan.js';
import * as glue from './wasm/layerwright.js';

/** @internal */
export const engine = new Engine(glue);

/** Makes the module ready. Needed once in browsers; elsewhere it does nothing, since the module is ready at import. */
export default function init(source?: ModuleSource | { module: ModuleSource }): Promise<void> {
  return engine.init(source);
}
export { init };

export const { version, parse, expandWord, format, readDockerignore, matchDockerignore, contextPaths, lint, fix, lintShell, rules, explain, readHadolintConfig, renderReport } = dockerfileApi(engine);
export const { completions, hover, symbols, definition, references, prepareRename, rename, folding, semanticTokens } = editApi(engine);
export const { plan } = planApi(engine);
export const { openImage, openImageDirectory, readLayer, readTar } = imageApi(engine);
export const { buildImage, saveImage, saveImageFiles } = buildApi(engine);
export const { changeImage, combineImages } = changeApi(engine);
export { Image } from './image.js';
export { BuiltImage, ImageArchive } from './build.js';
export { ChangedImage } from './change.js';
export { memoryCache } from './cache.js';
export type { BuildCache, KeptLayer } from './cache.js';
export { StageFiles } from './execute.js';
export type { Executor, FileChange, RunMount, RunResult, RunStep, RunWork } from './execute.js';
export type { FetchOptions } from './fetching.js';
export type { BuildOptions, BuildRequest, ContextFile, GivenImage, LayoutFile, SaveOptions } from './build.js';
export type { ChangeRequest, CombineOptions, NewLayer } from './change.js';
export type { ImageOverview, ImageSource, ImageWithReferrers, ListOptions, OpenOptions, ReadOptions, Which } from './image.js';
export { compareImages } from './compare.js';
export type { CompareOptions, FileDifference, FileReason, ImageComparison, LayerPair, ValueDifference } from './compare.js';
export { passes, sarifOf, TAR_READERS, tarDifferences } from './differential.js';
export type { TarDifference, TarReaderName, VerifyLevel } from './differential.js';
export { checkDiveRules, parseDiveRules } from './dive.js';
export type { DiveResult, DiveRules } from './dive.js';
export type { AnalyzeOptions, BaseImage, DuplicateFiles, ImageAnalysis, LayerAnalysis, Parts, Runtime } from './analyze.js';
export { parseQuery } from './search.js';
export type { FileFound, FileQuery } from './search.js';
export type { AlignedHistory, HistoryStep } from './history.js';
export type { FileHandleLike, FolderHandleLike, SeekableSource } from './sources.js';
export { LayerwrightError } from './errors.js';
export type { ReportFormat } from './report/formats.js';
export type { ReportFile, ReportOptions } from './report/report.js';
export type { LazyDockerfile } from './parsed.js';
export type * from './layerwright.types.js';
export type { ModuleSource, RandomAccess, WorkOptions } from './engine.js';
