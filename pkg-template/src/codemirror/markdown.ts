// The little Markdown that hovers and completions use, as elements. Nothing of it is taken as HTML.

/** Elements for a Markdown text: paragraphs, lists, fenced code; in them code, strong text and links. */
export function markdown(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  const blocks = text.split(/^(```[^\n]*\n[^]*?^```$)/m);
  for (const block of blocks) {
    const fence = /^```[^\n]*\n([^]*?)\n?```$/.exec(block);
    if (fence) {
      const pre = document.createElement('pre');
      pre.append(Object.assign(document.createElement('code'), { textContent: fence[1] }));
      out.append(pre);
      continue;
    }
    for (const part of block.split(/\n{2,}/)) {
      const lines = part.trim().split('\n');
      if (!lines[0]) continue;
      if (lines.every((l) => /^[-*] /.test(l))) {
        const list = document.createElement('ul');
        for (const line of lines) {
          const item = document.createElement('li');
          inline(item, line.slice(2));
          list.append(item);
        }
        out.append(list);
      } else if (/^-{3,}$/.test(part.trim())) {
        out.append(document.createElement('hr'));
      } else {
        const paragraph = document.createElement('p');
        inline(paragraph, lines.join(' ').replace(/^#{1,6} /, ''));
        out.append(paragraph);
      }
    }
  }
  return out;
}

function inline(into: HTMLElement, text: string): void {
  let last = 0;
  for (const match of text.matchAll(/(`+)(.+?)\1|\*\*(.+?)\*\*|\[([^\]]+)\]\((https:[^)\s]+)\)/g)) {
    into.append(text.slice(last, match.index));
    last = match.index + match[0].length;
    if (match[2] !== undefined) into.append(Object.assign(document.createElement('code'), { textContent: match[2].replace(/^ (.*) $/, '$1') }));
    else if (match[3] !== undefined) into.append(Object.assign(document.createElement('strong'), { textContent: match[3] }));
    else into.append(Object.assign(document.createElement('a'), { textContent: match[4], href: match[5], target: '_blank', rel: 'noreferrer' }));
  }
  into.append(text.slice(last));
}
