// A file dropped or pasted anywhere: a Dockerfile goes to the editor, an image to the reader.
import { useEffect, useState } from 'preact/hooks';
import { openText, setText } from '../dockerfile/model.ts';
import { image, openFile, reader } from '../image/state.ts';
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
    notify(`${nameText(file.name)} could not be read. Folders cannot be opened yet: drop the image as a tar.`);
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
  if (route.value.view !== 'image') goTo('image', image.value.summary ? new Map() : undefined);
  await openFile(file);
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
      const file = event.dataTransfer?.files[0];
      if (file) void openAny(file);
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
      <div>Drop an image or a Dockerfile</div>
    </div>
  ) : null;
}
