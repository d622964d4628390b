// What the palette can do, in any view.
import { backToMine, formatText, openText, safeFixes, editor, dockerfile, setText } from '../dockerfile/model.ts';
import { assembled, closeImage, image, openRecipe, verify } from '../image/state.ts';
import { goTo, route } from '../lib/route.ts';
import { PROFILES, PROFILE_NAMES, forgetEverything, keysOn, profile, theme } from '../lib/settings.ts';
import { plural } from '../lib/format.ts';
import { pickFile, pickSources } from './drop.tsx';
import { notify } from './notices.tsx';
import { closeComparison, comparison, offer } from '../compare/state.ts';
import { EXAMPLES, SITE, SITE_AFTER } from '../examples.ts';
import { helpOpen } from './help.tsx';

export interface Command {
  id: string;
  label: string;
  keys?: string;
  run(): void;
}

const quietly = (work: Promise<unknown>) => void work.catch((error: unknown) => notify(error instanceof Error ? error.message : String(error)));

export function openExample(index: number): void {
  const example = EXAMPLES[index];
  if (!example) return;
  if (route.value.view !== 'dockerfile') goTo('dockerfile');
  openText(example.text, `the example ${example.name}`);
}

/** Assembles the example site and shows its image. */
export function openExampleImage(): void {
  if (route.value.view !== 'image') goTo('image', new Map());
  quietly(openRecipe(SITE));
}

/** Assembles the example site before and after a change, and compares the two images. */
export function openExamplePair(): void {
  quietly(
    (async () => {
      const made = [];
      for (const recipe of [SITE, SITE_AFTER]) made.push(await assembled(recipe));
      offer(made);
    })(),
  );
}

/** Compares the image that is open, the first, with another. */
export async function compareWithOther(): Promise<void> {
  const { from } = image.value;
  const [other] = await pickSources(false);
  if (from && other) offer([from, other]);
}

export async function chooseTwo(): Promise<void> {
  const chosen = await pickSources(true);
  if (chosen.length > 0) offer(chosen);
}

export function newDockerfile(): void {
  if (route.value.view !== 'dockerfile') goTo('dockerfile');
  if (dockerfile.value.dockerfile !== '') openText('', 'an empty Dockerfile');
  requestAnimationFrame(() => editor.now?.focus());
}

export function commands(): Command[] {
  const inDockerfile = route.value.view === 'dockerfile';
  const list: Command[] = [
    { id: 'view-dockerfile', label: 'Go to Dockerfile', run: () => goTo('dockerfile') },
    { id: 'view-image', label: 'Go to Image', run: () => goTo('image') },
    { id: 'view-compare', label: 'Go to Compare', run: () => goTo('compare') },
    { id: 'open-file', label: 'Open a file…', run: () => pickFile() },
    { id: 'new', label: 'New Dockerfile', run: newDockerfile },
    ...EXAMPLES.map((example, index) => ({ id: `example-${index}`, label: `Open the example ${example.name}`, run: () => openExample(index) })),
    { id: 'example-image', label: 'Assemble the example static-site and open its image', run: openExampleImage },
    { id: 'example-pair', label: 'Compare the example static-site before and after a change', run: openExamplePair },
  ];
  if (inDockerfile) {
    list.push({ id: 'format', label: 'Format the Dockerfile', keys: 'Shift Alt F', run: () => quietly(formatText()) });
    list.push({
      id: 'fix-safe',
      label: 'Apply all safe fixes',
      run: () =>
        quietly(
          safeFixes().then(({ text, fixed }) => {
            if (fixed === 0) {
              notify('No safe fix to apply.');
              return;
            }
            editor.now?.replace(text);
            notify(`Fixed ${plural(fixed, 'finding')}.`, { label: 'Undo', keys: 'Ctrl Z', run: () => editor.now?.undo() });
          }),
        ),
    });
    for (const id of PROFILES) if (id !== profile.value) list.push({ id: `profile-${id}`, label: `Profile: ${PROFILE_NAMES[id]}`, run: () => profile.set(id) });
    list.push({ id: 'mine', label: 'Back to the Dockerfile a link replaced', run: () => quietly(backToMine()) });
  }
  if (image.value.summary) {
    list.push({ id: 'verify', label: 'Verify the image again', run: () => quietly(verify()) });
    list.push({ id: 'compare-image', label: 'Compare the image with another…', run: () => void compareWithOther() });
    list.push({ id: 'close-image', label: 'Close the image', run: closeImage });
  }
  if (comparison.value.a) list.push({ id: 'close-comparison', label: 'Close the comparison', run: closeComparison });
  for (const name of ['system', 'light', 'dark'] as const) if (theme.value !== name) list.push({ id: `theme-${name}`, label: `Theme: ${name}`, run: () => theme.set(name) });
  list.push({ id: 'help', label: 'Help and keys', keys: '?', run: () => helpOpen.set(true) });
  list.push({ id: 'keys', label: keysOn.value ? 'Switch the key ? off' : 'Switch the key ? on', run: () => keysOn.set(!keysOn.value) });
  list.push({
    id: 'forget',
    label: 'Forget everything stored in this browser',
    run: () =>
      quietly(
        forgetEverything().then(() => {
          setText('Dockerfile', '');
          setText('.dockerignore', '');
          editor.now?.replace('');
          closeImage();
          closeComparison();
          notify('Everything is forgotten.');
        }),
      ),
  });
  return list;
}
