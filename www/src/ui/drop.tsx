// A file dropped or pasted anywhere: a Dockerfile goes to the editor, an image to the reader.
import { useEffect, useState } from 'preact/hooks';
import { openText, setText } from '../dockerfile/model.ts';
import type { FolderFile } from '../engine/types.ts';
import { image, openImage, reader } from '../image/state.ts';
import { goTo, route } from '../lib/route.ts';
import { nameText } from '../lib/names.tsx';
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
  showImageView();
  await openImage({ name: file.name, size: file.size, content: file });
}

function showImageView(): void {
  if (route.value.view !== 'image') goTo('image', image.value.summary ? new Map() : undefined);
}

/** More files than this are no image layout. */
const MOST_FILES = 20_000;

async function openFolder(name: string, files: FolderFile[]): Promise<void> {
  if (files.length === 0 || files.length > MOST_FILES) {
    notify(files.length === 0 ? `${nameText(name)} is an empty folder.` : `${nameText(name)} holds over ${MOST_FILES} files: that is no image layout.`);
    return;
  }
  showImageView();
  await openImage({ name, size: files.reduce((sum, { file }) => sum + file.size, 0), content: files });
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

export function DropZone() {
  const [over, setOver] = useState(false);
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
      const entry = event.dataTransfer?.items[0]?.webkitGetAsEntry?.();
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
      <div>Drop an image, a layout folder or a Dockerfile</div>
    </div>
  ) : null;
}
