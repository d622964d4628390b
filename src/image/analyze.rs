//! What each layer adds, changes and removes, what is stored for nothing, and who touched a path.

use std::collections::HashMap;

use super::entries::FileError;
use super::open::Image;
use super::read::Watch;
use crate::archive::tar::EntryKind;
use crate::layer::tree::{Resolved, clean};
use crate::layer::{Attributes, Layer, Origin, Touch, TouchKind, Tree};

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many: everything but directories.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What one layer does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerChanges {
    /// All that it stores.
    pub stored: Count,
    /// What was not there before.
    pub added: Count,
    /// What stands in place of something of a lower layer.
    pub changed: Count,
    /// What it removes of lower layers, with the bytes that these keep storing.
    pub removed: Count,
    /// What of it a later layer replaces or hides, or nobody can see at all.
    pub wasted: Count,
}

/// A copy of a file that is stored and cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wasted {
    /// The layer that stores it and its entry there.
    pub origin: Origin,
    /// The path as the layer has it.
    pub path: Vec<u8>,
    /// Its bytes.
    pub bytes: u64,
    /// The layer that replaces or removes it; nothing where it could never be seen.
    pub by: Option<u32>,
    /// It is removed, not replaced.
    pub removed: bool,
}

/// What dive would say: it counts every copy of a path that is stored more than once. Here removal by an opaque marker or of
/// a whole directory counts for each file below too, which dive leaves out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Efficiency {
    /// From 0 to 1: the bytes of the smallest copy of each path, by the bytes of all copies.
    pub score: f64,
    /// Bytes of all copies of paths that are there more than once.
    pub wasted_bytes: u64,
    /// Bytes of files in all layers but the first.
    pub user_bytes: u64,
}

/// The layers of an image, one upon the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// By layer, the base first. Layers that are absent or encrypted have nothing.
    pub layers: Vec<LayerChanges>,
    /// All that can be seen in the end.
    pub visible: Count,
    /// Copies that are stored for nothing, the largest first, at most as many as asked for.
    pub wasted: Vec<Wasted>,
    /// As dive counts.
    pub efficiency: Efficiency,
}

/// The copies of one path.
#[derive(Clone, Copy)]
struct Copies {
    smallest: u64,
    all: u64,
}

/// What someone did to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTouch {
    /// The layer.
    pub layer: u32,
    /// What it did.
    pub kind: TouchKind,
    /// The layer's entry that did it, as written: for a removal, the whiteout.
    pub entry: Vec<u8>,
    /// What stands there now.
    pub after: Option<Attributes>,
    /// What differs from before: `kind`, `content`, `mode`, `owner`, `link`, `device`, `time`.
    pub differs: Vec<&'static str>,
}

/// What differs between two things at one path. `content` is left out where it is not known: the sizes are the same, and a
/// digest is missing.
pub fn differences(
    before: &Attributes,
    after: &Attributes,
    contents: (Option<&[u8; 32]>, Option<&[u8; 32]>),
) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut note = |differs: bool, name| {
        if differs {
            out.push(name);
        }
    };
    let file = after.kind == EntryKind::File && before.kind == EntryKind::File;
    let content = match contents {
        (Some(a), Some(b)) => a != b,
        _ => before.size != after.size,
    };
    note(before.kind != after.kind, "kind");
    note(file && content, "content");
    note(before.mode != after.mode, "mode");
    note((before.uid, before.gid) != (after.uid, after.gid), "owner");
    note(before.kind == after.kind && before.link != after.link, "link");
    note(before.kind == after.kind && before.device != after.device, "device");
    note(before.mtime != after.mtime, "time");
    out
}

fn bytes_of(layer: Option<&Layer>, entry: u32) -> u64 {
    layer.and_then(|layer| layer.index.get(entry as usize)).map_or(0, |member| member.stored)
}

impl Image {
    /// Counts what each layer does and what is stored for nothing. `most` copies are listed at most.
    ///
    /// # Errors
    /// [`FileError`]. Layers that are absent or encrypted are left out.
    pub async fn analyze(&self, manifest: usize, most: usize, watch: &dyn Watch) -> Result<Analysis, FileError> {
        let layers = self.available(manifest, usize::MAX, None, watch).await?;
        let mut counts = vec![LayerChanges::default(); layers.len()];
        let mut tree = Tree::new();
        let mut dropped: HashMap<Origin, (u32, bool)> = HashMap::new();
        let mut copies: HashMap<Vec<u8>, Copies> = HashMap::new();
        let size_of = |origin: Origin| {
            bytes_of(layers.get(origin.layer as usize).and_then(|layer| layer.as_deref()), origin.entry)
        };
        for (number, layer) in layers.iter().enumerate() {
            let Some(layer) = layer else { continue };
            let Ok(number32) = u32::try_from(number) else { break };
            let mut mine = LayerChanges::default();
            let mut lower = Count::default();
            tree.apply_told(number32, &layer.index, &mut |tree, touch| {
                let Touch { path, kind, by, before, after } = touch;
                let now = after.map(|id| tree.node(id));
                let is_dir = |kind: EntryKind| kind == EntryKind::Dir;
                let was_dir = before.as_ref().is_none_or(|before| is_dir(before.attributes.kind));
                let now_dir = now.is_none_or(|node| is_dir(node.attributes.kind));
                if !was_dir && let Some(before) = &before {
                    if before.attributes.kind == EntryKind::File && before.source.layer != number32 {
                        dropped.insert(before.source, (number32, kind == TouchKind::Removed));
                    }
                    if before.name.layer != number32 && kind == TouchKind::Removed {
                        lower.add(size_of(before.name));
                    }
                }
                let added = if now_dir { 0 } else { size_of(by) };
                if !now_dir {
                    match before.as_ref().filter(|before| before.name.layer != number32) {
                        Some(_) => mine.changed.add(added),
                        None => mine.added.add(added),
                    }
                }
                // As dive sees it: the copies of a path, a removed one having no bytes.
                if !was_dir || !now_dir {
                    let known = copies.get_mut(&path);
                    match (known, before.as_ref().filter(|_| !was_dir)) {
                        (Some(known), _) => known.add(added),
                        (None, Some(before)) => {
                            let first = size_of(before.name);
                            let mut fresh = Copies { smallest: first, all: first };
                            fresh.add(added);
                            copies.insert(path, fresh);
                        }
                        (None, None) => {}
                    }
                }
            });
            mine.removed = lower;
            for member in layer.index.iter().filter(|member| member.kind != EntryKind::Dir) {
                mine.stored.add(member.stored);
            }
            if let Some(place) = counts.get_mut(number) {
                *place = mine;
            }
        }

        let mut alive: Vec<Vec<bool>> =
            layers.iter().map(|layer| vec![false; layer.as_ref().map_or(0, |layer| layer.index.len())]).collect();
        let mut visible = Count::default();
        tree.visit(&mut |_, _, node| {
            if node.attributes.kind == EntryKind::Dir {
                return;
            }
            let place =
                alive.get_mut(node.source.layer as usize).and_then(|layer| layer.get_mut(node.source.entry as usize));
            if let Some(place) = place {
                let again = std::mem::replace(place, true);
                visible.add(if again { 0 } else { node.attributes.size });
            }
        });
        let mut wasted = Vec::new();
        for (number, (layer, alive)) in layers.iter().zip(&alive).enumerate() {
            let Some(layer) = layer else { continue };
            for (at, (member, alive)) in layer.index.iter().zip(alive).enumerate() {
                if *alive || member.kind != EntryKind::File || member.stored == 0 {
                    continue;
                }
                let origin = Origin { layer: number as u32, entry: at as u32 };
                if let Some(counts) = counts.get_mut(number) {
                    counts.wasted.add(member.stored);
                }
                let by = dropped.get(&origin).copied();
                wasted.push((member.stored, origin, by));
            }
        }
        wasted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        wasted.truncate(most);
        let wasted = wasted.into_iter().filter_map(|(bytes, origin, by)| {
            let layer = layers.get(origin.layer as usize)?.as_ref()?;
            let path = clean(layer.index.get(origin.entry as usize)?.path).join(&b'/');
            Some(Wasted { origin, path, bytes, by: by.map(|(by, _)| by), removed: by.is_some_and(|(_, gone)| gone) })
        });
        let wasted = wasted.collect();

        let stored: u64 = counts.iter().map(|layer| layer.stored.bytes).sum();
        let again: u64 = copies.values().map(|copies| copies.all - copies.smallest).sum();
        let score = if stored == 0 { 1.0 } else { 1.0 - again.min(stored) as f64 / stored as f64 };
        let efficiency = Efficiency {
            score,
            wasted_bytes: copies.values().map(|copies| copies.all).sum(),
            user_bytes: counts.iter().skip(1).map(|layer| layer.stored.bytes).sum(),
        };
        Ok(Analysis { layers: counts, visible, wasted, efficiency })
    }

    /// Every layer that made, changed or removed a path, the oldest first. Symbolic links on the way are followed as the
    /// finished filesystem has them.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn touches(
        &self,
        manifest: usize,
        path: &[u8],
        contents: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<Vec<PathTouch>, FileError> {
        let merged = self.merged(manifest, watch).await?;
        let parts = clean(path);
        let wanted = match parts.split_last() {
            Some((last, parents)) => match merged.tree.resolve(&parents.join(&b'/')) {
                Ok(found @ Resolved { node: Some(_), .. }) => {
                    let mut real = found.path();
                    if !real.is_empty() {
                        real.push(b'/');
                    }
                    [real.as_slice(), last].concat()
                }
                _ => parts.join(&b'/'),
            },
            None => return Ok(Vec::new()),
        };
        let layers = self.available(manifest, usize::MAX, contents, watch).await?;
        let content_of = |origin: Origin| {
            let layer = layers.get(origin.layer as usize)?.as_ref()?;
            layer.index.get(origin.entry as usize)?.sha256.copied()
        };
        let mut out: Vec<PathTouch> = Vec::new();
        let mut tree = Tree::new();
        for (number, layer) in layers.iter().enumerate() {
            let (Some(layer), Ok(number)) = (layer, u32::try_from(number)) else { continue };
            tree.apply_told(number, &layer.index, &mut |tree, touch| {
                if touch.path != wanted {
                    return;
                }
                let entry = layer.index.get(touch.by.entry as usize).map(|member| member.path.to_vec());
                let after = touch.after.map(|id| tree.node(id));
                let differs = match (&touch.before, after) {
                    (Some(before), Some(after)) => {
                        let contents = (content_of(before.source), content_of(after.source));
                        differences(&before.attributes, &after.attributes, (contents.0.as_ref(), contents.1.as_ref()))
                    }
                    _ => Vec::new(),
                };
                out.push(PathTouch {
                    layer: number,
                    kind: touch.kind,
                    entry: entry.unwrap_or_default(),
                    after: after.map(|node| node.attributes.clone()),
                    differs,
                });
            });
        }
        Ok(out)
    }
}

impl Copies {
    fn add(&mut self, bytes: u64) {
        self.smallest = self.smallest.min(bytes);
        self.all = self.all.saturating_add(bytes);
    }
}
