// History and layers side by side, and the Dockerfile that they tell of.
import type { ManifestSummary } from './wasm/layerwright.js';

/** One step of an image's history. */
export interface HistoryStep {
  /** Its place in the history. */
  index: number;
  /** The layer that it made, the base being 0. */
  layer?: number;
  /** The command as the builder wrote it down. */
  createdBy: string;
  /** The same as an instruction of a Dockerfile, as far as it can be told. */
  instruction?: string;
  /** When it was made. */
  created?: string;
  /** A remark, such as the builder's name. */
  comment?: string;
}

/** History and layers side by side. */
export interface AlignedHistory {
  /** All steps, the oldest first. */
  steps: HistoryStep[];
  /** By layer, the step that made it. */
  layers: (HistoryStep | undefined)[];
  /**
   * `exact`: as many steps with a layer as there are layers. `partial`: fewer, and they are taken for the newest ones, as a
   * base image without history leaves them. `none`: there is no history, or one that does not fit.
   */
  alignment: 'exact' | 'partial' | 'none';
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Which step of the history made which layer (image-spec config.md, `history`). */
export function alignHistory(manifest: Pick<ManifestSummary, 'config' | 'layers'>): AlignedHistory {
  const count = manifest.layers.length;
  const given = manifest.config?.history;
  const steps: HistoryStep[] = [];
  const made: HistoryStep[] = [];
  for (const [index, item] of (Array.isArray(given) ? given : []).entries()) {
    if (typeof item !== 'object' || item === null) continue;
    const createdBy = text(item.created_by) ?? '';
    const step: HistoryStep = { index, createdBy };
    const instruction = instructionOf(createdBy);
    if (instruction !== undefined) step.instruction = instruction;
    const [created, comment] = [text(item.created), text(item.comment)];
    if (created !== undefined) step.created = created;
    if (comment !== undefined) step.comment = comment;
    steps.push(step);
    if (item.empty_layer !== true) made.push(step);
  }
  const layers: (HistoryStep | undefined)[] = Array.from({ length: count });
  const alignment = made.length === 0 || made.length > count ? 'none' : made.length === count ? 'exact' : 'partial';
  if (alignment !== 'none')
    made.forEach((step, i) => {
      step.layer = count - made.length + i;
      layers[step.layer] = step;
    });
  return { steps, layers, alignment };
}

const KEYWORDS = /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+/i;

/**
 * The instruction behind a `created_by`, as BuildKit, the old builder, buildah and kaniko write it. `undefined` for what is
 * none, such as the line of a tool that makes layers without a Dockerfile.
 */
export function instructionOf(createdBy: string): string | undefined {
  let line = createdBy.replace(/\s+# buildkit\s*$/, '').trim();
  const nop = /^(?:\/bin\/sh -c|cmd \/S \/C|powershell -Command)?\s*#\(nop\)\s*(.*)$/s.exec(line);
  if (nop) line = nop[1]!.trim();
  const keyword = KEYWORDS.exec(line)?.[1]?.toUpperCase();
  if (!keyword) return nop || line === '' ? undefined : runOf(line);
  const rest = line.slice(keyword.length).trim();
  switch (keyword) {
    case 'RUN':
      return runOf(rest);
    case 'COPY':
    case 'ADD':
      return `${keyword} ${rest.replace(/^(?:--[\w-]+(?:=\S+)?\s+)*(?:(?:file|dir|multi):[0-9a-f]{16,}\s+)(?:in\s+)/, (m) => m.replace(/\s+in\s+$/, ' '))}`;
    case 'EXPOSE': {
      const map = /^(?:map)?\[(.*)\]$/.exec(rest);
      return `EXPOSE ${map ? map[1]!.replace(/:\{\}/g, '') : rest}`;
    }
    case 'VOLUME': {
      const list = /^\[([^"]*)\]$/.exec(rest);
      return `VOLUME ${list ? JSON.stringify(list[1]!.split(/\s+/).filter(Boolean)) : rest}`;
    }
    case 'LABEL':
    case 'ENV':
      return `${keyword} ${pairsOf(rest)}`;
    case 'SHELL':
    case 'CMD':
    case 'ENTRYPOINT':
      return `${keyword} ${arrayOf(rest)}`;
    case 'HEALTHCHECK':
      return healthcheckOf(rest);
    default:
      return `${keyword} ${rest}`;
  }
}

/** The command of a RUN without the shell and the build arguments that builders write before it. */
function runOf(line: string): string | undefined {
  const args = /^\|(\d+)\s+/.exec(line);
  let rest = line;
  if (args) {
    rest = rest.slice(args[0].length);
    // The values may hold spaces: the shell's name ends them.
    const shell = rest.search(/(?:^|\s)(?:\/\S+ -[a-z]*c|cmd \/S \/C|powershell -Command) /);
    if (shell >= 0) rest = rest.slice(shell).trim();
    else for (let n = Number(args[1]); n > 0; n--) rest = rest.replace(/^\S+\s+/, '');
  }
  const shell = /^(?:\/\S+(?:\s+-o\s+\w+)*(?:\s+-\w+)*\s+-[a-z]*c|cmd \/S \/C|powershell -Command)\s+/.exec(rest);
  if (!shell && !args && line === rest && !/^\S*[./]?\w/.test(rest)) return undefined;
  const command = shell ? rest.slice(shell[0].length) : rest;
  // Line breaks of the command need a here-document.
  return command.includes('\n') ? `RUN <<EOF\n${command.replace(/\n$/, '')}\nEOF` : `RUN ${command}`;
}

/** `A=b c D=e` as builders print pairs, quoted where a value has a space. */
function pairsOf(rest: string): string {
  if (!/^[^\s="]+=/.test(rest)) return rest;
  if (/=(?:"|')/.test(rest)) return rest;
  return rest
    .split(/\s+(?=[^\s=]+=)/)
    .map((pair) => {
      const at = pair.indexOf('=');
      const value = pair.slice(at + 1);
      return /[\s"'\\$]/.test(value) ? `${pair.slice(0, at)}=${JSON.stringify(value)}` : pair;
    })
    .join(' ');
}

/** `["a" "b"]`, as Go prints a list of strings, as JSON. */
function arrayOf(rest: string): string {
  if (!/^\[.*\]$/s.test(rest)) return rest;
  try {
    JSON.parse(rest);
    return rest;
  } catch {
    const words = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[0]);
    return words.length ? `[${words.join(', ')}]` : JSON.stringify(rest.slice(1, -1).split(/\s+/).filter(Boolean));
  }
}

/** `&{["CMD-SHELL" "x"] "30s" "5s" "0s" "0s" '\x03'}`. */
function healthcheckOf(rest: string): string {
  const m = /^&\{\[(.*?)\]\s+"([^"]*)"\s+"([^"]*)"\s+"([^"]*)"(?:\s+"([^"]*)")?\s+(?:'\\x([0-9a-f]{2})'|'(.+)'|(\d+))\}$/s.exec(rest);
  if (!m) return `HEALTHCHECK ${rest}`;
  const words = [...m[1]!.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((w) => JSON.parse(w[0]) as string);
  if (words[0] === 'NONE') return 'HEALTHCHECK NONE';
  const options = [['interval', m[2]], ['timeout', m[3]], ['start-period', m[4]], ['start-interval', m[5]]].filter(([, v]) => v && v !== '0s').map(([k, v]) => `--${k}=${v} `);
  const retries = m[6] ? Number.parseInt(m[6], 16) : Number(m[8] ?? 0);
  if (retries) options.push(`--retries=${retries} `);
  const command = words[0] === 'CMD-SHELL' ? (words[1] ?? '') : JSON.stringify(words.slice(1));
  return `HEALTHCHECK ${options.join('')}CMD ${command}`;
}

/** What a base image is called, if the image says so (image-spec annotations.md). */
export function baseOf(manifest: Pick<ManifestSummary, 'config' | 'annotations'>): { name?: string; digest?: string } | undefined {
  const labels: Record<string, unknown> = manifest.config?.config?.Labels ?? {};
  const find = (key: string) => text(manifest.annotations[key]) ?? text(labels[key]);
  const [name, digest] = [find('org.opencontainers.image.base.name'), find('org.opencontainers.image.base.digest')];
  if (name === undefined && digest === undefined) return undefined;
  return { ...(name === undefined ? {} : { name }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * A Dockerfile as the history tells it: what it says of copied files are their digests, so it shows how the image was made
 * and does not build it again. What is no instruction, or has none, is a comment.
 */
export function dockerfileOf(manifest: Pick<ManifestSummary, 'config' | 'annotations' | 'layers'>): string {
  const { steps, layers, alignment } = alignHistory(manifest);
  const base = baseOf(manifest);
  const comment = (line: string) => line.split('\n').map((part) => `# ${part}`);
  const out = ['# Told by the history of the image: what was copied is not part of it.'];
  if (base?.name) out.push(`# The image says that it was made from ${base.name}${base.digest ? `@${base.digest}` : ''}, whose steps are part of these.`.replace(/\s+/g, ' '));
  out.push('FROM scratch');
  if (alignment !== 'exact') for (const [i, step] of layers.entries()) if (!step) out.push(`# layer ${i}: no step of the history tells of it`);
  for (const step of steps) {
    if (step.instruction) out.push(step.instruction);
    else out.push(...comment(step.createdBy || step.comment || 'a step that left no command'));
  }
  return `${out.join('\n')}\n`;
}
