// What a layerwright.toml, or the key "layerwright" of a package.json, may hold. One table: reading, messages and the
// JSON schema follow it.
import { FORMAT_NAMES } from '../report/formats.js';
import { didYouMean } from './nearest.js';

export const PROFILES = ['recommended', 'hadolint', 'buildkit', 'strict', 'all'] as const;
export const LEVELS = ['error', 'warning', 'info', 'style'] as const;
export const SETTINGS = ['off', 'on', ...LEVELS] as const;
export const THRESHOLDS = [...LEVELS, 'ignore', 'none'] as const;
export const CATEGORIES = ['error-prone', 'security', 'size', 'cache', 'style', 'reproducibility'] as const;
export const LABEL_TYPES = ['text', 'url', 'spdx', 'hash', 'rfc3339', 'semver', 'email'] as const;

type Kind =
  | { type: 'boolean' }
  | { type: 'string'; choices?: readonly string[] }
  /** A list of texts; a text alone counts as a list of one. */
  | { type: 'list'; choices?: readonly string[]; codes?: boolean }
  | { type: 'map'; keys?: readonly string[]; codes?: boolean; choices?: readonly string[] }
  | { type: 'overrides' };

interface Key {
  kind: Kind;
  /** For people and for the schema. */
  about: string;
  /** It may stand in an override, too. */
  perFile?: boolean;
}

export const KEYS: Record<string, Key> = {
  extends: { kind: { type: 'list' }, about: 'Configurations that this one adds to: files (relative to this one), a .hadolint.yaml, or packages.' },
  profile: { kind: { type: 'string', choices: PROFILES }, about: 'The set of rules that runs.', perFile: true },
  enable: { kind: { type: 'list', codes: true }, about: 'Rules that run too.', perFile: true },
  ignore: { kind: { type: 'list', codes: true }, about: 'Rules that do not run.', perFile: true },
  rules: { kind: { type: 'map', codes: true, choices: SETTINGS }, about: 'What becomes of single rules, by code or name: off, on, or a level.', perFile: true },
  categories: { kind: { type: 'map', keys: CATEGORIES, choices: SETTINGS }, about: 'What becomes of the rules of a category: off, or a level.', perFile: true },
  'trusted-registries': { kind: { type: 'list' }, about: 'Registries that images may come from, "*" in front or at the end (DL3026).', perFile: true },
  'label-schema': { kind: { type: 'map', choices: LABEL_TYPES }, about: 'Labels that images need, and what their values must be (DL3049 to DL3056).', perFile: true },
  'strict-labels': { kind: { type: 'boolean' }, about: 'Labels outside the schema are reported (DL3050).', perFile: true },
  'disable-ignore-pragma': { kind: { type: 'boolean' }, about: "hadolint's ignore comments silence nothing.", perFile: true },
  'build-args': { kind: { type: 'map' }, about: 'Build arguments.', perFile: true },
  target: { kind: { type: 'string' }, about: 'The stage that is built.', perFile: true },
  platform: { kind: { type: 'string' }, about: 'The platform that is built for, such as linux/arm64.', perFile: true },
  'failure-threshold': { kind: { type: 'string', choices: THRESHOLDS }, about: 'The lowest level that makes the exit status 1; "none" for no level at all.', perFile: true },
  'no-fail': { kind: { type: 'boolean' }, about: 'The exit status is 0 whatever is found.' },
  format: { kind: { type: 'list', choices: FORMAT_NAMES }, about: 'How to print.' },
  baseline: { kind: { type: 'string' }, about: 'A file with findings that are known and not reported, relative to this one.' },
  overrides: { kind: { type: 'overrides' }, about: 'What holds for some files only; later entries count more.' },
};

/** A configuration as written. */
export type Document = Record<string, unknown>;

/** Where in a document something is: keys, and indices of lists. */
export type Place = (string | number)[];

/** Something wrong in a document. `value` is the text in a list that is meant. */
export interface Problem {
  message: string;
  place: Place;
  value?: string;
}

/** Everything that is wrong in a document. `unknown` answers what to say of a code that no rule has. */
export function check(document: unknown, unknown: (code: string) => string | undefined): Problem[] {
  const problems: Problem[] = [];
  if (!isTable(document)) return [{ message: 'expected a table of settings', place: [] }];
  table(document, [], KEYS, problems, unknown);
  return problems;
}

export const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const quoted = (list: readonly string[]): string => list.map((c) => `"${c}"`).join(', ');

function table(given: Record<string, unknown>, at: Place, keys: Record<string, Key>, problems: Problem[], unknown: (code: string) => string | undefined): void {
  for (const [name, value] of Object.entries(given)) {
    const place = [...at, name];
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (name === '$schema' && at.length === 0) continue;
    if (!key) {
      problems.push({ message: Object.hasOwn(KEYS, name) ? `"${name}" holds for a whole run: it cannot stand in an override` : `unknown key "${name}".${didYouMean(name, Object.keys(keys))}`, place });
      continue;
    }
    const { kind } = key;
    const text = (item: unknown, where: Place, choices?: readonly string[], inList = false): void => {
      const mark = inList && typeof item === 'string' ? { value: item } : {};
      if (typeof item !== 'string') problems.push({ message: `"${where.join('.')}": expected a text, got ${JSON.stringify(item)}`, place: where });
      else if (choices && !choices.includes(item)) problems.push({ message: `"${where.join('.')}": expected ${quoted(choices)}, got "${item}".${didYouMean(item, choices)}`, place: where, ...mark });
    };
    const code = (name: string, where: Place, value?: string): void => {
      const message = unknown(name);
      if (message) problems.push({ message, place: where, ...(value === undefined ? {} : { value }) });
    };
    if (kind.type === 'boolean') {
      if (typeof value !== 'boolean') problems.push({ message: `"${name}": expected true or false, got ${JSON.stringify(value)}`, place });
    } else if (kind.type === 'string') {
      text(value, place, kind.choices);
    } else if (kind.type === 'list') {
      const items = Array.isArray(value) ? value : [value];
      for (const item of items) {
        text(item, place, kind.choices, true);
        if (kind.codes && typeof item === 'string') code(item, place, item);
      }
    } else if (kind.type === 'map') {
      if (!isTable(value)) {
        problems.push({ message: `"${name}": expected a table`, place });
        continue;
      }
      for (const [k, item] of Object.entries(value)) {
        const where = [...place, k];
        if (kind.keys && !kind.keys.includes(k)) problems.push({ message: `"${name}": expected ${quoted(kind.keys)}, got "${k}".${didYouMean(k, kind.keys)}`, place: where });
        else if (kind.codes) code(k, where);
        text(item, where, kind.choices);
      }
    } else {
      if (!Array.isArray(value)) {
        problems.push({ message: '"overrides": expected a list of tables, each with "files"', place });
        continue;
      }
      const allowed = { files: { kind: { type: 'list' }, about: 'Patterns of the files, relative to this one.' } satisfies Key, ...Object.fromEntries(Object.entries(KEYS).filter(([, k]) => k.perFile)) };
      value.forEach((entry, i) => {
        if (!isTable(entry)) problems.push({ message: `"overrides" ${i + 1}: expected a table`, place: [...place, i] });
        else {
          if (!Object.hasOwn(entry, 'files')) problems.push({ message: `"overrides" ${i + 1}: "files" is missing`, place: [...place, i] });
          table(entry, [...place, i], allowed, problems, unknown);
        }
      });
    }
  }
}

/** The JSON schema of such documents. */
export function schema(): object {
  const texts = (choices?: readonly string[]) => ({ type: 'string', ...(choices ? { enum: choices } : {}) });
  const of = ({ kind, about }: Key): object => {
    const description = about;
    switch (kind.type) {
      case 'boolean': return { description, type: 'boolean' };
      case 'string': return { description, ...texts(kind.choices) };
      case 'list': return { description, anyOf: [texts(kind.choices), { type: 'array', items: texts(kind.choices) }] };
      case 'map': return { description, type: 'object', additionalProperties: texts(kind.choices), ...(kind.keys ? { propertyNames: { enum: kind.keys } } : {}) };
      case 'overrides': return {
        description,
        type: 'array',
        items: { type: 'object', required: ['files'], additionalProperties: false, properties: { files: { description: 'Patterns of the files, relative to this one.', anyOf: [texts(), { type: 'array', items: texts() }] }, ...Object.fromEntries(Object.entries(KEYS).filter(([, k]) => k.perFile).map(([n, k]) => [n, of(k)])) } },
      };
    }
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Layerwright',
    description: 'layerwright.toml, and the key "layerwright" of package.json',
    type: 'object',
    additionalProperties: false,
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(Object.entries(KEYS).map(([n, k]) => [n, of(k)])) },
  };
}
