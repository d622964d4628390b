// What one source of settings says, and how sources add up.
import path from 'node:path';
import type { Category, LabelType, Level, LintOptions, Profile, RuleSetting } from '../lint.types.js';
import type { Document, Place } from './document.js';

/** A value and where it comes from. */
export interface Sourced<T> {
  value: T;
  source: string;
}

/**
 * One source: hadolint's (its file, its variables), one of our own files, or the command line.
 * Between hadolint's sources and the command line lists add up and the most severe level wins, as in hadolint;
 * one of our own counts more than what is under it.
 */
export interface Layer {
  kind: 'hadolint' | 'own' | 'cli';
  file: string;
  source: (place: Place, value?: string) => string;
  document: Document;
  /** The folder that paths in it are relative to. */
  folder: string;
}

/** What holds for a file. */
export interface Settings {
  /** For `lint` and `fix`. */
  options: LintOptions;
  failureThreshold: Level | 'none';
  noFail: boolean;
  formats: string[];
  /** A full path. */
  baseline?: string;
  verbose: boolean;
}

type Entry = Sourced<unknown> & { kind: Layer['kind']; folder: string };

const ORDER = ['off', 'error', 'warning', 'info', 'style', 'on'];
const items = (value: unknown): string[] => (Array.isArray(value) ? value : [value]) as string[];

/** Adds up layers, the lowest first. */
export class Sum {
  readonly single = new Map<string, Entry>();
  readonly lists = new Map<string, Entry[]>();
  readonly maps = new Map<string, Map<string, Entry>>();

  add(layer: Layer, document = layer.document, at: Place = []): void {
    for (const [key, value] of Object.entries(document)) {
      if (value === undefined) continue;
      const entry = (value: unknown, place: Place, item?: string): Entry => ({ value, kind: layer.kind, folder: layer.folder, source: layer.source([...at, ...place], item) });
      switch (key) {
        case 'extends': case 'overrides': case 'files': case '$schema':
          break;
        case 'enable': case 'ignore':
          for (const code of items(value)) this.rule(code, entry(key === 'enable' ? 'on' : 'off', [key], code));
          break;
        case 'rules':
          for (const [code, setting] of Object.entries(value as object)) this.rule(code, entry(setting, [key, code]));
          break;
        case 'categories': case 'label-schema': case 'build-args':
          for (const [name, item] of Object.entries(value as object)) this.map(key).set(name, entry(item, [key, name]));
          break;
        case 'trusted-registries': case 'format': {
          const before = this.lists.get(key) ?? [];
          const added = items(value).map((item) => entry(item, [key], item));
          const replaces = key === 'format' ? layer.kind !== 'hadolint' : layer.kind === 'own';
          this.lists.set(key, replaces ? added : [...before, ...added]);
          break;
        }
        default:
          this.single.set(key, entry(value, [key]));
      }
    }
  }

  private map(key: string): Map<string, Entry> {
    let map = this.maps.get(key);
    if (!map) this.maps.set(key, (map = new Map()));
    return map;
  }

  private rule(code: string, entry: Entry): void {
    const rules = this.map('rules');
    const before = rules.get(code);
    if (before && entry.value === 'on' && before.value !== 'off' && before.kind === 'own') return;
    // In hadolint no source takes back what another says: off counts most, then the most severe level.
    const adds = before && before.kind !== 'own' && entry.kind !== 'own' && entry.value !== 'on';
    if (adds && ORDER.indexOf(before.value as string) <= ORDER.indexOf(entry.value as string)) return;
    rules.set(code, entry);
  }

  settings(): Settings {
    const one = <T>(key: string): T | undefined => this.single.get(key)?.value as T | undefined;
    const all = (key: string): string[] => [...new Set((this.lists.get(key) ?? []).map((e) => e.value as string))];
    const map = <T>(key: string): Record<string, T> => Object.fromEntries([...(this.maps.get(key) ?? [])].map(([k, e]) => [k, e.value as T]));
    const profile = one<Profile>('profile');
    const rules: Record<string, RuleSetting> = {};
    const levels: Record<string, Level> = {};
    for (const [code, { value, kind }] of this.maps.get('rules') ?? []) {
      // A level in hadolint's files switches few rules on: the core knows which.
      if (kind === 'hadolint' && value !== 'off') levels[code] = value as Level;
      else rules[code] = value as RuleSetting;
    }
    const baseline = this.single.get('baseline');
    const threshold = one<string>('failure-threshold') ?? 'info';
    return {
      options: {
        profile,
        rules,
        levels,
        categories: map<RuleSetting>('categories') as Partial<Record<Category, RuleSetting>>,
        trustedRegistries: all('trusted-registries'),
        labelSchema: map<LabelType>('label-schema'),
        strictLabels: one('strict-labels') ?? false,
        disableIgnorePragma: one('disable-ignore-pragma') ?? false,
        buildArgs: map<string>('build-args'),
        target: one('target'),
        platform: one('platform'),
      },
      failureThreshold: threshold === 'ignore' ? 'style' : (threshold as Level | 'none'),
      noFail: one('no-fail') ?? false,
      formats: all('format'),
      baseline: baseline && path.resolve(baseline.folder, baseline.value as string),
      verbose: one('verbose') ?? false,
    };
  }
}
