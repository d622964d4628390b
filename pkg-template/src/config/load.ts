// Which settings hold for a file: finds configurations, follows `extends`, applies overrides.
import { statSync } from 'node:fs';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import { globSource } from '../glob.js';
import type { HadolintConfig } from '../lint.types.js';
import { check, type Document, isTable, type Place } from './document.js';
import { environmentLayers, findHadolint, hadolintLayer, readText } from './hadolint.js';
import { type Layer, type Settings, Sum } from './layer.js';
import { jsonLine, tomlLine } from './locate.js';
import { didYouMean } from './nearest.js';

/** What of the core is asked. */
export interface Core {
  readHadolintConfig(text: string): HadolintConfig;
  explain(code: string): { code: string } | undefined;
  rules(): { code: string; name: string }[];
}

export interface Request {
  /** Awaited only where a configuration is read. */
  core: PromiseLike<Core>;
  /** The working folder. */
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** A configuration that is taken instead of any that is found; `false` for none at all. */
  config?: string | false;
  /** Where hadolint's file is looked for before the user's folders; the working folder where not given, as in hadolint. */
  hadolintFolders?: string[];
  /** What the command line says. */
  commandLine?: Document;
}

/** What holds for a file, and why. */
export interface Held {
  settings: Settings;
  sum: Sum;
  /** The configurations read, the one that counts most first. */
  files: string[];
}

const NAME = 'layerwright.toml';

/** Settings of files. Each configuration is read once. */
export class Configuration {
  private readonly folders = new Map<string, Promise<Layer[]>>();
  private readonly held = new Map<string, Held>();

  constructor(private readonly request: Request) {}

  /** What holds for a file; for standard input (`-`), what holds in the working folder. */
  async for(file: string): Promise<Held> {
    const { cwd, env, config, commandLine } = this.request;
    const full = file === '-' ? path.join(cwd, '-') : path.resolve(cwd, file);
    const own = config === false ? [] : config === undefined ? await this.above(path.dirname(full)) : await this.named(path.resolve(cwd, config));
    const layers: Layer[] = [...(config === false ? [] : environmentLayers(env, cwd)), ...own];
    const applied = layers.flatMap((layer) => overrides(layer, full));
    // Files to which the same applies share their settings.
    const key = [...own.map((l) => l.file), ...applied.map((a) => `${a.layer.file} ${a.index}`)].join('\0');
    let held = this.held.get(key);
    if (!held) {
      const sum = new Sum();
      for (const layer of layers) {
        sum.add(layer);
        for (const { document, index } of applied.filter((a) => a.layer === layer)) sum.add(layer, document, ['overrides', index]);
      }
      if (commandLine) sum.add({ kind: 'cli', file: '', source: () => 'command line', document: commandLine, folder: cwd });
      const settings = sum.settings();
      held = { settings, sum, files: [...new Set(own.map((l) => l.file))].reverse() };
      this.held.set(key, held);
    }
    return held;
  }

  private named(file: string): Promise<Layer[]> {
    return this.once(`file ${file}`, async () => {
      const text = readText(file);
      if (text === undefined) throw new LayerwrightError('CONFIG_UNREADABLE', `The configuration ${file} could not be read: there is no such file.`, { file });
      return this.read(file, text, []);
    });
  }

  /** The nearest configuration from a folder up to the root of its repository, else hadolint's. */
  private above(folder: string): Promise<Layer[]> {
    return this.once(folder, async () => {
      const toml = path.join(folder, NAME);
      const text = readText(toml);
      if (text !== undefined) return this.read(toml, text, []);
      const manifest = path.join(folder, 'package.json');
      const json = readText(manifest);
      if (json?.includes('"layerwright"')) {
        const document = parseJson(manifest, json);
        if (isTable(document) && document.layerwright !== undefined) return this.read(manifest, json, []);
      }
      const parent = path.dirname(folder);
      if (parent === folder || statSync(path.join(folder, '.git'), { throwIfNoEntry: false })) return this.hadolint();
      return this.above(parent);
    });
  }

  private hadolint(): Promise<Layer[]> {
    return this.once('hadolint', async () => {
      const { cwd, env, core, hadolintFolders } = this.request;
      const found = findHadolint(hadolintFolders ?? [cwd], env);
      return found ? [hadolintLayer(found.file, found.text, (await core).readHadolintConfig)] : [];
    });
  }

  private once(key: string, work: () => Promise<Layer[]>): Promise<Layer[]> {
    let layers = this.folders.get(key);
    if (!layers) this.folders.set(key, (layers = work()));
    return layers;
  }

  /** The layers of a configuration: what it extends, then itself. */
  private async read(file: string, text: string, from: string[]): Promise<Layer[]> {
    if (from.includes(file)) throw new LayerwrightError('CONFIG_INVALID', `${file} extends itself: ${[...from, file].join(' -> ')}`, { file });
    const core = await this.request.core;
    // What is neither of ours is hadolint's, whatever its name.
    if (!/\.(toml|json)$/.test(file)) return [hadolintLayer(file, text, core.readHadolintConfig)];
    const json = file.endsWith('.json');
    // In a package.json the settings are under a key; a JSON file of its own is all settings.
    const inManifest = path.basename(file) === 'package.json';
    const parsed = json ? parseJson(file, text) : await parseToml(file, text);
    const document = inManifest && isTable(parsed) ? parsed.layerwright : parsed;
    const line = (place: Place, value?: string): number => (json ? jsonLine(text, inManifest ? ['layerwright', ...place] : place, value) : tomlLine(text, place, value));
    const problems = check(document, (code) => unknown(core, code)).map((p) => ({ ...p, line: line(p.place, p.value) }));
    if (problems.length) {
      const message = problems.map((p) => `${file}:${p.line}: ${p.message}`).join('\n');
      throw new LayerwrightError('CONFIG_INVALID', message, { file, problems: problems.map(({ line, message }) => ({ line, message })) });
    }
    const folder = path.dirname(file);
    const layers: Layer[] = [];
    const own = document as Document;
    for (const name of own.extends === undefined ? [] : ([own.extends].flat() as string[])) {
      const found = resolveExtended(name, folder);
      if (!found) throw new LayerwrightError('CONFIG_INVALID', `${file}:${line(['extends'], name)}: extends: there is no file or installed package "${name}".`, { file, name });
      layers.push(...(await this.read(found.file, found.text, [...from, file])));
    }
    layers.push({ kind: 'own', file, source: (place, value) => `${file}:${line(place, value)}`, document: own, folder });
    return layers;
  }

}

/** What to say of a code that no rule has. ShellCheck has more codes than we know. */
function unknown(core: Core, code: string): string | undefined {
  if (/^SC\d{4}$/.test(code) || core.explain(code)) return undefined;
  return `no rule has the code or name "${code}".${didYouMean(code, core.rules().flatMap((r) => [r.code, r.name]))}`;
}

/** The overrides of a layer that a file matches. */
function overrides(layer: Layer, full: string): { layer: Layer; document: Document; index: number }[] {
  const list = (layer.document.overrides ?? []) as Document[];
  const inside = path.relative(layer.folder, full).replaceAll('\\', '/');
  return list.flatMap((document, index) => (([document.files].flat() as string[]).some((p) => matches(p, inside)) ? [{ layer, document, index }] : []));
}

/** A pattern without a slash means the file's name, wherever it is. */
function matches(pattern: string, inside: string): boolean {
  const subject = pattern.includes('/') ? inside : (inside.split('/').at(-1) ?? '');
  return new RegExp(`^${globSource(pattern.replace(/^\.\//, ''))}$`).test(subject);
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LayerwrightError('CONFIG_INVALID', `${file} is not JSON: ${(error as Error).message}`, { file }, { cause: error });
  }
}

async function parseToml(file: string, text: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new LayerwrightError('CONFIG_INVALID', `${file}:${error.line}: ${error.message.split('\n')[0]}`, { file, line: error.line }, { cause: error });
  }
}

/** A file relative to the folder, or a package: its layerwright.toml, else the key of its package.json; or a file in it. */
function resolveExtended(name: string, folder: string): { file: string; text: string } | undefined {
  const first = (files: string[]): { file: string; text: string } | undefined => {
    for (const file of files) {
      const text = readText(file);
      if (text !== undefined) return { file, text };
    }
    return undefined;
  };
  if (/^\.{1,2}[/\\]|^\.[^/\\]*$/.test(name) || path.isAbsolute(name)) return first([path.resolve(folder, name)]);
  for (let at = folder; ; at = path.dirname(at)) {
    const inside = path.join(at, 'node_modules', name);
    const found = first([path.join(inside, NAME), path.join(inside, 'package.json'), inside]);
    if (found) return found;
    if (path.dirname(at) === at) return first([path.resolve(folder, name)]);
  }
}
