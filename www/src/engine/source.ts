// What was dropped or picked, as the package opens it, and what the images in it are called.
import * as lw from 'layerwright';
import type { CallContext } from '../lib/rpc-types.ts';
import { familiar } from './names.ts';
import type { ImageFiles, PlatformChoice } from './types.ts';

const randomAccess = (file: Blob) => ({ size: file.size, read: async (offset: number, length: number) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()) });

/** Opens an archive, or the files of a layout folder. */
export async function openSource(source: ImageFiles, { signal, onProgress }: CallContext): Promise<lw.Image> {
  await lw.init();
  const options = { signal, onProgress };
  return Array.isArray(source) ? lw.openImageDirectory(source.map(({ path, file }) => ({ path, source: randomAccess(file) })), options) : lw.openImage(source, options);
}

/** The place among the manifests of the image to show: the one of `platform`, else the package's own choice. */
export function chosen(image: lw.Image, platform: string | undefined): number {
  const wanted = platform === undefined ? undefined : image.images.find((manifest) => manifest.platform === platform);
  try {
    return wanted ? image.manifests.indexOf(wanted) : image.find({});
  } catch {
    // An archive of nothing but artifacts shows its first one.
    return 0;
  }
}

/** The names of an image as people write them, the fullest first. */
export function namesOf(manifest: lw.ManifestSummary): string[] {
  // The name in full is only in containerd's annotation; a layout's own is but the tag.
  const full = manifest.annotations['io.containerd.image.name'];
  return [...new Set([...(full ? [familiar(full)] : []), ...manifest.names])];
}

/** A tag alone is no name: then it is called as the file is. */
export const titleOf = (names: readonly string[], source: string): string => names.find((name) => /[:/@]/.test(name)) ?? source;

export function platformChoices(images: readonly lw.ManifestSummary[]): PlatformChoice[] {
  return images.map((manifest, index) => ({ index, label: labelOf(manifest, images, index) }));
}

/** What tells an image from the others in the archive: its platform, its name where that is not enough. */
function labelOf(manifest: lw.ManifestSummary, all: readonly lw.ManifestSummary[], index: number): string {
  const { platform, names } = manifest;
  const alone = all.every((other) => other === manifest || other.platform !== platform);
  if (platform && (alone || names.length === 0)) return alone ? platform : `${platform}, image ${index + 1}`;
  return names[0] ?? `image ${index + 1}`;
}
