// A list of rows of one height, of which only those near the window exist. One stop, arrows; the row in focus always exists.
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useEffect, useId, useLayoutEffect, useState } from 'preact/hooks';
import { rem, useRange } from './virtual.tsx';

const coarse = matchMedia('(pointer: coarse)');
const narrow = matchMedia('(max-width: 899px)');

/** The height of a row as the style sheet has it, in pixels: rows grow with the browser's text size, and for fingers. */
export function useRowHeight(fine = 1.5): number {
  const height = () => rem() * (coarse.matches || narrow.matches ? 2.75 : fine);
  const [now, set] = useState(height);
  useEffect(() => {
    const change = () => set(height());
    coarse.addEventListener('change', change);
    narrow.addEventListener('change', change);
    return () => {
      coarse.removeEventListener('change', change);
      narrow.removeEventListener('change', change);
    };
  }, []);
  return now;
}

interface ListProps {
  count: number;
  label: string;
  /** The row's content. */
  row(index: number): ComponentChildren;
  keyOf(index: number): string;
  selected: number | undefined;
  /** With the mouse, Enter and Space, and 80 ms after the focus came to rest. */
  onSelect(index: number, how: 'follow' | 'choose'): void;
  /** Keys that the list does not know. */
  onKey?(event: TargetedKeyboardEvent<HTMLDivElement>): void;
  class?: string;
}

export function VirtualList({ count, label, row, keyOf, selected, onSelect, onKey, class: extra = '' }: ListProps) {
  const id = useId();
  const height = useRowHeight();
  const { box, element, range, measure } = useRange(count, height);
  const [at, setAt] = useState(selected ?? 0);
  const active = Math.min(at, count - 1);
  const [follow, setFollow] = useState<number>();
  useEffect(() => {
    if (selected !== undefined) setAt(selected);
  }, [selected]);
  useEffect(() => {
    if (follow === undefined) return;
    const timer = setTimeout(() => onSelect(follow, 'follow'), 80);
    return () => clearTimeout(timer);
  }, [follow]);
  useLayoutEffect(() => {
    const scroller = element.current;
    if (!scroller) return;
    const top = active * height;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + height - scroller.clientHeight;
    measure();
  }, [active, height]);
  const keys = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((element.current?.clientHeight ?? 400) / height) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: count - 1, PageDown: active + page, PageUp: active - page }[event.key];
    if (to !== undefined) {
      const next = Math.max(0, Math.min(count - 1, to));
      setAt(next);
      setFollow(next);
    } else if (event.key === 'Enter' || event.key === ' ') {
      setFollow(undefined);
      onSelect(active, 'choose');
    } else {
      onKey?.(event);
      return;
    }
    event.preventDefault();
  };
  const option = (index: number, stray = false) => (
    <div
      key={keyOf(index)}
      id={`${id}-${index}`}
      role="option"
      class={`vrow ${index === active ? 'active' : ''} ${stray ? 'stray' : ''}`}
      aria-selected={index === selected}
      aria-setsize={count}
      aria-posinset={index + 1}
      onClick={() => {
        setAt(index);
        setFollow(undefined);
        onSelect(index, 'choose');
      }}
    >
      {row(index)}
    </div>
  );
  const rows = [];
  for (let i = range.first; i < range.last; i++) rows.push(option(i));
  return (
    <div class={`scroll vlist ${extra}`} ref={box} role="listbox" aria-label={label} tabIndex={0} data-pane-focus aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined} onKeyDown={keys}>
      {active >= 0 && active < range.first && option(active, true)}
      <div role="presentation" style={{ height: `${range.first * height}px` }} />
      {rows}
      <div role="presentation" style={{ height: `${(count - range.last) * height}px` }} />
      {active >= range.last && option(active, true)}
    </div>
  );
}
