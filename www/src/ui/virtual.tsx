// A list of rows of one fixed height, of which only those near the window exist.
import type { ComponentChildren } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The size of the root's text, in pixels. */
export const rem = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

export interface Range {
  first: number;
  /** One after the last. */
  last: number;
}

/** The rows that a scrolling box shows, with a screen more on either side. */
export function useRange(count: number, height: number): { box: (element: HTMLDivElement | null) => void; element: { current: HTMLDivElement | null }; range: Range; measure: () => void } {
  const element = useRef<HTMLDivElement | null>(null);
  const [range, setRange] = useState<Range>({ first: 0, last: 60 });
  const watch = useRef<(() => void) | undefined>(undefined);
  const measure = useCallback(() => {
    const box = element.current;
    if (!box) return;
    const seen = Math.ceil(box.clientHeight / height);
    const top = Math.floor(box.scrollTop / height);
    const first = Math.max(0, top - seen);
    const last = top + seen * 2 + 1;
    setRange((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [height]);
  const box = useCallback(
    (next: HTMLDivElement | null) => {
      watch.current?.();
      watch.current = undefined;
      element.current = next;
      if (!next) return;
      let frame = 0;
      const later = () => {
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(measure);
      };
      const sizes = new ResizeObserver(later);
      sizes.observe(next);
      next.addEventListener('scroll', later, { passive: true });
      watch.current = () => {
        cancelAnimationFrame(frame);
        sizes.disconnect();
        next.removeEventListener('scroll', later);
      };
      measure();
    },
    [measure],
  );
  useLayoutEffect(measure, [count, measure]);
  return { box, element, measure, range: { first: Math.min(range.first, count), last: Math.min(range.last, count) } };
}

/** Browsers give up on boxes higher than this, in pixels; what is longer is cut. */
const HIGHEST = 15_000_000;

export function VirtualLines({ count, height, row, label, at, class: extra = '' }: { count: number; height: number; row(index: number): ComponentChildren; label: string; /** A row to begin at. */ at?: number | undefined; class?: string }) {
  const shown = Math.min(count, Math.floor(HIGHEST / height));
  const { box, element, range } = useRange(shown, height);
  useLayoutEffect(() => {
    if (element.current && at !== undefined) element.current.scrollTop = Math.max(0, (at - 3) * height);
  }, [at, height]);
  const rows = [];
  for (let i = range.first; i < range.last; i++) rows.push(row(i));
  return (
    <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={label}>
      <div class={`lines ${extra}`}>
        <div style={{ height: `${range.first * height}px` }} />
        {rows}
        <div style={{ height: `${(shown - range.last) * height}px` }} />
      </div>
    </div>
  );
}
