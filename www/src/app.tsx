import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { stepDifference } from './compare/state.ts';
import { stepFinding } from './dockerfile/model.ts';
import { type View, goTo, hrefOf, route } from './lib/route.ts';
import { keysOn, nextTheme, theme } from './lib/settings.ts';
import { useStore } from './lib/store.ts';
import { Start } from './start.tsx';
import { DropZone } from './ui/drop.tsx';
import { Help, helpOpen } from './ui/help.tsx';
import { Notices, notify } from './ui/notices.tsx';
import { Palette, paletteOpen } from './ui/palette.tsx';
import { Icon, MenuButton } from './ui/parts.tsx';

const VIEWS: { id: View; label: string }[] = [
  { id: 'dockerfile', label: 'Dockerfile' },
  { id: 'image', label: 'Image' },
  { id: 'compare', label: 'Compare' },
];

const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

const LOADERS: Record<Exclude<View, 'start'>, () => Promise<{ default: ComponentType }>> = {
  dockerfile: () => import('./dockerfile/view.tsx'),
  image: () => import('./image/view.tsx'),
  compare: () => import('./compare/view.tsx'),
};

const loaded: Partial<Record<View, ComponentType>> = { start: Start };

function useView(view: View): ComponentType | undefined {
  const [, again] = useState(0);
  useEffect(() => {
    if (loaded[view] || view === 'start') return;
    let gone = false;
    LOADERS[view]()
      .then(({ default: component }) => {
        loaded[view] = component;
        if (!gone) again((n) => n + 1);
      })
      .catch(() => notify('A part of the page could not be loaded. Check the network and load the page again.'));
    return () => {
      gone = true;
    };
  }, [view]);
  return loaded[view];
}

/** The panes of the view that are on screen, in the order of the document. */
function panes(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter((pane) => pane.offsetParent !== null && pane.getClientRects().length > 0);
}

const FOCUSABLE = 'button:not([disabled]):not([tabindex="-1"]), a[href], input, [tabindex="0"], .editor-host';

function focusPane(pane: HTMLElement): void {
  const host = pane.querySelector<HTMLElement>('.editor-host');
  const inner = host?.shadowRoot?.querySelector<HTMLElement>('.cm-content');
  const target = inner ?? pane.querySelector<HTMLElement>('[data-pane-focus], [role="treeitem"][tabindex="0"], [role="option"][tabindex="0"]') ?? [...pane.querySelectorAll<HTMLElement>(FOCUSABLE)].find((element) => element.getClientRects().length > 0);
  target?.focus();
}

/** False after the last pane: then the key reaches the browser, and with it the address bar. */
function stepPane(by: 1 | -1): boolean {
  const all = panes();
  const at = all.findLastIndex((pane) => pane.contains(document.activeElement));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  if (!next) return false;
  focusPane(next);
  return true;
}

function typing(target: EventTarget | null): boolean {
  const element = (target as HTMLElement | null)?.closest?.('input, textarea, select, [contenteditable="true"]');
  const active = document.activeElement?.shadowRoot?.activeElement;
  return Boolean(element) || active?.getAttribute('contenteditable') === 'true';
}

function keys(event: KeyboardEvent): void {
  const modal = document.querySelector('dialog[open]');
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
    paletteOpen.set(!paletteOpen.value);
  } else if (modal) return;
  else if (event.key === 'F6' && !event.ctrlKey && !event.altKey) {
    if (!stepPane(event.shiftKey ? -1 : 1)) return;
  } else if (event.key === 'F8' && !event.ctrlKey && !event.altKey) {
    const by = event.shiftKey ? -1 : 1;
    if (route.value.view === 'compare') stepDifference(by);
    else if (route.value.view === 'dockerfile') stepFinding(by);
    else return;
  } else if (event.key === '?' && keysOn.value && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
    helpOpen.set(true);
  } else return;
  event.preventDefault();
}

export function App() {
  const { view } = useStore(route);
  const chosenTheme = useStore(theme);
  const Present = useView(view);
  useEffect(() => {
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, []);
  useEffect(() => {
    document.title = view === 'start' ? 'Layerwright' : `${VIEWS.find(({ id }) => id === view)?.label} - Layerwright`;
  }, [view]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        const first = panes()[0];
        if (first) focusPane(first);
      }}>
        Skip to the view
      </a>
      <header class="top">
        <a
          class="brand"
          href="#/"
          aria-label="Layerwright, start"
          onClick={(event) => {
            event.preventDefault();
            goTo('start');
          }}
        >
          <svg class="logo" viewBox="0 0 18 18" aria-hidden="true">
            <rect class="a" x="2" y="1" width="5" height="3.25" rx=".6" />
            <rect class="b" x="2" y="5.25" width="5" height="3.25" rx=".6" />
            <rect class="c" x="2" y="9.5" width="5" height="3.25" rx=".6" />
            <rect class="d" x="2" y="13.75" width="14" height="3.25" rx=".6" />
          </svg>
          <span class="wordmark">Layerwright</span>
        </a>
        <div class="view-menu">
          <MenuButton
            class="view-name"
            choices={[{ id: 'start', label: 'Start', checked: view === 'start' }, ...VIEWS.map(({ id, label }) => ({ id, label, checked: id === view }))]}
            onChoose={(id) => goTo(id as View)}
          >
            {VIEWS.find(({ id }) => id === view)?.label ?? 'Layerwright'}
          </MenuButton>
        </div>
        <nav aria-label="Views">
          {VIEWS.map(({ id, label }) => (
            <a
              href={hrefOf(id)}
              aria-current={id === view ? 'page' : undefined}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                goTo(id);
              }}
            >
              {label}
            </a>
          ))}
        </nav>
        <div class="tools">
          <button type="button" class="find" aria-keyshortcuts={mac ? 'Meta+K' : 'Control+K'} onClick={() => paletteOpen.set(true)}>
            <Icon name="search" />
            <span class="find-text">Go to or run</span>
            <kbd aria-hidden="true">{mac ? 'Cmd' : 'Ctrl'} K</kbd>
            <span class="sr"> open the command palette</span>
          </button>
          <span class="local" title="No host is contacted: what you open and write stays here.">
            <Icon name="lock" />
            <span class="local-text">Nothing leaves this tab</span>
          </span>
          <button type="button" class="ib wide-only" aria-label={`Theme: ${chosenTheme}`} title={`Theme: ${chosenTheme}`} onClick={nextTheme}>
            <Icon name="theme" />
          </button>
          <button type="button" class="ib" aria-label="Help and keys" title="Help and keys" onClick={() => helpOpen.set(true)}>
            <Icon name="help" />
          </button>
        </div>
      </header>
      {Present ? <Present /> : <main id="main" aria-busy="true" />}
      <Palette />
      <Help />
      <Notices />
      <DropZone />
    </>
  );
}
