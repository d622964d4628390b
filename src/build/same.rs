//! Finds files that a command touched but did not change.
//!
//! An executor that looks at a disk sees that `chown` was there even if the owner stayed, and tells the file as changed. Its
//! content would go into the layer once more. So a file whose attributes are as before is compared by content, and keeps
//! its node where that is the same too.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::error::StepError;
use super::run::Host;
use super::tree::{Content, Kind, Node, Path, Tree, show};
use super::write::{MemberSink, read};
use crate::oci::Algorithm;
use crate::oci::hash::{Hashing, hasher};

const CHUNK: u64 = 1 << 20;

/// A file of the new tree under one of its names.
struct Name<'a> {
    path: Path,
    old: Option<&'a Rc<Node>>,
}

/// `new` with the nodes of `old` for files that are the same in both.
///
/// # Errors
/// [`StepError::Read`]: the files of either cannot be read.
pub async fn keep_same(old: &Tree, new: Tree, host: &dyn Host) -> Result<Tree, StepError> {
    let mut files: BTreeMap<*const Node, (&Rc<Node>, Vec<Name<'_>>)> = BTreeMap::new();
    collect(Some(&old.root), &new.root, &mut Path::new(), &mut files);
    let mut pairs = Vec::new();
    for (node, names) in files.values() {
        // All names of it have to have been names of one file before.
        let Some(Some(before)) = names.first().map(|name| name.old) else { continue };
        let one = names.iter().all(|name| name.old.is_some_and(|old| Rc::ptr_eq(old, before)));
        if one && before.meta == node.meta && before.size() == node.size() && before.size() > 0 {
            pairs.push((before, *node, names));
        }
    }
    let mut of_layers: BTreeMap<(u32, u32), BTreeSet<u32>> = BTreeMap::new();
    for (before, ..) in &pairs {
        if let Kind::File(Content::Layer { image, layer, entry, .. }) = &before.kind {
            of_layers.entry((*image, *layer)).or_default().insert(*entry);
        }
    }
    let mut known = HashMap::new();
    for ((image, layer), entries) in &of_layers {
        let mut hashes = Hashes { found: BTreeMap::new(), current: None };
        let wrong = |message| StepError::Read { path: format!("layer {layer}"), message };
        host.members(*image, *layer, entries, &mut hashes).await.map_err(wrong)?;
        known.extend(hashes.found.into_iter().map(|(entry, hash)| ((*image, *layer, entry), hash)));
    }
    let mut changes = Vec::new();
    for (before, node, names) in pairs {
        let path = names.first().map(|name| show(&name.path)).unwrap_or_default();
        let (Kind::File(a), Kind::File(b)) = (&before.kind, &node.kind) else { continue };
        let was = match a {
            Content::Layer { image, layer, entry, .. } => known.get(&(*image, *layer, *entry)).cloned(),
            content => hash(host, content, &path).await?,
        };
        if was.is_some() && was == hash(host, b, &path).await? {
            changes.extend(names.iter().map(|name| (name.path.clone(), before.clone())));
        }
    }
    let mut kept = new.clone();
    for (path, node) in changes {
        kept.put(&path, node)?;
    }
    Ok(kept)
}

fn collect<'a>(
    old: Option<&'a Rc<Node>>,
    new: &'a Rc<Node>,
    path: &mut Path,
    files: &mut BTreeMap<*const Node, (&'a Rc<Node>, Vec<Name<'a>>)>,
) {
    for (name, node) in new.entries().into_iter().flatten() {
        let was = old.and_then(|old| old.entries()?.get(name));
        if was.is_some_and(|was| Rc::ptr_eq(was, node)) {
            continue;
        }
        path.push(name.clone());
        match &node.kind {
            Kind::Dir(_) => collect(was, node, path, files),
            Kind::File(_) => {
                let old = was.filter(|was| matches!(was.kind, Kind::File(_)));
                let names = &mut files.entry(Rc::as_ptr(node)).or_insert_with(|| (node, Vec::new())).1;
                names.push(Name { path: path.clone(), old });
            }
            _ => {}
        }
        path.pop();
    }
}

/// The sha256 of a content.
pub(super) async fn hash(host: &dyn Host, content: &Content, path: &str) -> Result<Option<Vec<u8>>, StepError> {
    let Some(mut hashing) = hasher(Algorithm::Sha256) else { return Ok(None) };
    let size = content.size();
    let mut offset = 0;
    while offset < size {
        let piece = read(host, content, offset, CHUNK.min(size - offset), path).await?;
        hashing.update(&piece);
        offset += piece.len() as u64;
    }
    Ok(Some(hashing.raw()))
}

/// Hashes members.
struct Hashes {
    found: BTreeMap<u32, Vec<u8>>,
    current: Option<(u32, Hashing)>,
}

impl MemberSink for Hashes {
    fn begin(&mut self, entry: u32) {
        self.current = hasher(Algorithm::Sha256).map(|hashing| (entry, hashing));
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((_, hashing)) = &mut self.current {
            hashing.update(bytes);
        }
    }

    fn end(&mut self) {
        if let Some((entry, hashing)) = self.current.take() {
            self.found.insert(entry, hashing.raw());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::base::BaseImages;
    use super::super::diff::diff;
    use super::super::tree::{Meta, clean};
    use super::*;
    use crate::image::Unwatched;

    #[test]
    fn what_is_the_same_stays() {
        let file = |text: &str, mode| {
            let meta = Meta { mode, ..Meta::default() };
            Rc::new(Node { meta, kind: Kind::File(Content::bytes(text.as_bytes())) })
        };
        let source = |text: &str, mode| {
            let meta = Meta { mode, ..Meta::default() };
            let source: crate::image::Source = Rc::new(text.as_bytes().to_vec());
            let size = source.size();
            Rc::new(Node { meta, kind: Kind::File(Content::Source { source, offset: 0, size }) })
        };
        let mut old = Tree::default();
        for name in ["same", "other", "mode", "linked"] {
            old.put(&clean(name.as_bytes()), file("text", 0o644)).unwrap();
        }
        let mut new = Tree::default();
        new.put(&clean(b"same"), source("text", 0o644)).unwrap();
        new.put(&clean(b"other"), source("texT", 0o644)).unwrap();
        new.put(&clean(b"mode"), source("text", 0o600)).unwrap();
        let linked = source("text", 0o644);
        new.put(&clean(b"linked"), linked.clone()).unwrap();
        new.put(&clean(b"new"), linked).unwrap();
        let host = BaseImages { images: Vec::new(), watch: &Unwatched };
        let kept = pollster::block_on(keep_same(&old, new, &host)).unwrap();
        let told: Vec<_> = diff(&old, &kept).into_iter().map(|c| String::from_utf8(c.path).unwrap()).collect();
        assert_eq!(told, ["linked", "mode", "new", "other"]);
    }
}
