// What other runners counted, read from their output.

/** Sums cargo's "test result" lines; a run that ended badly without a failed test counts as one failure. */
export function cargoCounts({ output, code }) {
  let passed = 0;
  let failed = 0;
  for (const m of output.matchAll(/test result: \w+\. (\d+) passed; (\d+) failed/g)) {
    passed += Number(m[1]);
    failed += Number(m[2]);
  }
  return { passed, failed: failed || (code === 0 ? 0 : 1) };
}

/** The totals at the end of a TAP report of `node --test`. */
export function tapCounts({ stdout, code }) {
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, 'm').exec(stdout)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') || (code === 0 ? 0 : 1) };
}
