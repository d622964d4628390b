//! `COPY` of one source into a tree, with the rules of BuildKit's copier.
//!
//! - A directory gives its contents; a source that is a link is followed and keeps the link's name; links inside a
//!   directory stay links.
//! - The destination's links are followed inside the root. What is below it meets what is there as it is: a directory
//!   cannot take the place of a link or a file, a file cannot take the place of a directory.
//! - The destination keeps its own mode and owner; directories below it take those of their source.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::mode::Mode;
use super::tree::{Kind, MAX_DEPTH, Meta, Node, Path, Tree, TreeError, clean, show};
use crate::archive::tar_write::Time;
use crate::dockerfile::patterns::{Matched, Patterns};

/// What the flags of the instruction say about how to copy.
#[derive(Clone, Debug, Default)]
pub struct CopyOptions {
    /// `--chown`: the owner of all that is copied or made; else sources keep theirs.
    pub owner: Option<(u64, u64)>,
    /// `--chmod`.
    pub mode: Option<Mode>,
    /// `--parents`: what is to be copied, relative to the source; all of it where there is none.
    pub include: Option<Patterns>,
    /// `--exclude`: what is not, relative to the source.
    pub exclude: Option<Patterns>,
    /// The time of directories made on the way.
    pub made: Time,
}

/// Why something cannot be copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// There is no such source.
    #[error("`{0}` was not found; check its spelling, the context's root and .dockerignore")]
    NotFound(String),
    /// A directory of the source meets a file or a link at the destination.
    #[error("the directory cannot be copied to `{0}`, which exists and is no directory; remove it or copy elsewhere")]
    OntoNonDirectory(String),
    /// A file of the source meets a directory at the destination.
    #[error("`{0}` is a directory and cannot be replaced with a file; end the destination with / to copy into it")]
    OntoDirectory(String),
    /// The path to the destination or to the source goes wrong.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl CopyOptions {
    /// The metadata of a directory made on the way.
    pub fn made_directory(&self) -> Meta {
        let (uid, gid) = self.owner.unwrap_or_default();
        Meta {
            mode: self.mode.as_ref().map_or(0o755, Mode::of_made_directories),
            uid,
            gid,
            mtime: self.made,
            xattrs: BTreeMap::new(),
        }
    }

    /// The metadata of a copy of `node`.
    fn meta(&self, node: &Node) -> Meta {
        let mut meta = node.meta.clone();
        if let Some((uid, gid)) = self.owner {
            (meta.uid, meta.gid) = (uid, gid);
        }
        if let Some(mode) = &self.mode
            && !matches!(node.kind, Kind::Symlink(_))
        {
            meta.mode = mode.apply(meta.mode, node.is_dir());
        }
        meta
    }
}

/// Copies what `source` names in `from` to `destination` in `into`.
///
/// `source` is followed where it is a link. `destination` is absolute; a trailing slash says that it is a directory.
pub fn copy(
    into: &mut Tree,
    destination: &[u8],
    from: &Tree,
    source: &[u8],
    options: &CopyOptions,
) -> Result<(), CopyError> {
    let made = options.made_directory();
    let until = destination.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (parent, last) = destination.split_at(until);
    let ensured = if last.is_empty() || last == b"." { destination } else { parent };
    if !ensured.is_empty() {
        let path = into.resolve(ensured)?;
        into.make_dirs(&path, &made)?;
    }
    let mut target = into.resolve(destination)?;

    let followed = from.resolve(source)?;
    let Some(node) = from.get(&followed) else { return Err(CopyError::NotFound(show(&clean(source)))) };
    let existing = into.get(&target);
    if node.is_dir() {
        if existing.is_none() {
            into.make_dirs(&target, &made)?;
        }
    } else {
        if existing.is_some_and(|node| node.is_dir())
            && let Some(name) = clean(source).pop()
        {
            target.push(name);
        }
        into.make_dirs(target.get(..target.len().saturating_sub(1)).unwrap_or_default(), &made)?;
    }
    let mut copier = Copier { options, links: HashMap::new(), path: target.clone(), inside: Vec::new() };
    let existing = into.get(&target).cloned();
    if let Some(node) = copier.copy(node, existing.as_ref(), false, &Matched::default(), &Matched::default(), 0)? {
        into.put(&target, node)?;
    }
    Ok(())
}

struct Copier<'a> {
    options: &'a CopyOptions,
    /// Copies of files that have several names in the source.
    links: HashMap<*const Node, Rc<Node>>,
    /// Where we are at the destination, for messages.
    path: Path,
    /// Where we are below the source.
    inside: Vec<u8>,
}

impl Copier<'_> {
    /// The node that stands at the destination after `source` was copied over `existing`; `None` where that changes
    /// nothing.
    fn copy(
        &mut self,
        source: &Rc<Node>,
        existing: Option<&Rc<Node>>,
        overwrite: bool,
        included: &Matched,
        excluded: &Matched,
        depth: usize,
    ) -> Result<Option<Rc<Node>>, CopyError> {
        if depth > MAX_DEPTH {
            return Err(TreeError::TooDeep(show(self.path.get(..4).unwrap_or(&self.path))).into());
        }
        let (mut include, mut below_included, mut below_excluded) = (true, Matched::default(), Matched::default());
        if depth > 0 {
            if let Some(patterns) = &self.options.include {
                (include, below_included) = patterns.matches_below(&self.inside, included);
            }
            if let Some(patterns) = &self.options.exclude {
                let (exclude, info) = patterns.matches_below(&self.inside, excluded);
                include &= !exclude;
                below_excluded = info;
            }
        }
        if let Kind::Dir(entries) = &source.kind {
            return self.directory(
                source,
                entries,
                existing,
                overwrite,
                include,
                &below_included,
                &below_excluded,
                depth,
            );
        }
        if !include {
            return Ok(None);
        }
        if existing.is_some_and(|node| node.is_dir()) {
            return Err(CopyError::OntoDirectory(show(&self.path)));
        }
        let shared = Rc::strong_count(source) > 1 && matches!(source.kind, Kind::File(_));
        if shared && let Some(copy) = self.links.get(&Rc::as_ptr(source)) {
            return Ok(Some(copy.clone()));
        }
        let copy = Rc::new(Node { meta: self.options.meta(source), kind: source.kind.clone() });
        if shared {
            self.links.insert(Rc::as_ptr(source), copy.clone());
        }
        Ok(Some(copy))
    }

    #[expect(clippy::too_many_arguments, reason = "one level of a recursion, split off for reading")]
    fn directory(
        &mut self,
        source: &Rc<Node>,
        entries: &BTreeMap<Box<[u8]>, Rc<Node>>,
        existing: Option<&Rc<Node>>,
        overwrite: bool,
        include: bool,
        included: &Matched,
        excluded: &Matched,
        depth: usize,
    ) -> Result<Option<Rc<Node>>, CopyError> {
        let usable = existing.is_none_or(|node| node.is_dir());
        let refuse = |path: &Path| Err(CopyError::OntoNonDirectory(show(path)));
        if include && !usable {
            return refuse(&self.path);
        }
        let mut result: Option<BTreeMap<Box<[u8]>, Rc<Node>>> = None;
        let before = existing.and_then(|node| node.entries());
        for (name, child) in entries {
            let length = self.inside.len();
            if depth > 0 || length > 0 {
                self.inside.push(b'/');
            }
            self.inside.extend_from_slice(name);
            self.path.push(name.clone());
            let there = before.and_then(|entries| entries.get(name));
            let copy = self.copy(child, there, true, included, excluded, depth + 1)?;
            if let Some(copy) = copy {
                if !usable {
                    self.path.pop();
                    return refuse(&self.path);
                }
                result.get_or_insert_with(|| before.cloned().unwrap_or_default()).insert(name.clone(), copy);
            }
            self.path.pop();
            self.inside.truncate(length);
        }
        if !include && result.is_none() {
            return Ok(None);
        }
        let meta = match existing {
            None => self.options.meta(source),
            Some(_) if include && overwrite => self.options.meta(source),
            // A directory that is only on the way to something included passes on its mode, and no more.
            Some(existing) if overwrite => Meta { mode: source.meta.mode, ..existing.meta.clone() },
            Some(existing) => Meta { mtime: source.meta.mtime, ..existing.meta.clone() },
        };
        let entries = result.or_else(|| before.cloned()).unwrap_or_default();
        Ok(Some(Rc::new(Node { meta, kind: Kind::Dir(entries) })))
    }
}
