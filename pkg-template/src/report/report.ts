// What every format is given, and small things that several need.
import type { Category, FindingFix, Finding, Level, RuleInfo } from '../lint.types.js';

/** The findings of a file, with its text for excerpts. */
export interface ReportFile {
  /** The name to print. */
  name: string;
  /** The text that was linted. */
  text: string;
  /** What was found in it. */
  findings: Finding[];
}

/** How a report looks. */
export interface ReportOptions {
  /** With ANSI colours (`terminal` and `tty` only). */
  colour?: boolean;
  /** With links that a terminal can follow (`terminal` only). */
  hyperlinks?: boolean;
  /** Columns of the terminal; 0 or absent for no limit. */
  width?: number;
}

/** What a format may ask for beside the findings. */
export interface ReportContext {
  options: ReportOptions;
  /** The version of the package. */
  version: string;
  /** The rule of a code. */
  rule(code: string): RuleInfo | undefined;
}

/** Prints findings. The same findings give the same bytes: files and findings in the order given, no clock. */
export type Report = (files: ReportFile[], context: ReportContext) => string;

export type { Category, Finding, FindingFix, Level, RuleInfo };

/** XML text or attribute value: control characters that XML cannot hold at all become U+FFFD. */
export function xml(text: string): string {
  return text.replace(/[&<>"'\t\n\r]|[\x00-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (c) => {
    switch (c) {
      case '&': return '&amp;';
      case '<': return '&lt;';
      case '>': return '&gt;';
      case '"': return '&quot;';
      case "'": return '&apos;';
      case '\t': case '\n': case '\r': return `&#${c.charCodeAt(0)};`;
      default: return '\ufffd';
    }
  });
}

/** One line for people: control characters, also those that reorder text, are shown as escapes. */
export const line = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);

/** What is wrong, and what to do. */
export const advice = (finding: Finding, between: string): string => (finding.help ? `${finding.message}${between}${finding.help}` : finding.message);

/** The address of more about a rule, where it is one of the web: our own rules have a path in the repository. */
export const webAddress = (url: string | undefined): string | undefined => (url?.startsWith('https://') ? url : undefined);

/** A path with slashes, as formats that are read elsewhere want it. */
export const slashed = (path: string): string => path.replaceAll('\\', '/').replace(/^\.\//, '');

/** FNV-1a of 64 bits over UTF-16 units, twice, as 32 hexadecimal digits: for names that must stay, not for secrets. */
export function fingerprint(text: string): string {
  const once = (start: bigint): string => {
    let hash = start;
    for (let i = 0; i < text.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
    return hash.toString(16).padStart(16, '0');
  };
  return once(0xcbf29ce484222325n) + once(0x84222325cbf29cen);
}

/** The lines of the instruction a finding is about, white space and comments evened out. */
export function instructionText(lines: string[], finding: Finding): string {
  return lines.slice(finding.lines.from - 1, finding.lines.to).filter((l) => !/^\s*#/.test(l)).map((l) => l.trim().replace(/\s+/g, ' ')).filter(Boolean).join('\n');
}

/** Names for findings that survive moved lines: by file, code, text of the instruction, and which of them it is. */
export function fingerprints(file: ReportFile): string[] {
  const lines = file.text.split('\n');
  const seen = new Map<string, number>();
  return file.findings.map((f) => {
    const key = `${slashed(file.name)}\0${f.code}\0${instructionText(lines, f)}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return fingerprint(`${key}\0${before}`);
  });
}
