// Messages of the engine as sentences of the page: `code` as code, a capital, a full stop.
import { nameParts } from '../lib/names.tsx';

/** The message as plain text, for titles and announcements. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.charAt(0);
  // A first word that is itself code or a name keeps its case.
  const head = /^[a-z]+(?:[\s,:]|$)/.test(trimmed) ? first.toUpperCase() : first;
  return `${head}${trimmed.slice(1)}${/[.!?:…]$/.test(trimmed) ? '' : '.'}`;
}

function plain(text: string) {
  return nameParts(text, true).map((part) => (typeof part === 'string' ? part : <span class="tag">{part.tag}</span>));
}

export function Prose({ text }: { text: string }) {
  const parts = sentence(text).split('`');
  // An odd backtick stays what it is.
  if (parts.length % 2 === 0) return <>{plain(sentence(text))}</>;
  return <>{parts.map((part, i) => (i % 2 === 1 ? <code>{plain(part)}</code> : plain(part)))}</>;
}
