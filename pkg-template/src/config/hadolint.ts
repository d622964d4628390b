// hadolint's configuration: its file, where it looks for it, and its environment variables.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import type { HadolintConfig } from '../lint.types.js';
import type { Document } from './document.js';
import type { Layer } from './layer.js';

/** The first configuration of hadolint: it looks in the working folder (`folders` are looked through in order), then in the user's. */
export function findHadolint(folders: string[], env: NodeJS.ProcessEnv): { file: string; text: string } | undefined {
  const home = env.HOME ?? os.homedir();
  const xdg = env.XDG_CONFIG_HOME ?? path.join(home, '.config');
  const places = [...folders.map((folder) => [folder, '.hadolint'] as const), [xdg, 'hadolint'], [path.join(home, '.hadolint'), 'hadolint'], [path.join(home, '.hadolint'), 'config'], [home, '.hadolint']] as const;
  for (const [folder, name] of places) {
    for (const ending of ['yaml', 'yml']) {
      const file = path.join(folder, `${name}.${ending}`);
      const text = readText(file);
      if (text !== undefined) return { file, text };
    }
  }
  return undefined;
}

/** A file's text, or nothing where there is no such file. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new LayerwrightError('CONFIG_UNREADABLE', `The configuration ${file} could not be read: ${message}`, { file }, { cause: error });
  }
}

/** A `.hadolint.yaml` as a layer. `read` is the core's reader. */
export function hadolintLayer(file: string, text: string, read: (text: string) => HadolintConfig): Layer {
  let config: HadolintConfig;
  try {
    config = read(text);
  } catch (error) {
    if (!(error instanceof LayerwrightError)) throw error;
    throw new LayerwrightError(error.code, `${file}: ${error.message}`, { ...error.details, file }, { cause: error });
  }
  const document: Document = {
    ignore: config.ignored,
    rules: Object.fromEntries(Object.entries(config.levels).filter(([code]) => !config.ignored.includes(code))),
    'trusted-registries': config.trustedRegistries,
    'label-schema': config.labelSchema,
    'strict-labels': config.strictLabels || undefined,
    'disable-ignore-pragma': config.disableIgnorePragma || undefined,
    'failure-threshold': threshold(config.failureThreshold, file),
    'no-fail': config.noFail || undefined,
    format: config.formats.length ? config.formats : undefined,
  };
  return { kind: 'hadolint', file, source: () => file, document, folder: path.dirname(file) };
}

/** hadolint takes "none" for "ignore": any finding fails. */
function threshold(written: string | undefined, source: string): string | undefined {
  if (written === undefined || written === '') return undefined;
  if (written === 'none' || written === 'ignore') return 'ignore';
  if (['error', 'warning', 'info', 'style'].includes(written)) return written;
  throw new LayerwrightError('CONFIG_INVALID', `${source}: failure-threshold: expected error, warning, info, style, ignore or none, got "${written}".`, { source });
}

/** hadolint's environment variables as layers, one for each that is set. */
export function environmentLayers(env: NodeJS.ProcessEnv, cwd: string): Layer[] {
  const words = (text: string): string[] => text.split(',').map((w) => w.trim()).filter(Boolean);
  const yes = (text: string): true | undefined => (['1', 'y', 'yes', 'true', 'on'].includes(text.toLowerCase()) ? true : undefined);
  const level = (name: string) => (text: string): Document => ({ rules: Object.fromEntries(words(text).map((code) => [code, name])) });
  const variables: Record<string, (text: string) => Document> = {
    HADOLINT_IGNORE: (text) => ({ ignore: words(text) }),
    HADOLINT_OVERRIDE_STYLE: level('style'),
    HADOLINT_OVERRIDE_INFO: level('info'),
    HADOLINT_OVERRIDE_WARNING: level('warning'),
    HADOLINT_OVERRIDE_ERROR: level('error'),
    HADOLINT_FAILURE_THRESHOLD: (text) => ({ 'failure-threshold': threshold(text, 'HADOLINT_FAILURE_THRESHOLD') }),
    HADOLINT_NOFAIL: (text) => ({ 'no-fail': yes(text) }),
    HADOLINT_TRUSTED_REGISTRIES: (text) => ({ 'trusted-registries': words(text) }),
    HADOLINT_REQUIRE_LABELS: (text) => ({ 'label-schema': labels(words(text), 'HADOLINT_REQUIRE_LABELS') }),
    HADOLINT_STRICT_LABELS: (text) => ({ 'strict-labels': yes(text) }),
    HADOLINT_DISABLE_IGNORE_PRAGMA: (text) => ({ 'disable-ignore-pragma': yes(text) }),
    HADOLINT_FORMAT: (text) => ({ format: words(text) }),
    HADOLINT_VERBOSE: (text) => ({ verbose: yes(text) }),
  };
  return Object.entries(variables).flatMap(([name, read]) => {
    const text = env[name];
    return text ? [{ kind: 'hadolint' as const, file: name, source: () => name, document: read(text), folder: cwd }] : [];
  });
}

/** `name:type` pairs, as `--require-label` takes them. */
export function labels(pairs: string[], source: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.lastIndexOf(':');
      if (at <= 0) throw new LayerwrightError('CONFIG_INVALID', `${source}: expected NAME:TYPE, got "${pair}".`, { source });
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
