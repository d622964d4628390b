// Toasts (only after what can be undone, and for what happened out of sight) and the quiet voice of the page.
import { useEffect, useRef } from 'preact/hooks';
import { Store, useStore } from '../lib/store.ts';
import { Icon } from './parts.tsx';

export interface Notice {
  id: number;
  text: string;
  action?: { label: string; keys?: string; run(): void };
}

const notices = new Store<readonly Notice[]>([]);
let nextId = 1;

export function notify(text: string, action?: Notice['action']): void {
  const notice: Notice = { id: nextId++, text, ...(action ? { action } : {}) };
  notices.set([...notices.value.slice(-2), notice]);
}

const dismiss = (id: number) => notices.set(notices.value.filter((notice) => notice.id !== id));

/** Closes the newest toast. False when there is none. */
export function dismissNewest(): boolean {
  const newest = notices.value.at(-1);
  if (!newest) return false;
  dismiss(newest.id);
  return true;
}

const spoken = new Store('');
let waiting: string | undefined;
let lastSpoken = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says a text to screen readers, at most once in 2 s; a newer text replaces one that still waits. */
export function say(text: string): void {
  waiting = text;
  if (timer !== undefined) return;
  const speak = () => {
    timer = undefined;
    if (waiting === undefined || waiting === spoken.value) return;
    lastSpoken = Date.now();
    spoken.set(waiting);
    waiting = undefined;
  };
  timer = setTimeout(speak, Math.max(0, lastSpoken + 2000 - Date.now()));
}

function Toast({ notice }: { notice: Notice }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let clock: ReturnType<typeof setTimeout>;
    const wait = () => {
      clearTimeout(clock);
      clock = setTimeout(() => {
        const held = box.current?.contains(document.activeElement) || box.current?.matches(':hover');
        if (held) wait();
        else dismiss(notice.id);
      }, 10_000);
    };
    wait();
    return () => clearTimeout(clock);
  }, [notice.id]);
  return (
    <div class="toast" ref={box}>
      <span class="grow">{notice.text}</span>
      {notice.action && (
        <button
          type="button"
          class="btn sm"
          onClick={() => {
            notice.action?.run();
            dismiss(notice.id);
          }}
        >
          {notice.action.label}
        </button>
      )}
      {notice.action?.keys && <kbd>{notice.action.keys}</kbd>}
      <button type="button" class="ib sm" aria-label="Close the message" onClick={() => dismiss(notice.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

export function Notices() {
  const shown = useStore(notices);
  const text = useStore(spoken);
  return (
    <>
      <div class="toasts" role="status">
        {shown.map((notice) => (
          <Toast key={notice.id} notice={notice} />
        ))}
      </div>
      <div class="sr" aria-live="polite">
        {text}
      </div>
    </>
  );
}
