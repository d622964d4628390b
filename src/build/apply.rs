//! The changes of a command, told as a layer: a tar with whiteouts, laid over a tree (OCI image-spec, layer.md).
//!
//! Only headers are taken in. Contents stay in the source and are read from there when a step needs them, so a large
//! change costs no memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::tree::{Content, Kind, MAX_DEPTH, Meta, Node, Path, Tree, TreeError, clean, show};
use crate::archive::tar::{Entry, EntryKind, TarError, TarLimits, TarReader, TarSink};
use crate::image::{LocalFuture, ReadAt, ReadError, Source};

const CHUNK: usize = 1 << 20;

/// Why changes cannot be laid over a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// They are no valid tar.
    #[error("the changes are no valid tar: {0}")]
    Tar(#[from] TarError),
    /// They cannot be read.
    #[error("the changes cannot be read: {0}")]
    Read(String),
    /// A name goes through something it cannot go through.
    #[error("the changes name `{member}`: {source}")]
    Path {
        /// The name as written.
        member: String,
        /// What is in the way.
        source: TreeError,
    },
    /// A hard link to a file that is not there.
    #[error("the changes name `{member}` as a hard link to `{target}`, which does not exist or is a directory")]
    Link {
        /// The name as written.
        member: String,
        /// The target as written.
        target: String,
    },
    /// A member of a kind that no file system has.
    #[error("the changes name `{0}`, which is of an unknown kind")]
    Kind(String),
}

/// `tree` with the layer `tar` over it.
///
/// # Errors
/// [`ApplyError`]: the tar is damaged, or contradicts the tree.
pub async fn apply(tree: &Tree, tar: Source) -> Result<Tree, ApplyError> {
    let window: Source = Rc::new(Window { source: tar.clone(), last: RefCell::default() });
    let mut reader = TarReader::new(TarLimits::default());
    let mut target =
        Target { tree: tree.clone(), source: window, written: BTreeSet::new(), current: None, error: None };
    let mut at = 0;
    while at < tar.size() && !reader.ended() {
        let bytes = tar.read_at(at, CHUNK).await.map_err(|error| ApplyError::Read(error.0))?;
        if bytes.is_empty() {
            return Err(ApplyError::Read(format!("they end after {at} of {} bytes", tar.size())));
        }
        at += bytes.len() as u64;
        reader.push(&bytes, &mut target)?;
        if let Some(error) = target.error.take() {
            return Err(error);
        }
    }
    reader.finish()?;
    Ok(target.tree)
}

/// A source that is mostly read from front to back, in small pieces: asked for in large ones.
struct Window {
    source: Source,
    /// The last piece and where it begins.
    last: RefCell<(u64, Rc<[u8]>)>,
}

impl Window {
    fn held(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let last = self.last.borrow();
        let start = usize::try_from(offset.checked_sub(last.0)?).ok()?;
        Some(last.1.get(start..start.checked_add(length)?)?.to_vec())
    }
}

impl ReadAt for Window {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        Box::pin(async move {
            if length >= CHUNK {
                return self.source.read_at(offset, length).await;
            }
            if let Some(bytes) = self.held(offset, length) {
                return Ok(bytes);
            }
            let piece: Rc<[u8]> = self.source.read_at(offset, CHUNK).await?.into();
            let bytes = piece.get(..length.min(piece.len())).unwrap_or_default().to_vec();
            *self.last.borrow_mut() = (offset, piece);
            Ok(bytes)
        })
    }
}

struct Target {
    tree: Tree,
    source: Source,
    /// What this layer has named, for opaque directories.
    written: BTreeSet<Path>,
    /// A sparse file, which does not lie in the source in one piece.
    current: Option<(Path, Meta, Vec<u8>)>,
    error: Option<ApplyError>,
}

impl TarSink for Target {
    fn entry(&mut self, entry: &Entry) {
        self.current = None;
        if self.error.is_none() {
            self.error = self.member(entry).err();
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((_, _, body)) = &mut self.current {
            body.extend_from_slice(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some((_, _, body)) = &mut self.current
            && let Ok(length) = usize::try_from(length)
        {
            body.resize(body.len().saturating_add(length), 0);
        }
    }

    fn end(&mut self) {
        if let Some((path, meta, body)) = self.current.take() {
            let node = Node { meta, kind: Kind::File(Content::bytes(body)) };
            if let Err(source) = self.tree.put(&path, Rc::new(node)) {
                self.error.get_or_insert(ApplyError::Path { member: show(&path), source });
            }
        }
    }
}

impl Target {
    fn member(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        if entry.flag == b'g' {
            return Ok(());
        }
        let member = || String::from_utf8_lossy(&entry.path).into_owned();
        let wrong = |source| ApplyError::Path { member: member(), source };
        let names = clean(&entry.path);
        if names.len() > MAX_DEPTH {
            return Err(wrong(TreeError::TooDeep(show(names.get(..4).unwrap_or_default()))));
        }
        let Some(last) = names.last().cloned() else {
            // The root itself.
            if entry.kind == EntryKind::Dir {
                self.tree.set_meta(&[], Meta::from(entry)).map_err(wrong)?;
            }
            return Ok(());
        };
        let path = self.tree.resolve_parent(&names.join(&b'/')).map_err(wrong)?;
        let parent: Path = path.get(..path.len().saturating_sub(1)).unwrap_or_default().to_vec();
        if let Some(gone) = last.strip_prefix(b".wh.") {
            if gone == b".wh..opq" {
                self.opaque(&parent);
            } else if !gone.starts_with(b".wh.") {
                let mut path = parent;
                path.push(gone.into());
                self.tree.remove(&path);
            }
            return Ok(());
        }
        self.tree.make_dirs(&parent, &Meta { mode: 0o755, ..Meta::default() }).map_err(wrong)?;
        for length in 1..=path.len() {
            // From the longest: where one is known, those above it are.
            let Some(part) = path.get(..path.len() + 1 - length) else { break };
            if !self.written.insert(part.to_vec()) {
                break;
            }
        }
        let meta = Meta::from(entry);
        let kind = match entry.kind {
            EntryKind::Dir => {
                let kind = match self.tree.get(&path).map(|node| &node.kind) {
                    Some(Kind::Dir(entries)) => Kind::Dir(entries.clone()),
                    _ => Kind::Dir(BTreeMap::new()),
                };
                return self.tree.put(&path, Rc::new(Node { meta, kind })).map_err(wrong);
            }
            EntryKind::File if entry.sparse.is_some() => {
                self.current = Some((path, meta, Vec::new()));
                return Ok(());
            }
            EntryKind::File if entry.size == 0 => Kind::File(Content::bytes(Vec::new())),
            EntryKind::File => {
                Kind::File(Content::Source { source: self.source.clone(), offset: entry.data_offset, size: entry.size })
            }
            EntryKind::Hardlink => {
                let missing =
                    || ApplyError::Link { member: member(), target: String::from_utf8_lossy(&entry.link).into_owned() };
                let at = self.tree.resolve_parent(&entry.link).map_err(|_| missing())?;
                let node = self.tree.get(&at).filter(|node| !node.is_dir()).cloned().ok_or_else(missing)?;
                return self.tree.put(&path, node).map_err(wrong);
            }
            _ => Kind::special(entry).ok_or_else(|| ApplyError::Kind(member()))?,
        };
        self.tree.put(&path, Rc::new(Node { meta, kind })).map_err(wrong)
    }

    /// Takes away what lower layers have in a directory.
    fn opaque(&mut self, dir: &Path) {
        let names: Vec<Box<[u8]>> = self
            .tree
            .get(dir)
            .and_then(|node| node.entries())
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        let mut path = dir.clone();
        for name in names {
            path.push(name);
            if !self.written.contains(&path) {
                self.tree.remove(&path);
            }
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tar_write::{END, Member, MemberKind, Time};

    fn tar(members: &[(&str, MemberKind)]) -> Source {
        let mut out = Vec::new();
        for (path, kind) in members {
            let member = Member {
                path: path.as_bytes().to_vec(),
                kind: kind.clone(),
                mode: 0o640,
                uid: 5,
                gid: 6,
                mtime: Time::default(),
                xattrs: BTreeMap::new(),
            };
            out.extend(member.header().unwrap());
            if let MemberKind::File(size) = kind {
                out.extend(vec![b'x'; *size as usize]);
                out.resize(out.len().next_multiple_of(512), 0);
            }
        }
        out.extend(END);
        Rc::new(out)
    }

    fn names(tree: &Tree) -> Vec<String> {
        let told = super::super::diff::diff(&Tree::default(), tree);
        told.iter().map(|change| String::from_utf8_lossy(&change.path).into_owned()).collect()
    }

    #[test]
    fn a_layer_changes_a_tree() {
        let base = tar(&[
            ("d", MemberKind::Dir),
            ("d/old", MemberKind::File(3)),
            ("d/kept", MemberKind::File(2)),
            ("lib", MemberKind::Symlink(b"d".to_vec())),
            ("o", MemberKind::Dir),
            ("o/lower", MemberKind::File(0)),
        ]);
        let over = tar(&[
            ("o/upper", MemberKind::File(700)),
            ("o/.wh..wh..opq", MemberKind::File(0)),
            ("d/.wh.old", MemberKind::File(0)),
            ("lib/new", MemberKind::HardLink(b"d/kept".to_vec())),
        ]);
        pollster::block_on(async {
            let below = apply(&Tree::default(), base).await.unwrap();
            let tree = apply(&below, over).await.unwrap();
            assert_eq!(names(&tree), ["d", "d/kept", "d/new", "lib", "o", "o/upper"]);
            let at = |path: &[u8]| tree.get(&clean(path)).unwrap();
            assert!(Rc::ptr_eq(at(b"d/kept"), at(b"d/new")));
            assert_eq!((at(b"o/upper").size(), at(b"o/upper").meta.uid), (700, 5));
            let error = apply(&below, tar(&[("l", MemberKind::HardLink(b"none".to_vec()))])).await.unwrap_err();
            assert!(matches!(error, ApplyError::Link { .. }), "{error}");
            let cut: Source = Rc::new(vec![1; 700]);
            assert!(matches!(apply(&below, cut).await.unwrap_err(), ApplyError::Tar(_)));
        });
    }
}
