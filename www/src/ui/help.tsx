import { keysOn } from '../lib/settings.ts';
import { Store, useStore } from '../lib/store.ts';
import { Dialog } from './parts.tsx';

export const helpOpen = new Store(false);

const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);
const ctrl = mac ? 'Cmd' : 'Ctrl';

const KEYS: [where: string, rows: [keys: string[], does: string][]][] = [
  [
    'Everywhere',
    [
      [[`${ctrl} K`], 'go to a file, layer, finding or command'],
      [['F6', 'Shift F6'], 'next pane, previous pane'],
      [['F8', 'Shift F8'], 'next finding or difference, previous one'],
      [['?'], 'these keys, when no text field has focus'],
      [['Esc'], 'close what is open, then clear the filter'],
    ],
  ],
  [
    'Editor',
    [
      [[`${ctrl} .`, 'Alt Enter'], 'fix the finding here'],
      [['Shift Alt F'], 'format'],
      [['Ctrl Space'], 'complete'],
      [['Alt F12', 'F2'], 'to where a stage or variable is defined, rename it'],
      [mac ? ['Cmd Alt [', 'Cmd Alt ]'] : ['Ctrl Shift [', 'Ctrl Shift ]'], 'fold and unfold'],
      [[`${ctrl} F`, `${ctrl} S`], 'find, save to a file'],
      [[`${ctrl} Z`, `Shift ${ctrl} Z`], 'undo, redo, also of fixes'],
      [[mac ? 'Shift Alt M' : 'Ctrl M'], 'let Tab indent, or leave the editor again'],
    ],
  ],
  [
    'File tree',
    [
      [['arrows', 'Home', 'End', 'PgUp', 'PgDn'], 'move, open and close folders'],
      [['*'], 'open all folders beside this one'],
      [['letters'], 'go to the next name that begins so'],
      [['Enter'], 'to the file panel'],
      [['/'], 'to the filter'],
      [['[', ']'], 'previous layer, next layer'],
    ],
  ],
  [
    'Map',
    [
      [['arrows', 'Home', 'End'], 'to another block'],
      [['Enter'], 'zoom in, or choose the file'],
      [['Backspace'], 'zoom out'],
    ],
  ],
  [
    'Filter',
    [
      [['>1MB', '<=10kB'], 'files of that size'],
      [['text:TODO'], 'files with that text in them'],
      [['*.so', 'type:symlink'], 'names by a pattern, kinds'],
      [['layer:3', 'owner:0', 'is:setuid'], 'what a layer brought, owners, permissions'],
      [['is:added'], 'what the chosen layer did: also changed, removed'],
    ],
  ],
];

export function Help() {
  const open = useStore(helpOpen);
  const on = useStore(keysOn);
  if (!open) return null;
  return (
    <Dialog title="Help and keys" onClose={() => helpOpen.set(false)} class="wide">
      <div class="dialog-body scroll help" tabIndex={0} role="region" aria-label="Keys">
        {KEYS.map(([where, rows]) => (
          <section>
            <h3>{where}</h3>
            <dl>
              {rows.map(([keys, does]) => (
                <div>
                  <dt>
                    {keys.map((key) => (
                      <kbd>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <label class="check">
          <input type="checkbox" checked={on} onChange={(event) => keysOn.set(event.currentTarget.checked)} />
          The key <kbd>?</kbd> opens this help
        </label>
        <p class="mid">
          Your files stay in this tab: Dockerfiles are kept in this browser, images only in memory. <em>Forget everything</em> in the palette removes what is kept.
        </p>
      </div>
    </Dialog>
  );
}
