//! The build context: files as the host lists them, in any order, to a tree; `.dockerignore`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::tree::{Content, Kind, Meta, Node, Tree, TreeError, clean, show};
use crate::archive::tar_write::Time;
use crate::dockerfile::dockerignore;
use crate::dockerfile::patterns::{Matched, PatternError, Patterns};

/// What a file of a context is.
#[derive(Clone, Debug)]
pub enum ContextKind {
    /// A directory.
    Dir,
    /// A regular file.
    File(Content),
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A further name of the file with this path.
    HardLink(Vec<u8>),
}

/// One entry of a context. Owners do not matter: everything in a context is root's, as with BuildKit.
#[derive(Clone, Debug)]
pub struct ContextFile {
    /// The path below the context's root, with slashes.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: ContextKind,
    /// The mode's low 12 bits; `None`: 0755 for directories, 0777 for links, 0644 for files.
    pub mode: Option<u32>,
    /// When it was last changed; the start of 1970 where the host does not know.
    pub mtime: Time,
}

/// Why a list of files is no context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// Two entries with one path.
    #[error("the context lists `{0}` twice")]
    Twice(String),
    /// A path that leads out of the context, or none at all.
    #[error("the context lists `{0}`, which is not a path below its root")]
    Path(String),
    /// An entry below something that is no directory.
    #[error("the context is contradictory: {0}")]
    Tree(#[from] TreeError),
    /// A hard link to something that is no file of the context.
    #[error("the context lists `{path}` as a hard link to `{target}`, which is no file in it")]
    Link {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// A pattern in `.dockerignore`.
    #[error("{file}: {source}")]
    Ignore {
        /// The file's name.
        file: String,
        /// What is wrong.
        source: PatternError,
    },
}

impl ContextError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Twice(_) => "CONTEXT_DUPLICATE",
            Self::Path(_) | Self::Tree(_) => "CONTEXT_PATH_INVALID",
            Self::Link { .. } => "CONTEXT_LINK_INVALID",
            Self::Ignore { .. } => "DOCKERIGNORE_INVALID",
        }
    }
}

/// The tree of a context. Directories that no entry names are 0755. The order of `files` does not matter.
pub fn tree(files: Vec<ContextFile>) -> Result<Tree, ContextError> {
    let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    let mut sorted = BTreeMap::new();
    for file in files {
        let path = clean(&file.path);
        if file.path.split(|byte| *byte == b'/').any(|name| name == b"..") || file.path.contains(&0) {
            return Err(ContextError::Path(text(&file.path)));
        }
        if path.is_empty() {
            // The root itself: its mode and time are nobody's business.
            continue;
        }
        if sorted.contains_key(&path) {
            return Err(ContextError::Twice(show(&path)));
        }
        sorted.insert(path, file);
    }
    let implied = Meta { mode: 0o755, ..Meta::default() };
    let mut tree = Tree::default();
    let mut links = Vec::new();
    for (path, file) in sorted {
        let (default, kind) = match file.kind {
            ContextKind::Dir => (0o755, Kind::Dir(BTreeMap::new())),
            ContextKind::File(content) => (0o644, Kind::File(content)),
            ContextKind::Symlink(target) => (0o777, Kind::Symlink(target.into())),
            ContextKind::HardLink(target) => {
                links.push((path, target));
                continue;
            }
        };
        tree.make_dirs(path.get(..path.len() - 1).unwrap_or_default(), &implied)?;
        let mode = if matches!(kind, Kind::Symlink(_)) { 0o777 } else { file.mode.unwrap_or(default) & 0o7777 };
        let meta = Meta { mode, mtime: file.mtime, ..Meta::default() };
        tree.put(&path, Rc::new(Node { meta, kind }))?;
    }
    for (path, target) in links {
        let node = tree.get(&clean(&target)).filter(|node| matches!(node.kind, Kind::File(_))).cloned();
        let Some(node) = node else { return Err(ContextError::Link { path: show(&path), target: text(&target) }) };
        tree.make_dirs(path.get(..path.len() - 1).unwrap_or_default(), &implied)?;
        tree.put(&path, node)?;
    }
    Ok(tree)
}

/// `tree` without what the text of a `.dockerignore` (called `file` in messages) leaves out.
///
/// A directory that is left out stays as long as something in it is taken back.
pub fn without_ignored(tree: &Tree, text: &str, file: &str) -> Result<Tree, ContextError> {
    let read = dockerignore::read(text);
    let patterns = Patterns::new(read.iter().map(String::as_str))
        .map_err(|source| ContextError::Ignore { file: file.to_owned(), source })?;
    if patterns.is_empty() {
        return Ok(tree.clone());
    }
    let mut path = Vec::new();
    let entries = keep(&tree.root, &mut path, &Matched::default(), &patterns).unwrap_or_default();
    Ok(Tree { root: Rc::new(Node { meta: tree.root.meta.clone(), kind: Kind::Dir(entries) }) })
}

type Entries = BTreeMap<Box<[u8]>, Rc<Node>>;

/// The entries of a directory that are not left out.
fn keep(node: &Rc<Node>, path: &mut Vec<u8>, parent: &Matched, patterns: &Patterns) -> Option<Entries> {
    let mut kept = Entries::new();
    for (name, child) in node.entries()? {
        let length = path.len();
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        let (ignored, matched) = patterns.matches_below(path, parent);
        if !child.is_dir() {
            if !ignored {
                kept.insert(name.clone(), child.clone());
            }
        } else if !ignored || patterns.has_exclusions() {
            let entries = keep(child, path, &matched, patterns).unwrap_or_default();
            if !ignored || !entries.is_empty() {
                let node = Node { meta: child.meta.clone(), kind: Kind::Dir(entries) };
                kept.insert(name.clone(), Rc::new(node));
            }
        }
        path.truncate(length);
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, kind: ContextKind) -> ContextFile {
        ContextFile { path: path.into(), kind, mode: None, mtime: Time::default() }
    }

    fn bytes(path: &str) -> ContextFile {
        file(path, ContextKind::File(Content::bytes(*b"x")))
    }

    #[test]
    fn any_order_gives_the_same_tree() {
        let list =
            || vec![bytes("a/b/c"), file("a", ContextKind::Dir), file("l", ContextKind::HardLink(b"a/b/c".to_vec()))];
        let mut reversed = list();
        reversed.reverse();
        let (one, other) = (tree(list()).unwrap(), tree(reversed).unwrap());
        assert!(super::super::diff::diff(&one, &other).is_empty());
        let names = [one.get(&clean(b"l")).unwrap(), one.get(&clean(b"a/b/c")).unwrap()];
        assert!(Rc::ptr_eq(names[0], names[1]));
    }

    #[test]
    fn contradictions_are_refused() {
        for (list, code) in [
            (vec![bytes("a"), bytes("./a")], "CONTEXT_DUPLICATE"),
            (vec![bytes("a"), bytes("a/b")], "CONTEXT_PATH_INVALID"),
            (vec![bytes("../a")], "CONTEXT_PATH_INVALID"),
            (vec![file("a", ContextKind::HardLink(b"b".to_vec()))], "CONTEXT_LINK_INVALID"),
        ] {
            assert_eq!(tree(list).unwrap_err().code(), code);
        }
    }

    #[test]
    fn what_is_taken_back_keeps_its_directories() {
        let full = tree(vec![bytes("a/b/keep"), bytes("a/b/drop"), bytes("a/c/drop"), bytes("x.md")]).unwrap();
        let left = without_ignored(&full, "a\n*.md\n!a/b/keep\n", ".dockerignore").unwrap();
        assert!(left.get(&clean(b"a/b/keep")).is_some());
        for gone in ["a/b/drop", "a/c", "x.md"] {
            assert!(left.get(&clean(gone.as_bytes())).is_none(), "{gone}");
        }
        let error = without_ignored(&full, "[\n", ".dockerignore").unwrap_err();
        assert_eq!(error.code(), "DOCKERIGNORE_INVALID");
    }
}
