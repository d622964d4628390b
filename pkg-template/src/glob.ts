/** A shell pattern as a regular expression: `**` any folders, `*` and `?` inside a name, `[a-z]`, `{a,b}`. */
export function globSource(pattern: string): string {
  return pattern.replace(/\*\*\/|\*\*|[*?]|\{[^{}]*\}|\[[^\]]*\]|[.+^$()|\\{}[\]]/g, (m) => {
    if (m === '**/') return '(?:.*/)?';
    if (m === '**') return '.*';
    if (m === '*') return '[^/]*';
    if (m === '?') return '[^/]';
    if (m.length > 1 && m[0] === '{') return `(?:${m.slice(1, -1).split(',').map(globSource).join('|')})`;
    if (m.length > 2 && m[0] === '[') return m.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return `\\${m}`;
  });
}
