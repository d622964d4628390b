// The small pieces every view is made of.
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { DiffLine } from '../lib/diff.ts';
import { shortDigest } from '../lib/format.ts';
import { savedNumber, saveNumber } from '../lib/settings.ts';

export type IconName = 'search' | 'lock' | 'theme' | 'help' | 'right' | 'down' | 'copy' | 'check' | 'shield' | 'close' | 'save' | 'link' | 'wait' | 'run' | 'swap' | 'grow';

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }) {
  return (
    <svg class={`i ${extra}`} aria-hidden="true" viewBox="0 0 16 16">
      <use href={`#i-${name}`} />
    </svg>
  );
}

export type Severity = 'error' | 'warning' | 'info';
export const SEVERITY_NAMES: Record<Severity, string> = { error: 'Error', warning: 'Warning', info: 'Info' };

/** The ground and the sign of each severity's shape: octagon, triangle, disc. */
export const SEVERITY_PATHS: Record<Severity, readonly [ground: string, sign: string]> = {
  error: ['M4.1 0h5.8L14 4.1v5.8L9.9 14H4.1L0 9.9V4.1Z', 'm4.6 4.6 4.8 4.8m0-4.8L4.6 9.4'],
  warning: ['M7 .6 14 13.2H0Z', 'M7 5v3.8M7 11v.1'],
  info: ['M.4 7a6.6 6.6 0 1 1 13.2 0A6.6 6.6 0 1 1 .4 7Z', 'M7 6.3v4M7 3.7v.1'],
};

export function SeverityMark({ level, label = true }: { level: Severity; label?: boolean }) {
  const [ground, sign] = SEVERITY_PATHS[level];
  const named = label ? { role: 'img' as const, 'aria-label': SEVERITY_NAMES[level] } : { 'aria-hidden': 'true' as const };
  return (
    <svg class={`sev ${level}`} viewBox="0 0 14 14" {...named}>
      <path class="ground" d={ground} />
      <path class="sign" d={sign} />
    </svg>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No permission, or no secure context: the old way, by a selection.
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** A digest, short; a click copies it whole. */
export function Digest({ value, what }: { value: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" class="digest" title={value} aria-label={`Copy ${what} digest ${shortDigest(value).replace(':', ' ')}`} onClick={async () => setCopied(await copyText(value))}>
      <span class="code">{copied ? 'Copied' : shortDigest(value)}</span>
      <Icon name={copied ? 'check' : 'copy'} />
      {copied && (
        <span class="sr" role="status">
          Copied
        </span>
      )}
    </button>
  );
}

export interface TabItem<Id extends string> {
  id: Id;
  label: string;
  count?: string | undefined;
}

/** Tabs with one stop, arrows, and the panel named by `panel` below. */
export function Tabs<Id extends string>({ label, items, value, onChange, panel }: { label: string; items: readonly TabItem<NoInfer<Id>>[]; value: Id; onChange(id: NoInfer<Id>): void; panel: string }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = items.findIndex((item) => item.id === value);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: items.length - 1 }[event.key];
    const next = to === undefined ? undefined : items[(to + items.length) % items.length];
    if (!next) return;
    event.preventDefault();
    onChange(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {items.map((item) => (
        <button
          key={item.id}
          type="button"
          role="tab"
          id={`${panel}-${item.id}`}
          data-tab={item.id}
          aria-selected={item.id === value}
          aria-controls={item.id === value ? panel : undefined}
          tabIndex={item.id === value ? 0 : -1}
          onClick={() => onChange(item.id)}
        >
          {item.label}
          {item.count !== undefined && <span class="count">{item.count}</span>}
        </button>
      ))}
    </div>
  );
}

export interface MenuChoice {
  id: string;
  label: ComponentChildren;
  checked?: boolean;
}

/** A button that opens a menu of choices, of which one is checked. */
export function MenuButton({ children, label, choices, onChoose, class: extra = 'btn sm' }: { children: ComponentChildren; label?: string; choices: readonly MenuChoice[]; onChoose(id: string): void; class?: string }) {
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState<{ left: number; top: number }>({ left: 0, top: 0 });
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) button.current?.focus();
  };
  useLayoutEffect(() => {
    if (!open || !button.current || !menu.current) return;
    const from = button.current.getBoundingClientRect();
    const own = menu.current.getBoundingClientRect();
    setPlace({ left: Math.max(8, Math.min(from.left, innerWidth - own.width - 8)), top: Math.min(from.bottom + 4, Math.max(8, innerHeight - own.height - 8)) });
    (menu.current.querySelector<HTMLElement>('[aria-checked="true"]') ?? menu.current.querySelector<HTMLElement>('[role]'))?.focus();
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!menu.current?.contains(target) && !button.current?.contains(target)) setOpen(false);
    };
    addEventListener('pointerdown', outside, true);
    addEventListener('resize', outside);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('resize', outside);
    };
  }, [open]);
  const keys = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const items = [...(menu.current?.querySelectorAll<HTMLElement>('[role="menuitemradio"]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close(event.key === 'Escape');
    else if (event.key.length === 1 && event.key !== ' ') {
      const key = event.key.toLowerCase();
      items.find((item) => item.textContent?.toLowerCase().startsWith(key))?.focus();
      return;
    } else return;
    event.stopPropagation();
    if (event.key !== 'Tab') event.preventDefault();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={extra}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {children}
        <Icon name="down" />
      </button>
      {open && (
        <div ref={menu} id={id} class="menu" role="menu" aria-label={label ?? 'Choices'} style={{ left: `${place.left}px`, top: `${place.top}px` }} onKeyDown={keys}>
          {choices.map((choice) => (
            <button
              key={choice.id}
              type="button"
              role="menuitemradio"
              aria-checked={choice.checked ?? false}
              tabIndex={-1}
              onClick={() => {
                close(true);
                onChoose(choice.id);
              }}
            >
              <span class="tick">{choice.checked && <Icon name="check" />}</span>
              {choice.label}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

/** A modal dialog: the browser's own, with its focus trap and its way back. */
export function Dialog({ title, onClose, children, class: extra = '' }: { title: string; onClose(): void; children: ComponentChildren; class?: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${extra}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="dialog-in">
        <header class="ph">
          <h2 id={id} class="grow cut">
            {title}
          </h2>
          <button type="button" class="ib" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/**
 * The line between two panes. It sets the custom property `property` on the grid around it, in pixels, and keeps it.
 * `from` says which side the property measures.
 */
export function Splitter({ name, property, from, min, max, initial }: { name: string; property: string; from: 'left' | 'right'; min: number; max: number; initial: number | (() => number) }) {
  const handle = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState<number | undefined>(() => savedNumber(`pane.${property}`));
  const [share, setShare] = useState(50);
  const start = () => width ?? (typeof initial === 'function' ? initial() : initial);
  const clamp = (value: number) => {
    const grid = handle.current?.closest<HTMLElement>('.panes')?.clientWidth ?? 10_000;
    return Math.max(min, Math.min(value, Math.min(max, grid - 320)));
  };
  const set = (value: number | undefined) => {
    const next = value === undefined ? undefined : clamp(value);
    setWidth(next);
    saveNumber(`pane.${property}`, next);
  };
  useLayoutEffect(() => {
    const grid = handle.current?.closest<HTMLElement>('.panes');
    if (!grid) return;
    if (width === undefined) grid.style.removeProperty(`--${property}`);
    else grid.style.setProperty(`--${property}`, `${clamp(width)}px`);
    const pane = handle.current?.parentElement;
    const left = pane?.previousElementSibling as HTMLElement | null;
    if (left && grid.clientWidth > 0) setShare(Math.round((left.clientWidth / grid.clientWidth) * 100));
  }, [width, property]);
  const sign = from === 'left' ? 1 : -1;
  return (
    <div
      ref={handle}
      class="split"
      role="separator"
      aria-orientation="vertical"
      aria-label={name}
      aria-valuenow={Math.max(0, Math.min(100, share))}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={`${share} %`}
      tabIndex={0}
      onDblClick={() => set(undefined)}
      onKeyDown={(event) => {
        const to = { ArrowLeft: start() - 16 * sign, ArrowRight: start() + 16 * sign, Home: min, End: max }[event.key];
        if (event.key === 'Enter') set(undefined);
        else if (to !== undefined) set(to);
        else return;
        event.preventDefault();
      }}
      onPointerDown={(event) => {
        const target = event.currentTarget;
        const x = event.clientX;
        const before = start();
        target.setPointerCapture(event.pointerId);
        const drag = (moved: PointerEvent) => set(before + (moved.clientX - x) * sign);
        target.addEventListener('pointermove', drag);
        target.addEventListener('lostpointercapture', () => target.removeEventListener('pointermove', drag), { once: true });
      }}
    />
  );
}

/** Removed and added lines, said as such to screen readers. */
export function Diff({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    <div class="diff" role="group" aria-label={label}>
      {lines.map((line) => (
        <div class={line.kind}>
          {line.kind !== 'same' && <span class="sr">{line.kind}: </span>}
          {line.text || ' '}
        </div>
      ))}
    </div>
  );
}

/** The first view's panes on a narrow window: one is shown, the bar at the bottom names the others. */
export function PaneBar<Id extends string>({ items, value, onChange }: { items: readonly TabItem<NoInfer<Id>>[]; value: Id; onChange(id: NoInfer<Id>): void }) {
  return (
    <nav class="pane-bar" aria-label="Panes">
      {items.map((item) => (
        <button key={item.id} type="button" aria-current={item.id === value ? 'true' : undefined} onClick={() => onChange(item.id)}>
          {item.label}
          {item.count !== undefined && ` ${item.count}`}
        </button>
      ))}
    </nav>
  );
}
