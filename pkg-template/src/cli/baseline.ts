// Known findings: what was there when a baseline was written is not reported, what is new is.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LayerwrightError } from '../errors.js';
import { fingerprint, instructionText, type ReportFile } from '../report/report.js';

/** Findings of one code in instructions of the same text. Line numbers are not kept: they move. */
interface Entry {
  code: string;
  /** The beginning of the instruction, for people. */
  instruction: string;
  /** Of the whole instruction, white space evened out. */
  hash: string;
  count: number;
}

type Entries = Record<string, Entry[]>;

const nameIn = (folder: string, file: string): string => (file === '-' ? file : path.relative(folder, path.resolve(file)).replaceAll('\\', '/'));

function entriesOf(file: ReportFile): Entry[] {
  const lines = file.text.split('\n');
  const entries = new Map<string, Entry>();
  for (const finding of file.findings) {
    const text = instructionText(lines, finding);
    const hash = fingerprint(text);
    const key = `${finding.code} ${hash}`;
    const entry = entries.get(key);
    if (entry) entry.count++;
    else entries.set(key, { code: finding.code, instruction: text.split('\n')[0]!.slice(0, 80), hash, count: 1 });
  }
  const order = (a: Entry, b: Entry): number => (a.code < b.code ? -1 : a.code > b.code ? 1 : a.hash < b.hash ? -1 : 1);
  return [...entries.values()].sort(order);
}

export class Baseline {
  private constructor(
    readonly file: string,
    private readonly entries: Entries,
  ) {}

  static read(file: string): Baseline {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw new LayerwrightError('BASELINE_UNREADABLE', `The baseline ${file} could not be read: ${(error as Error).message}. "--write-baseline ${file}" makes one.`, { file }, { cause: error });
    }
    let document: { version?: unknown; findings?: unknown };
    try {
      document = JSON.parse(text) as typeof document;
      if (document.version !== 1 || !isEntries(document.findings)) throw new Error('it is not a baseline of version 1');
    } catch (error) {
      throw new LayerwrightError('BASELINE_INVALID', `The baseline ${file} cannot be used: ${(error as Error).message}. "--write-baseline ${file}" makes it anew.`, { file }, { cause: error });
    }
    return new Baseline(file, document.findings);
  }

  /** One without entries, to be written. */
  static empty(file: string): Baseline {
    return new Baseline(file, {});
  }

  /** What is new in a file, and the entries that fit nothing in it any more. */
  compare(file: ReportFile): { fresh: ReportFile['findings']; stale: Entry[] } {
    const left = new Map<string, Entry>();
    for (const entry of this.entries[nameIn(path.dirname(this.file), file.name)] ?? []) left.set(`${entry.code} ${entry.hash}`, { ...entry });
    const lines = file.text.split('\n');
    const fresh = file.findings.filter((finding) => {
      const known = left.get(`${finding.code} ${fingerprint(instructionText(lines, finding))}`);
      if (!known?.count) return true;
      known.count--;
      return false;
    });
    return { fresh, stale: [...left.values()].filter((e) => e.count) };
  }

  /** Writes what was found in these files; what is known of other files stays. */
  write(files: ReportFile[]): void {
    const entries = { ...this.entries };
    for (const file of files) {
      const name = nameIn(path.dirname(this.file), file.name);
      delete entries[name];
      const found = entriesOf(file);
      if (found.length) entries[name] = found;
    }
    const findings = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(this.file, `${JSON.stringify({ version: 1, findings }, null, 2)}\n`);
  }
}

function isEntries(value: unknown): value is Entries {
  const entry = (e: Partial<Entry> | null): boolean => typeof e?.code === 'string' && typeof e.hash === 'string' && Number.isSafeInteger(e.count);
  return typeof value === 'object' && value !== null && Object.values(value).every((list) => Array.isArray(list) && list.every(entry));
}
