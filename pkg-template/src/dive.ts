// The rules of dive's CI gate, as its `.dive-ci` files say them.
import type { ImageAnalysis } from './analyze.js';
import { LayerwrightError } from './errors.js';
import { parseBytes } from './search.js';

/** Bounds of a gate. A rule that is `disabled` is not checked. */
export interface DiveRules {
  /** Least score, from 0 to 1. dive's default: 0.9. */
  lowestEfficiency?: number | 'disabled';
  /** Most wasted bytes, as a number or as `20MB`. dive's default: disabled. */
  highestWastedBytes?: number | string;
  /** Most wasted bytes by bytes of all layers but the first, from 0 to 1. dive's default: 0.1. */
  highestUserWastedPercent?: number | 'disabled';
}

/** What came of one rule. */
export interface DiveResult {
  rule: keyof DiveRules;
  status: 'pass' | 'fail' | 'skip';
  /** What was measured. */
  value: number;
  /** The bound. */
  bound?: number;
}

const DEFAULTS = { lowestEfficiency: 0.9, highestWastedBytes: 'disabled', highestUserWastedPercent: 0.1 } as const;

/** Reads a `.dive-ci` file: `rules:` with `key: value` lines below. */
export function parseDiveRules(text: string): DiveRules {
  const rules: DiveRules = {};
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const m = /^\s+([\w-]+)\s*:\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*(?:\s#.*)?$/.exec(line);
    if (!m) continue;
    const key = m[1]!.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
    const value = m[2] ?? m[3] ?? m[4] ?? '';
    if (!Object.hasOwn(DEFAULTS, key) || value === '') continue;
    const rule = key as keyof DiveRules;
    if (rule === 'highestWastedBytes') rules[rule] = value;
    else if (value === 'disabled') rules[rule] = value;
    else if (Number.isFinite(Number(value))) rules[rule] = Number(value);
    else throw new LayerwrightError('DIVE_RULE_INVALID', `Line ${i + 1}: ${key} takes a number from 0 to 1 or "disabled", not "${value}".`, { line: i + 1 });
  }
  return rules;
}

/** Holds an analysis against rules; what is not given is dive's default. */
export function checkDiveRules({ dive }: Pick<ImageAnalysis, 'dive'>, rules: DiveRules = {}): DiveResult[] {
  const bound = (rule: keyof DiveRules): number | undefined => {
    const value = rules[rule] ?? DEFAULTS[rule];
    if (value === 'disabled') return undefined;
    return typeof value === 'number' ? value : rule === 'highestWastedBytes' ? parseBytes(value) : Number(value);
  };
  const result = (rule: keyof DiveRules, value: number, holds: (bound: number) => boolean): DiveResult => {
    const limit = bound(rule);
    return limit === undefined ? { rule, status: 'skip', value } : { rule, status: holds(limit) ? 'pass' : 'fail', value, bound: limit };
  };
  return [
    result('lowestEfficiency', dive.score, (least) => dive.score >= least),
    result('highestWastedBytes', dive.wastedBytes, (most) => dive.wastedBytes <= most),
    result('highestUserWastedPercent', dive.userWastedPercent, (most) => dive.userWastedPercent <= most),
  ];
}
