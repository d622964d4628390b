// A file dropped or pasted anywhere: a Dockerfile goes to the editor, an image to the reader.
import { useEffect, useState } from 'preact/hooks';
import { openText, setText } from '../dockerfile/model.ts';
import type { FolderFile } from '../engine/types.ts';
import { offer } from '../compare/state.ts';
import { type Source, image, openImage, reader } from '../image/state.ts';
import { goTo, route } from '../lib/route.ts';
import { nameText } from '../lib/names.tsx';
import { useStore } from '../lib/store.ts';
import { notify } from './notices.tsx';

const TEXT_LIMIT = 2_000_000;

/** Whether a file reads as text: no NUL in its first bytes, and no archive's magic. */
async function isText(file: File): Promise<boolean> {
  if (file.size > TEXT_LIMIT) return false;
  const head = new Uint8Array(await file.slice(0, 4096).arrayBuffer());
  if (head[0] === 0x1f && head[1] === 0x8b) return false;
  if (head.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

export async function openAny(file: File): Promise<void> {
  let text: boolean;
  try {
    text = await isText(file);
  } catch {
    notify(`${nameText(file.name)} could not be read: the browser did not give it to the page.`);
    return;
  }
  if (text) {
    const content = await file.text();
    if (route.value.view !== 'dockerfile') goTo('dockerfile');
    if (file.name.endsWith('.dockerignore')) {
      setText('.dockerignore', content);
      notify(`Opened ${nameText(file.name)}.`);
    } else openText(content, nameText(file.name));
    return;
  }
  await openSource(sourceOf(file));
}

const sourceOf = (file: File): Source => ({ name: file.name, size: file.size, content: file });

/** In the Compare view an image takes its place there; everywhere else it is opened. */
async function openSource(source: Source): Promise<void> {
  if (route.value.view === 'compare') offer([source]);
  else {
    showImageView();
    await openImage(source);
  }
}

function showImageView(): void {
  if (route.value.view !== 'image') goTo('image', image.value.summary ? new Map() : undefined);
}

/** More files than this are no image layout. */
const MOST_FILES = 20_000;

function folderSource(name: string, files: FolderFile[]): Source | undefined {
  if (files.length > 0 && files.length <= MOST_FILES) return { name, size: files.reduce((sum, { file }) => sum + file.size, 0), content: files };
  notify(files.length === 0 ? `${nameText(name)} is an empty folder.` : `${nameText(name)} holds over ${MOST_FILES} files: that is no image layout.`);
  return undefined;
}

async function openFolder(name: string, files: FolderFile[]): Promise<void> {
  const source = folderSource(name, files);
  if (source) await openSource(source);
}

/** Several at once: two images are compared; of all else the first is opened. */
async function openSeveral(dropped: readonly { entry: FileSystemEntry | null; file: File | null }[]): Promise<void> {
  const sources: Source[] = [];
  for (const { entry, file } of dropped.slice(0, 2)) {
    if (entry?.isDirectory) {
      const source = folderSource(entry.name, await filesBelow(entry as FileSystemDirectoryEntry));
      if (source) sources.push(source);
    } else if (file && !(await isText(file))) sources.push(sourceOf(file));
  }
  const first = dropped[0]?.file;
  if (sources.length === 2) {
    offer(sources);
    if (dropped.length > 2) notify(`${nameText(sources[0]?.name ?? '')} and ${nameText(sources[1]?.name ?? '')} are compared; what else was dropped is left out.`);
  } else if (sources[0]) await openSource(sources[0]);
  else if (first) await openAny(first);
}

/** All files below a dropped folder, by their paths from it. */
async function filesBelow(folder: FileSystemDirectoryEntry): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  const waiting: { folder: FileSystemDirectoryEntry; path: string }[] = [{ folder, path: '' }];
  for (let next = waiting.pop(); next && files.length <= MOST_FILES; next = waiting.pop()) {
    const list = next.folder.createReader();
    // A reader gives at most some hundred entries at a time.
    for (;;) {
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => list.readEntries(resolve, reject));
      if (entries.length === 0) break;
      for (const entry of entries) {
        const path = `${next.path}${entry.name}`;
        if (entry.isDirectory) waiting.push({ folder: entry as FileSystemDirectoryEntry, path: `${path}/` });
        else files.push({ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) });
      }
    }
  }
  return files;
}

/** Opens the browser's folder picker. */
export function pickFolder(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.webkitdirectory = true;
  input.onchange = () => {
    const files = [...(input.files ?? [])];
    const name = files[0]?.webkitRelativePath.split('/', 1)[0] ?? 'folder';
    if (files.length > 0) void openFolder(name, files.map((file) => ({ path: file.webkitRelativePath.slice(name.length + 1), file })));
  };
  input.click();
}

/** Opens the browser's file picker. */
export function pickFile(accept = ''): void {
  const input = document.createElement('input');
  input.type = 'file';
  if (accept) input.accept = accept;
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) void openAny(file);
  };
  input.click();
}

/** Opens the browser's file picker for images; with `two`, two may be chosen at once. */
export function pickSources(two: boolean): Promise<Source[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = two;
    input.onchange = () => resolve([...(input.files ?? [])].slice(0, 2).map(sourceOf));
    input.oncancel = () => resolve([]);
    input.click();
  });
}

export function DropZone() {
  const [over, setOver] = useState(false);
  const { view } = useStore(route);
  useEffect(() => {
    let depth = 0;
    const withFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!withFiles(event)) return;
      depth += 1;
      setOver(true);
      reader.start();
      void import('../image/view.tsx');
    };
    const leave = (event: DragEvent) => {
      if (!withFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hold = (event: DragEvent) => {
      if (!withFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    };
    const drop = (event: DragEvent) => {
      if (!withFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      depth = 0;
      setOver(false);
      const dropped = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file').map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
      if (dropped.length > 1) {
        openSeveral(dropped).catch(() => notify('What was dropped could not be read: the browser did not give it to the page.'));
        return;
      }
      const entry = dropped[0]?.entry;
      const file = event.dataTransfer?.files[0];
      if (entry?.isDirectory) {
        filesBelow(entry as FileSystemDirectoryEntry)
          .then((files) => openFolder(entry.name, files))
          .catch(() => notify(`${nameText(entry.name)} could not be read: the browser did not give it to the page.`));
      } else if (file) void openAny(file);
    };
    addEventListener('dragenter', enter, true);
    addEventListener('dragleave', leave, true);
    addEventListener('dragover', hold, true);
    addEventListener('drop', drop, true);
    return () => {
      removeEventListener('dragenter', enter, true);
      removeEventListener('dragleave', leave, true);
      removeEventListener('dragover', hold, true);
      removeEventListener('drop', drop, true);
    };
  }, []);
  return over ? (
    <div class="drop-veil" aria-hidden="true">
      <div>{view === 'compare' ? 'Drop an image, or two' : 'Drop an image, a layout folder or a Dockerfile'}</div>
    </div>
  ) : null;
}
