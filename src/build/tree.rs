//! The file system that a build works on: an immutable tree of shared nodes.
//!
//! A step makes a new tree out of the old one and shares all that it does not touch, so a snapshot costs nothing and two
//! snapshots are compared without looking at what they share. Two names of one node are two names of one inode: that is
//! how hard links are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use crate::archive::tar_write::Time;
use crate::image::Source;

/// The bytes of a file, or where to get them.
#[derive(Clone)]
pub enum Content {
    /// In memory.
    Bytes(Rc<[u8]>),
    /// A part of a source that the host can read.
    Source {
        /// The source.
        source: Source,
        /// Where it begins in that source.
        offset: u64,
        /// How long it is.
        size: u64,
    },
    /// A file of a layer of an image that the build was given.
    Layer {
        /// The index of the image among those of the build.
        image: u32,
        /// The layer, 0 is the lowest.
        layer: u32,
        /// The number of the member in that layer.
        entry: u32,
        /// How long it is.
        size: u64,
    },
}

impl Content {
    /// Bytes in memory.
    pub fn bytes(bytes: impl Into<Rc<[u8]>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Source { size, .. } | Self::Layer { size, .. } => *size,
        }
    }

    /// Both are known to be the same without reading them.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => Rc::ptr_eq(a, b) || a == b,
            (Self::Source { source: a, offset: b, size: c }, Self::Source { source: x, offset: y, size: z }) => {
                Rc::ptr_eq(a, x) && (b, c) == (y, z)
            }
            (Self::Layer { image: a, layer: b, entry: c, .. }, Self::Layer { image: x, layer: y, entry: z, .. }) => {
                (a, b, c) == (x, y, z)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(out, "Bytes({})", bytes.len()),
            Self::Source { offset, size, .. } => write!(out, "Source({offset}, {size})"),
            Self::Layer { image, layer, entry, size } => write!(out, "Layer({image}, {layer}, {entry}, {size})"),
        }
    }
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A directory and what is in it, by name.
    Dir(BTreeMap<Box<[u8]>, Rc<Node>>),
    /// A regular file.
    File(Content),
    /// A symbolic link and its target, as written.
    Symlink(Box<[u8]>),
    /// A character device.
    Char(u32, u32),
    /// A block device.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
}

/// Everything about a node but its name and content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The low 12 bits of the mode.
    pub mode: u32,
    /// The owner's number.
    pub uid: u64,
    /// The group's number.
    pub gid: u64,
    /// When it was last changed.
    pub mtime: Time,
    /// Extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A file, directory, link or device.
#[derive(Clone, Debug)]
pub struct Node {
    /// Mode, owner, time, attributes.
    pub meta: Meta,
    /// What it is.
    pub kind: Kind,
}

impl Node {
    /// An empty directory.
    pub fn dir(meta: Meta) -> Self {
        Self { meta, kind: Kind::Dir(BTreeMap::new()) }
    }

    /// What it holds, if it is a directory.
    pub fn entries(&self) -> Option<&BTreeMap<Box<[u8]>, Rc<Node>>> {
        match &self.kind {
            Kind::Dir(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        matches!(self.kind, Kind::Dir(_))
    }

    /// The size of a regular file, 0 for anything else.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.size(),
            _ => 0,
        }
    }
}

/// A clean path inside the root: names without `.`, `..` and empty ones.
pub type Path = Vec<Box<[u8]>>;

/// A path in a form for messages: with a leading slash.
pub fn show(path: &[Box<[u8]>]) -> String {
    let mut text = String::new();
    for name in path {
        text.push('/');
        text.push_str(&String::from_utf8_lossy(name));
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// The names of a path by its letters alone, as Go's `filepath.Join("/", path)` gives them: `..` takes a name back, and
/// never goes above the root.
pub fn clean(path: &[u8]) -> Path {
    let mut names = Path::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop();
            }
            _ => names.push(name.into()),
        }
    }
    names
}

/// What stands in the way of a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// There is something that is no directory where the path goes through one.
    #[error("`{0}` is not a directory")]
    NotDirectory(String),
    /// Symbolic links lead in circles, or more than 255 of them follow each other.
    #[error("`{0}` goes through too many symbolic links")]
    TooManyLinks(String),
    /// The path is deeper than any runtime would take.
    #[error("`{0}…` is nested more than {limit} directories deep", limit = MAX_DEPTH)]
    TooDeep(String),
}

/// How deep a tree may be. Walks go down one call a directory, and a stack in wasm is a mebibyte.
pub const MAX_DEPTH: usize = 512;
const MAX_LINKS: usize = 255;

/// A name that a path has come through, and what it names.
type Passed<'a> = (Box<[u8]>, Option<&'a Rc<Node>>);

/// A root directory.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The root itself.
    pub root: Rc<Node>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: Rc::new(Node::dir(Meta { mode: 0o755, ..Meta::default() })) }
    }
}

impl Tree {
    /// The node at a clean path, no link followed.
    pub fn get(&self, path: &[Box<[u8]>]) -> Option<&Rc<Node>> {
        let mut node = &self.root;
        for name in path {
            node = node.entries()?.get(name)?;
        }
        Some(node)
    }

    /// Follows every symbolic link in `path`, the last name's too, as if this were the root of the file system.
    /// What does not exist is taken as it is written, so the result may name nothing yet.
    pub fn resolve(&self, path: &[u8]) -> Result<Path, TreeError> {
        self.walk(path, true)
    }

    /// Like [`Tree::resolve`], but the last name stays what it is.
    pub fn resolve_parent(&self, path: &[u8]) -> Result<Path, TreeError> {
        let mut names = clean(path);
        let Some(last) = names.pop() else { return Ok(names) };
        let mut parent = self.walk(&names.join(&b'/'), true)?;
        parent.push(last);
        Ok(parent)
    }

    fn walk(&self, path: &[u8], follow: bool) -> Result<Path, TreeError> {
        // Names still to go, the next one last.
        let mut rest: Path = clean(path);
        rest.reverse();
        let mut links = 0;
        let mut done: Vec<Passed<'_>> = Vec::new();
        while let Some(name) = rest.pop() {
            if done.len() >= MAX_DEPTH {
                return Err(TreeError::TooDeep(String::from_utf8_lossy(path.get(..80).unwrap_or(path)).into_owned()));
            }
            let parent = match done.last() {
                Some((_, node)) => *node,
                None => Some(&self.root),
            };
            let node = match parent {
                Some(parent) => match parent.entries() {
                    Some(entries) => entries.get(&name),
                    None => {
                        let names: Path = done.into_iter().map(|(name, _)| name).collect();
                        return Err(TreeError::NotDirectory(show(&names)));
                    }
                },
                None => None,
            };
            let target = match node.map(|node| &node.kind) {
                Some(Kind::Symlink(target)) if follow => target,
                _ => {
                    done.push((name, node));
                    continue;
                }
            };
            links += 1;
            if links > MAX_LINKS {
                return Err(TreeError::TooManyLinks(show(&clean(path))));
            }
            // The link's target is joined and cleaned by its letters, as BuildKit does: `..` after a link within a target
            // goes up from the link, not from where it leads.
            let mut names = Path::new();
            if target.first() != Some(&b'/') {
                names = done.into_iter().map(|(name, _)| name).collect();
            }
            done = Vec::new();
            names.push(target.clone());
            rest.extend(clean(&names.join(&b'/')).into_iter().rev());
            if rest.len() > MAX_DEPTH {
                return Err(TreeError::TooManyLinks(show(&clean(path))));
            }
        }
        Ok(done.into_iter().map(|(name, _)| name).collect())
    }

    /// Puts `node` at a clean path in an existing directory, in place of what is there.
    pub fn put(&mut self, path: &[Box<[u8]>], node: Rc<Node>) -> Result<(), TreeError> {
        let Some((last, parent)) = path.split_last() else {
            self.root = node;
            return Ok(());
        };
        if path.len() > MAX_DEPTH {
            return Err(TreeError::TooDeep(show(path.get(..4).unwrap_or(path))));
        }
        let entries = self.open(parent)?;
        entries.insert(last.clone(), node);
        Ok(())
    }

    /// Takes away what is at a clean path. Nothing there is fine.
    pub fn remove(&mut self, path: &[Box<[u8]>]) {
        if let Some((last, parent)) = path.split_last()
            && self.get(path).is_some()
            && let Ok(entries) = self.open(parent)
        {
            entries.remove(last);
        }
    }

    /// Changes the metadata of what is at a clean path.
    pub fn set_meta(&mut self, path: &[Box<[u8]>], meta: Meta) -> Result<(), TreeError> {
        let Some(node) = self.get(path) else { return Err(TreeError::NotDirectory(show(path))) };
        if node.meta == meta {
            return Ok(());
        }
        let mut node = node.as_ref().clone();
        node.meta = meta;
        self.put(path, Rc::new(node))
    }

    /// The entries of the directory at a clean path, ready to be changed: shared nodes on the way become our own.
    fn open(&mut self, path: &[Box<[u8]>]) -> Result<&mut BTreeMap<Box<[u8]>, Rc<Node>>, TreeError> {
        let mut node = Rc::make_mut(&mut self.root);
        for (at, name) in path.iter().enumerate() {
            let next = match &mut node.kind {
                Kind::Dir(entries) => entries.get_mut(name),
                _ => None,
            };
            match next {
                Some(next) => node = Rc::make_mut(next),
                None => return Err(TreeError::NotDirectory(show(path.get(..=at).unwrap_or(path)))),
            }
        }
        match &mut node.kind {
            Kind::Dir(entries) => Ok(entries),
            _ => Err(TreeError::NotDirectory(show(path))),
        }
    }

    /// Makes the directories of a clean path that do not exist, each with `meta`.
    pub fn make_dirs(&mut self, path: &[Box<[u8]>], meta: &Meta) -> Result<(), TreeError> {
        if path.len() > MAX_DEPTH {
            return Err(TreeError::TooDeep(show(path.get(..4).unwrap_or(path))));
        }
        let mut have = 0;
        let mut node = &self.root;
        for name in path {
            let Some(entries) = node.entries() else {
                return Err(TreeError::NotDirectory(show(path.get(..have).unwrap_or(path))));
            };
            match entries.get(name) {
                Some(next) => node = next,
                None => break,
            }
            have += 1;
        }
        if have == path.len() {
            return if node.is_dir() { Ok(()) } else { Err(TreeError::NotDirectory(show(path))) };
        }
        for length in have + 1..=path.len() {
            if let Some(path) = path.get(..length) {
                self.put(path, Rc::new(Node::dir(meta.clone())))?;
            }
        }
        Ok(())
    }

    /// Lays `upper` over this tree as a layer would be: its directories give their mode and owner to those below, anything
    /// else replaces what is there.
    pub fn merge(&mut self, upper: &Tree) {
        fn over(lower: &Rc<Node>, upper: &Rc<Node>) -> Rc<Node> {
            let (Kind::Dir(below), Kind::Dir(above)) = (&lower.kind, &upper.kind) else { return upper.clone() };
            let mut entries = below.clone();
            for (name, node) in above {
                let node = match below.get(name) {
                    Some(lower) => over(lower, node),
                    None => node.clone(),
                };
                entries.insert(name.clone(), node);
            }
            Rc::new(Node { meta: upper.meta.clone(), kind: Kind::Dir(entries) })
        }
        let root = self.root.meta.clone();
        self.root = over(&self.root, &upper.root);
        // The root of a scratch tree says nothing about the root it is laid on.
        Rc::make_mut(&mut self.root).meta = root;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str) -> Rc<Node> {
        Rc::new(Node { meta: Meta::default(), kind: Kind::Symlink(target.as_bytes().into()) })
    }

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.make_dirs(&clean(b"/data/sub"), &Meta::default()).unwrap();
        tree.put(&clean(b"/link"), link("data")).unwrap();
        tree.put(&clean(b"/chain"), link("/link")).unwrap();
        tree.put(&clean(b"/esc"), link("../../../data")).unwrap();
        tree.put(&clean(b"/dang"), link("no/where")).unwrap();
        tree.put(&clean(b"/loop"), link("loop")).unwrap();
        tree.put(&clean(b"/data/sub/up"), link("../sub/./..")).unwrap();
        let file = Node { meta: Meta::default(), kind: Kind::File(Content::bytes(*b"x")) };
        tree.put(&clean(b"/file"), Rc::new(file)).unwrap();
        tree
    }

    fn at(path: &str) -> Result<String, TreeError> {
        tree().resolve(path.as_bytes()).map(|path| show(&path))
    }

    #[test]
    fn links_stay_inside_the_root() {
        assert_eq!(at("/chain/sub").unwrap(), "/data/sub");
        assert_eq!(at("/esc/x").unwrap(), "/data/x");
        assert_eq!(at("/dang/k").unwrap(), "/no/where/k");
        assert_eq!(at("/link/sub/up/q").unwrap(), "/data/q");
        assert_eq!(at("/link/../file").unwrap(), "/file");
        assert_eq!(at("../../..").unwrap(), "/");
        assert_eq!(tree().resolve_parent(b"/link/../chain").map(|p| show(&p)).unwrap(), "/chain");
    }

    #[test]
    fn loops_and_files_on_the_way_are_errors() {
        assert_eq!(at("/loop/x"), Err(TreeError::TooManyLinks("/loop/x".into())));
        assert_eq!(at("/file/x/y"), Err(TreeError::NotDirectory("/file".into())));
        assert!(tree().make_dirs(&clean(b"/file/x"), &Meta::default()).is_err());
        assert!(tree().make_dirs(&clean(b"/file"), &Meta::default()).is_err());
    }

    #[test]
    fn snapshots_do_not_see_later_changes() {
        let before = tree();
        let mut after = before.clone();
        after.remove(&clean(b"/data/sub/up"));
        assert!(before.get(&clean(b"/data/sub/up")).is_some());
        assert!(after.get(&clean(b"/data/sub/up")).is_none());
        assert!(Rc::ptr_eq(before.get(&clean(b"/file")).unwrap(), after.get(&clean(b"/file")).unwrap()));
    }
}
