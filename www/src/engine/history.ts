import type { HistoryItem } from './types.ts';

export interface RawHistory {
  created?: string;
  created_by?: string;
  comment?: string;
  author?: string;
  empty_layer?: boolean;
}

/** The command as its author wrote it: without the shell and the markers that builders put around it. */
export function plainCommand(createdBy: string | undefined): string | undefined {
  if (createdBy === undefined) return undefined;
  let text = createdBy.trim().replace(/\s+# buildkit$/, '');
  text = text.replace(/^\|\d+ (?:\S+=\S* )*(?=\/bin\/sh -c )/, '');
  text = text.replace(/^RUN (?:\|\d+ (?:\S+=\S* )*)?\/bin\/sh -c /, 'RUN ');
  const nop = /^\/bin\/sh -c #\(nop\)\s+(.*)$/s.exec(text);
  if (nop) return nop[1];
  const shell = /^\/bin\/sh -c (.*)$/s.exec(text);
  if (shell) return `RUN ${shell[1]}`;
  return text;
}

/** History entries with the number of the layer each one made. */
export function historyItems(history: readonly RawHistory[], layers: number): HistoryItem[] {
  let layer = 0;
  return history.map((item) => {
    const empty = item.empty_layer === true;
    if (!empty) layer += 1;
    return { created: item.created, createdBy: plainCommand(item.created_by), comment: item.comment || undefined, author: item.author || undefined, empty, layer: empty || layer > layers ? undefined : layer };
  });
}

/**
 * How many layers the base image brought, as far as the history tells: base images end with the command they run,
 * so the last CMD or ENTRYPOINT that more layers follow is taken for the end of the base.
 */
export function baseLayers(items: readonly HistoryItem[]): number {
  let layers = 0;
  let base = 0;
  items.forEach((item, i) => {
    if (!item.empty) layers += 1;
    else if (/^(CMD|ENTRYPOINT)\b/.test(item.createdBy ?? '') && items.slice(i + 1).some((later) => !later.empty)) base = layers;
  });
  return base;
}
