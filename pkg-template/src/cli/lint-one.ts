// What there is to do about one file: its text, its settings, and its fixes where they are asked for.
import { writeFileSync } from 'node:fs';
import type { Settings } from '../config/layer.js';
import type { Configuration } from '../config/load.js';
import type { FixResult, LintOptions, Text } from '../lint.js';
import type { ReportFile } from '../report/report.js';
import { ignoreFile, read } from './input.js';
import type { Job } from './pool.js';

export interface How {
  /** Apply fixes: to the file, or only to see what they would change. */
  fix?: 'write' | 'dry-run';
  /** Suggestions, too. */
  unsafeFixes?: boolean;
}

/** A file that is ready to be linted. */
export interface ReadyFile {
  name: string;
  job: Job;
  settings: Settings;
  /** Configurations that hold for it. */
  configurations: string[];
  /** The text before fixes, where fixes were asked for. */
  before?: string;
  /** How many fixes were applied. */
  fixed: number;
  /** Why no fix was tried. */
  notFixed?: string;
}

/** A file after its lint. */
export type LintedFile = Omit<ReadyFile, 'job'> & ReportFile;

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** The text of what was linted. */
export const decoded = (source: Text): string => (typeof source === 'string' ? source : lenient.decode(source));

/** Reads one file and, where asked, fixes it; throws where it cannot be read or its configuration is wrong. */
export async function prepare(name: string, how: How, configuration: Configuration, core: PromiseLike<{ fix(text: Text, options?: LintOptions): FixResult }>): Promise<ReadyFile> {
  const { settings, files: configurations } = await configuration.for(name);
  const { bytes } = await read(name);
  const options: LintOptions = { ...settings.options, dockerignore: name === '-' ? undefined : await ignoreFile(name) };
  const ready = { name, settings, configurations, fixed: 0, job: { source: bytes, options } };
  if (!how.fix) return ready;
  let before: string;
  try {
    before = strict.decode(bytes);
  } catch {
    // Rewriting it would change bytes that no fix is about.
    return { ...ready, before: decoded(bytes), notFixed: 'it is not UTF-8' };
  }
  const { text, applied } = (await core).fix(before, { ...options, unsafeFixes: how.unsafeFixes });
  if (how.fix === 'write' && name !== '-' && text !== before) writeFileSync(name, text);
  return { ...ready, job: { source: text, options }, before, fixed: applied.length };
}
