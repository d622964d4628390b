// Which line of the Dockerfile in the editor a step of an image's history came from.

/** An instruction with all that builders change taken away: continuations, comments inside, spaces, the shell, flags of RUN. */
function essence(instruction: string): string {
  return instruction
    .replace(/\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(\w+)((?: --(?:mount|network|security|chmod|chown|link|parents|exclude)(?:=\S+)?)*)/i, (_, keyword: string) => keyword.toUpperCase())
    .replace(/["']/g, '');
}

/** The line from 1, where exactly one instruction says the same as the step. */
export function lineOf(dockerfile: string, command: string): number | undefined {
  const wanted = essence(command);
  if (!wanted) return undefined;
  const lines = dockerfile.split('\n');
  const found: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i] ?? '';
    if (!/^\s*[A-Za-z]+\s/.test(first) || /^\s*#/.test(first)) continue;
    let text = first;
    const at = i;
    while (/\\[ \t]*$/.test(lines[i] ?? '') && i + 1 < lines.length) text += `\n${lines[++i]}`;
    if (essence(text) === wanted) found.push(at + 1);
  }
  return found.length === 1 ? found[0] : undefined;
}
