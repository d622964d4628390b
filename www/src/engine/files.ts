// The files of an image over its layers: who brought, changed and removed each path, and the tree after any layer.
import { CHANGE, KINDS, type FileDetails, type FileKind, type PathEvent, type StoredTrees, type TreeData } from './types.ts';

/** An entry of one layer, as its archive says. Paths have no slash at either end. */
export interface LayerEntry {
  path: string;
  kind: FileKind | 'whiteout' | 'opaque';
  size: number;
  mode: number;
  uid: number;
  gid: number;
  owner?: string | undefined;
  group?: string | undefined;
  mtime?: number | undefined;
  link?: string | undefined;
  device?: string | undefined;
  xattrs?: string[] | undefined;
  /** Its place among the entries of its layer. */
  at?: number;
}

/** What a layer did to a path. `entry` is absent where it removed it. */
interface Version {
  layer: number;
  entry: LayerEntry | undefined;
  /** Removed by an opaque folder, not by a whiteout of its own or of a folder above. */
  opaque?: boolean;
}

interface Node {
  name: string;
  parent: Node | undefined;
  children: Map<string, Node> | undefined;
  versions: Version[];
  present: boolean;
}

const byName = (a: Node, b: Node) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const sameMeta = (a: LayerEntry, b: LayerEntry) => a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;

/** Folders are in most layers only because something in them is: unless their own data differ, that is no change. */
const sameFolder = (a: LayerEntry | undefined, b: LayerEntry | undefined) => a?.kind === 'dir' && b?.kind === 'dir' && sameMeta(a, b);

export class FileIndex {
  readonly #root: Node = { name: '', parent: undefined, children: undefined, versions: [], present: true };
  #layers = 0;
  /** Bytes of files a layer holds that the last layer no longer shows, by layer from 0. */
  readonly wasted: number[] = [];
  readonly content: number[] = [];
  readonly counts: number[] = [];
  /** Files (not folders) after the last layer. */
  files = 0;

  constructor(layers: readonly (readonly LayerEntry[])[]) {
    for (const entries of layers) this.#add(entries);
    this.#measure();
  }

  #node(path: string, layer: number): Node {
    let node = this.#root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      if (node !== this.#root) {
        // A path below something that is no folder, or was never named: the folder is implied.
        const now = node.versions.at(-1)?.entry;
        if (!node.present || now?.kind !== 'dir') this.#put(node, layer, { path: '', kind: 'dir', size: 0, mode: 0o755, uid: 0, gid: 0 });
      }
      node.children ??= new Map();
      let child = node.children.get(name);
      if (!child) {
        child = { name, parent: node, children: undefined, versions: [], present: false };
        node.children.set(name, child);
      }
      node = child;
    }
    return node;
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/')) if (name !== '' && name !== '.') node = node?.children?.get(name);
    return node;
  }

  #put(node: Node, layer: number, entry: LayerEntry): void {
    const last = node.versions.at(-1);
    if (entry.kind !== 'dir' && node.present && last?.entry?.kind === 'dir') this.#removeBelow(node, layer, false);
    // Twice in one layer: the later one counts.
    if (last?.layer === layer && last.entry) node.versions[node.versions.length - 1] = { layer, entry };
    else node.versions.push({ layer, entry });
    node.present = true;
  }

  #remove(node: Node, layer: number, opaque: boolean): void {
    if (!node.present) return;
    this.#removeBelow(node, layer, opaque);
    node.present = false;
    node.versions.push(opaque ? { layer, entry: undefined, opaque } : { layer, entry: undefined });
  }

  #removeBelow(node: Node, layer: number, opaque: boolean): void {
    for (const child of node.children?.values() ?? []) this.#remove(child, layer, opaque);
  }

  #add(entries: readonly LayerEntry[]): void {
    const layer = this.#layers;
    this.#layers += 1;
    // Whiteouts hide what is below, never what comes in the same layer, wherever they stand in it.
    for (const { path, kind } of entries) {
      if (kind !== 'whiteout' && kind !== 'opaque') continue;
      const node = this.#find(path);
      if (!node) continue;
      if (kind === 'whiteout') this.#remove(node, layer, false);
      else this.#removeBelow(node, layer, true);
    }
    let content = 0;
    let count = 0;
    for (const entry of entries) {
      if (entry.kind === 'whiteout' || entry.kind === 'opaque') continue;
      if (entry.kind !== 'dir') count += 1;
      content += entry.size;
      const node = this.#node(entry.path, layer);
      if (node !== this.#root) this.#put(node, layer, entry);
    }
    this.content.push(content);
    this.counts.push(count);
    this.wasted.push(0);
  }

  #measure(): void {
    // The bytes of a file stay visible as long as one of the hard links made to it in its layer does.
    const linked = new Set<string>();
    this.#walk(this.#root, (node) => {
      const now = node.versions.at(-1);
      if (!node.present || !now?.entry) return;
      if (now.entry.kind !== 'dir') this.files += 1;
      if (now.entry.kind === 'hardlink' && now.entry.link !== undefined) linked.add(`${now.layer} ${now.entry.link.replace(/^\.?\/+/, '')}`);
    });
    this.#walk(this.#root, (node) => {
      node.versions.forEach((version, i) => {
        if (!version.entry?.size || this.#kept(node, i, linked)) return;
        this.wasted[version.layer] = (this.wasted[version.layer] ?? 0) + version.entry.size;
      });
    });
    this.#linked = linked;
  }

  #linked: Set<string> = new Set();

  #kept(node: Node, index: number, linked = this.#linked): boolean {
    if (node.present && index === node.versions.length - 1) return true;
    const version = node.versions[index];
    return version !== undefined && linked.size > 0 && linked.has(`${version.layer} ${pathOf(node)}`);
  }

  #walk(node: Node, visit: (node: Node) => void): void {
    const stack = [node];
    for (let at = stack.pop(); at; at = stack.pop()) {
      visit(at);
      if (at.children) stack.push(...at.children.values());
    }
  }

  /** The state of a node after a layer: the place of its last version up to there. */
  #at(node: Node, layer: number): number {
    let index = -1;
    node.versions.forEach((version, i) => {
      if (version.layer <= layer) index = i;
    });
    return index;
  }

  /**
   * The tree after `layer` (from 0), with what that layer changed and removed, or without marks when `merged`.
   * Layers below `base` belong to the base image.
   */
  tree(layer: number, merged: boolean, base: number): TreeData {
    const rows: TableRow[] = [];
    const ends: number[] = [];
    const totals = { added: 0, changed: 0, removed: 0, size: 0 };
    const visit = (node: Node, parent: number): number => {
      const children = [...(node.children?.values() ?? [])].sort(byName);
      for (const child of children) {
        const index = this.#at(child, layer);
        const now = child.versions[index];
        if (!now) continue;
        const before = now.layer === layer ? this.#before(child, index, layer) : now;
        let change: number = CHANGE.none;
        if (!merged && now.layer === layer) {
          if (!now.entry) change = before?.entry ? CHANGE.removed : CHANGE.none;
          else if (!before?.entry) change = CHANGE.added;
          else change = sameFolder(before.entry, now.entry) ? CHANGE.none : CHANGE.changed;
        }
        const entry = now.entry ?? (change === CHANGE.removed ? before?.entry : undefined);
        if (!entry) continue;
        if (entry.kind !== 'dir' || change !== CHANGE.none) {
          if (change === CHANGE.added) totals.added += 1;
          else if (change === CHANGE.changed) totals.changed += 1;
          else if (change === CHANGE.removed) totals.removed += 1;
        }
        // A folder that is only named again is still the one from before.
        const shown = change === CHANGE.none ? this.#origin(child, index) : now.layer;
        const row = rows.length;
        rows.push({ node: child, parent, entry, change, layer: shown + 1, note: note(entry, change, before?.entry, now) });
        ends.push(row + 1);
        visit(child, row);
        ends[row] = rows.length;
      }
      return rows.length;
    };
    rows.push({ node: this.#root, parent: -1, entry: FOLDER, change: CHANGE.none, layer: 0, note: '' });
    ends.push(0);
    visit(this.#root, 0);
    ends[0] = rows.length;

    return tableOf(rows, ends, totals, base);
  }

  /**
   * What is stored, by all layers or by one (from 0), as two trees: the files that can be seen in the end, and the copies
   * that a later layer replaces or hides. Empty files are left out.
   */
  stored(layer: number | undefined, base: number): StoredTrees {
    return { kept: this.#stored(layer, base, true), wasted: this.#stored(layer, base, false) };
  }

  #stored(layer: number | undefined, base: number, kept: boolean): TreeData {
    const rows: TableRow[] = [{ node: this.#root, parent: -1, entry: FOLDER, change: CHANGE.none, layer: 0, note: '' }];
    const ends: number[] = [0];
    const visit = (node: Node, parent: number): void => {
      for (const child of [...(node.children?.values() ?? [])].sort(byName)) {
        let bytes = 0;
        let by = 0;
        child.versions.forEach((version, i) => {
          if (!version.entry?.size || (layer !== undefined && version.layer !== layer) || this.#kept(child, i) !== kept) return;
          bytes += version.entry.size;
          by = version.layer + 1;
        });
        const row = rows.length;
        rows.push({ node: child, parent, entry: bytes > 0 ? { ...FOLDER, kind: 'file', size: bytes } : FOLDER, change: CHANGE.none, layer: by, note: '' });
        ends.push(row + 1);
        visit(child, row);
        if (rows.length === row + 1 && bytes === 0) {
          rows.pop();
          ends.pop();
        } else {
          // What is a file in one layer may be a folder in another.
          if (rows.length > row + 1 && bytes > 0) (rows[row] as TableRow).entry = { ...FOLDER, size: bytes };
          ends[row] = rows.length;
        }
      }
    };
    visit(this.#root, 0);
    ends[0] = rows.length;
    return tableOf(rows, ends, { added: 0, changed: 0, removed: 0, size: 0 }, base);
  }

  /** The version that stood before the first one of `layer`. */
  #before(node: Node, index: number, layer: number): Version | undefined {
    for (let i = index - 1; i >= 0; i--) if ((node.versions[i]?.layer ?? 0) < layer) return node.versions[i];
    return undefined;
  }

  /** The layer that a version really came from: a folder named again unchanged is that of before. */
  #origin(node: Node, index: number): number {
    let at = index;
    while (at > 0 && sameFolder(node.versions[at]?.entry, node.versions[at - 1]?.entry)) at -= 1;
    return node.versions[at]?.layer ?? 0;
  }

  /** What each layer did to a path, the oldest first. */
  #events(node: Node | undefined): { version: Version; event: PathEvent }[] {
    const events: { version: Version; event: PathEvent }[] = [];
    let before: LayerEntry | undefined;
    let ever = false;
    node?.versions.forEach((version, i) => {
      const { entry } = version;
      const number = version.layer + 1;
      const replaces = node.versions[i + 1];
      if (!entry) {
        // Removed and written again in one layer is one event.
        if (replaces?.layer === version.layer && replaces.entry) return;
        if (before) events.push({ version, event: { layer: number, what: version.opaque ? 'hides it: its folder is opaque' : 'removed it', wasted: false } });
        before = undefined;
        return;
      }
      if (sameFolder(before, entry)) return;
      const wasted = entry.size > 0 && !this.#kept(node, i);
      const what = before ? changeText(before, entry) : ever ? 'added it again' : 'added it';
      events.push({
        version,
        event: {
          layer: number,
          what,
          detail: before && before.size > 0 && entry.size > 0 ? 'Stored a second time. The copy before is wasted.' : undefined,
          size: entry.kind === 'file' ? entry.size : undefined,
          wasted,
        },
      });
      before = entry;
      ever = true;
    });
    return events;
  }

  /** All that is known of a path after `layer` (from 0). */
  details(path: string, layer: number): FileDetails | undefined {
    const node = this.#find(path);
    if (!node || node.versions.length === 0) return undefined;
    const events = this.#events(node).map(({ event }) => event);
    const at = this.#at(node, layer);
    const shown = node.versions[at]?.entry ?? this.#lastEntry(node, at) ?? this.#lastEntry(node, node.versions.length - 1);
    if (!shown) return undefined;
    const { kind, size, mode, uid, gid, owner, group, mtime, link, device, xattrs = [] } = shown;
    return { path, kind: kind as FileKind, events, size, mode, uid, gid, owner, group, mtime, link, device, xattrs };
  }

  /** The copies of a file, one for each event of `details`: where its bytes are, if it has some. */
  copies(path: string): ({ layer: number; at: number; size: number } | undefined)[] {
    return this.#events(this.#find(path)).map(({ version: { layer, entry } }) => (entry?.kind === 'file' && entry.at !== undefined ? { layer, at: entry.at, size: entry.size } : undefined));
  }

  #lastEntry(node: Node, index: number): LayerEntry | undefined {
    for (let i = index; i >= 0; i--) if (node.versions[i]?.entry) return node.versions[i]?.entry;
    return undefined;
  }

  /** The copy of `path` that is shown after `layer`, also where that layer removed it, with its layer (from 0). */
  version(path: string, layer: number): { layer: number; entry: LayerEntry } | undefined {
    const node = this.#find(path);
    if (!node) return undefined;
    for (let i = this.#at(node, layer); i >= 0; i--) {
      const version = node.versions[i];
      if (version?.entry) return { layer: version.layer, entry: version.entry };
    }
    return undefined;
  }

  /** Paths after the last layer whose path holds every word of `text`: names first, then paths, shorter first. */
  find(text: string, limit: number): { path: string; size: number; layer: number }[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found: { path: string; size: number; layer: number; rank: number }[] = [];
    const visit = (node: Node, path: string): void => {
      for (const child of node.children?.values() ?? []) {
        if (!child.present) continue;
        const full = path ? `${path}/${child.name}` : child.name;
        const now = child.versions.at(-1);
        const lower = full.toLowerCase();
        if (now?.entry && words.every((word) => lower.includes(word))) {
          const name = child.name.toLowerCase();
          const first = words[0] ?? '';
          const rank = (name === first ? 0 : name.startsWith(first) ? 1 : name.includes(first) ? 2 : 3) * 10_000 + Math.min(full.length, 9999);
          found.push({ path: full, size: now.entry.size, layer: now.layer + 1, rank });
        }
        visit(child, full);
      }
    };
    visit(this.#root, '');
    return found
      .sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1))
      .slice(0, limit)
      .map(({ path, size, layer }) => ({ path, size, layer }));
  }
}

function pathOf(node: Node): string {
  const names: string[] = [];
  for (let at: Node | undefined = node; at?.parent; at = at.parent) names.unshift(at.name);
  return names.join('/');
}

const NAMES: Record<string, string> = { file: 'file', dir: 'folder', symlink: 'link', hardlink: 'hard link', char: 'device', block: 'device', fifo: 'pipe', socket: 'socket' };

const who = (entry: LayerEntry) => entry.owner || String(entry.uid);
const whose = (entry: LayerEntry) => entry.group || String(entry.gid);

function differences(before: LayerEntry, now: LayerEntry): string[] {
  const list: string[] = [];
  if (before.kind !== now.kind) list.push('kind');
  if (before.link !== now.link) list.push('link');
  if (before.size !== now.size || (now.kind === 'file' && before.mtime !== now.mtime)) list.push('content');
  if (before.uid !== now.uid || before.gid !== now.gid) list.push('owner');
  if ((before.mode & 0o7777) !== (now.mode & 0o7777)) list.push('mode');
  return list;
}

function changeText(before: LayerEntry, now: LayerEntry): string {
  const list = differences(before, now);
  if (list.includes('kind')) return `replaced the ${NAMES[before.kind]} by a ${NAMES[now.kind]}`;
  const parts: string[] = [];
  if (list.includes('content')) parts.push('wrote it again');
  if (list.includes('link')) parts.push('made it point elsewhere');
  if (list.includes('owner')) parts.push(before.uid === now.uid ? `changed its group, ${whose(before)} to ${whose(now)}` : `changed its owner, ${who(before)} to ${who(now)}`);
  if (list.includes('mode')) parts.push(`changed its mode, ${(before.mode & 0o7777).toString(8)} to ${(now.mode & 0o7777).toString(8)}`);
  return parts.length > 0 ? parts.join(', ') : 'stored it again';
}

function note(entry: LayerEntry, change: number, before: LayerEntry | undefined, now: Version): string {
  if (change === CHANGE.removed) return now.opaque ? 'opaque folder' : 'whiteout';
  if (entry.kind === 'symlink') return `link to ${entry.link ?? '?'}`;
  if (entry.kind === 'hardlink') return `hard link to ${entry.link ?? '?'}`;
  if (change === CHANGE.changed && before) return differences(before, entry).join(', ') || 'same data';
  if (entry.kind === 'char' || entry.kind === 'block') return `device ${entry.device ?? ''}`.trim();
  if (entry.kind === 'fifo' || entry.kind === 'socket') return NAMES[entry.kind] ?? '';
  return '';
}

interface TableRow {
  node: Node;
  parent: number;
  entry: LayerEntry;
  change: number;
  layer: number;
  note: string;
}

const FOLDER: LayerEntry = { path: '', kind: 'dir', size: 0, mode: 0o755, uid: 0, gid: 0 };

/** Rows as flat arrays, with folders summed up. */
function tableOf(rows: readonly TableRow[], ends: readonly number[], totals: TreeData['totals'], base: number): TreeData {
  const count = rows.length;
  const tree: TreeData = {
    count,
    parent: new Int32Array(count),
    end: Int32Array.from(ends),
    kind: new Uint8Array(count),
    change: new Uint8Array(count),
    layer: new Uint16Array(count),
    size: new Float64Array(count),
    baseSize: new Float64Array(count),
    inside: new Uint32Array(count),
    changedInside: new Uint32Array(count),
    names: rows.map((row) => row.node.name),
    notes: rows.map((row) => row.note),
    totals,
  };
  rows.forEach((row, i) => {
    tree.parent[i] = row.parent;
    tree.kind[i] = KINDS.indexOf(row.entry.kind as FileKind);
    tree.change[i] = row.change;
    tree.layer[i] = row.layer;
    tree.size[i] = row.entry.size;
    tree.baseSize[i] = row.layer <= base ? row.entry.size : 0;
  });
  // Children stand behind their parents: one pass from the end sums everything up.
  for (let i = count - 1; i > 0; i--) {
    const parent = tree.parent[i] ?? 0;
    const removed = tree.change[i] === CHANGE.removed;
    const folder = tree.kind[i] === 1;
    if (!removed || tree.change[parent] === CHANGE.removed) {
      tree.size[parent] = (tree.size[parent] ?? 0) + (tree.size[i] ?? 0);
      tree.baseSize[parent] = (tree.baseSize[parent] ?? 0) + (tree.baseSize[i] ?? 0);
      tree.inside[parent] = (tree.inside[parent] ?? 0) + (folder ? (tree.inside[i] ?? 0) : 1);
    }
    tree.changedInside[parent] = (tree.changedInside[parent] ?? 0) + (tree.changedInside[i] ?? 0) + (tree.change[i] === CHANGE.none ? 0 : 1);
    if ((tree.layer[i] ?? 0) > (tree.layer[parent] ?? 0)) tree.layer[parent] = tree.layer[i] ?? 0;
  }
  totals.size = tree.size[0] ?? 0;
  return tree;
}
