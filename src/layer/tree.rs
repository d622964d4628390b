//! The filesystem that layers make when they are applied one upon the other.
//!
//! The rules are those of the image specification (layer.md) as umoci and containerd carry them out: a whiteout removes
//! what lower layers brought and never what its own layer did, names are resolved inside the root whatever symbolic links
//! say, a directory over a directory changes its attributes and keeps what is in it, everything else replaces.

use std::collections::{BTreeMap, HashMap};

use super::index::{LayerIndex, Member};
use crate::archive::tar::{EntryKind, Timestamp};

/// Symbolic links followed for one name before it counts as a loop.
const MAX_LINKS: usize = 255;

/// A file, directory or other thing in a [`Tree`]. Hard links are several names of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Its number, below [`Tree::nodes`].
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

/// Whose entry something is: the layer, counted from the base, and the entry's place in that layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The layer, the base being 0.
    pub layer: u32,
    /// The entry's place in its layer's order.
    pub entry: u32,
}

/// What a node is and has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// What it is. Never a hard link.
    pub kind: EntryKind,
    /// Permissions: the low twelve bits.
    pub mode: u32,
    /// The owner.
    pub uid: i64,
    /// The group.
    pub gid: i64,
    /// The size of a file in bytes.
    pub size: u64,
    /// When it was changed.
    pub mtime: Timestamp,
    /// The target of a symbolic link, as written.
    pub link: Box<[u8]>,
    /// Major and minor number of a device.
    pub device: (i64, i64),
}

impl Attributes {
    /// A directory that no entry names: 0755, owned by root.
    pub fn implicit_directory() -> Self {
        Self {
            kind: EntryKind::Dir,
            mode: 0o755,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: Timestamp::default(),
            link: Box::default(),
            device: (0, 0),
        }
    }
}

impl From<&Member<'_>> for Attributes {
    fn from(member: &Member<'_>) -> Self {
        Self {
            kind: member.kind,
            mode: (member.mode & 0o7777) as u32,
            uid: member.uid,
            gid: member.gid,
            size: member.size,
            mtime: member.mtime,
            link: member.link.into(),
            device: member.device,
        }
    }
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is and has.
    pub attributes: Attributes,
    /// Whose entry gave it its content and attributes.
    pub source: Origin,
    /// No entry names it: it is there because something lies in it.
    pub implicit: bool,
    children: BTreeMap<Box<[u8]>, Name>,
    touched: u32,
}

impl Node {
    /// What lies in a directory, sorted by the bytes of the names.
    pub fn children(&self) -> impl Iterator<Item = (&[u8], &Name)> {
        self.children.iter().map(|(name, child)| (&**name, child))
    }

    /// The thing of that name in a directory.
    pub fn child(&self, name: &[u8]) -> Option<&Name> {
        self.children.get(name)
    }
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub struct Name {
    /// What it names.
    pub node: NodeId,
    /// Whose entry made the name.
    pub origin: Origin,
    touched: u32,
}

/// What could not be done as an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TreeIssueKind {
    /// A whiteout without a name, or of `.` or `..`. Ignored.
    WhiteoutName,
    /// A whiteout leads through a symbolic link.
    WhiteoutThroughSymlink,
    /// The target of a hard link is not there. The entry is left out.
    HardlinkMissing,
    /// The target of a hard link is a directory. The entry is left out.
    HardlinkToDirectory,
    /// A hard link to itself. Ignored.
    HardlinkToSelf,
    /// The target of a hard link is AUFS metadata, which stays hidden.
    HardlinkToAufs,
    /// The target of a hard link is reached through a symbolic link.
    HardlinkThroughSymlink,
    /// Something that is no directory stands in the way. The entry is left out.
    ParentNotDirectory,
    /// Symbolic links go round in a circle. The entry is left out.
    SymlinkLoop,
    /// A parent is a symbolic link that leads up out of the root, or is absolute and in the same layer.
    ThroughOutwardSymlink,
    /// An entry for the root that is no directory. Ignored.
    RootNotDirectory,
    /// A type of entry that no filesystem has. Left out.
    UnknownType,
}

impl TreeIssueKind {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::WhiteoutName => "WHITEOUT_NAME_INVALID",
            Self::WhiteoutThroughSymlink => "WHITEOUT_THROUGH_SYMLINK",
            Self::HardlinkMissing => "HARDLINK_TARGET_MISSING",
            Self::HardlinkToDirectory => "HARDLINK_TO_DIRECTORY",
            Self::HardlinkToSelf => "HARDLINK_TO_SELF",
            Self::HardlinkToAufs => "HARDLINK_TO_AUFS_METADATA",
            Self::HardlinkThroughSymlink => "HARDLINK_THROUGH_SYMLINK",
            Self::ParentNotDirectory => "PARENT_NOT_DIRECTORY",
            Self::SymlinkLoop => "SYMLINK_LOOP",
            Self::ThroughOutwardSymlink => "PATH_THROUGH_OUTWARD_SYMLINK",
            Self::RootNotDirectory => "ROOT_NOT_DIRECTORY",
            Self::UnknownType => "ENTRY_TYPE_UNKNOWN",
        }
    }
}

/// An entry that could not be applied as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeIssue {
    /// What is the matter.
    pub kind: TreeIssueKind,
    /// Whose entry.
    pub origin: Origin,
}

/// What a layer does to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TouchKind {
    /// It was not there before.
    Added,
    /// Something else stands there now, or a directory has other attributes.
    Changed,
    /// It is gone.
    Removed,
}

/// What stood at a path before a layer touched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// Whose entry made the name.
    pub name: Origin,
    /// Whose entry gave the content.
    pub source: Origin,
    /// What it was.
    pub attributes: Attributes,
}

/// One change that a layer makes, told by [`Tree::apply_told`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The real path, without a leading slash.
    pub path: Vec<u8>,
    /// What is done to it.
    pub kind: TouchKind,
    /// The entry that does it: for a removal the whiteout, or what stands in its place.
    pub by: Origin,
    /// What stood there; nothing where it is added.
    pub before: Option<Before>,
    /// What stands there now; nothing where it is removed.
    pub after: Option<NodeId>,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The directories on the way, the root first.
    pub directories: Vec<NodeId>,
    /// The real path so far as it exists, without a leading slash.
    pub existing: Vec<Box<[u8]>>,
    /// Components behind that which do not exist.
    pub missing: Vec<Box<[u8]>>,
    /// A symbolic link was followed.
    pub through_symlink: bool,
    /// A symbolic link on the way led up out of the root and was held inside.
    pub outward: bool,
    /// The newest layer that brought an absolute symbolic link on the way.
    pub absolute: Option<u32>,
    /// The node at the end, if nothing is missing.
    pub node: Option<NodeId>,
}

impl Resolved {
    /// The whole real path, without a leading slash.
    pub fn path(&self) -> Vec<u8> {
        let all: Vec<&[u8]> = self.existing.iter().chain(&self.missing).map(|part| &**part).collect();
        all.join(&b'/')
    }
}

/// A filesystem tree.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    /// AUFS metadata by clean path: not part of the filesystem, and the target of hard links.
    hidden: HashMap<Vec<u8>, NodeId>,
    root_named: bool,
    /// What the current entry has changed, where someone wants to know.
    told: Option<Vec<Touch>>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

/// A path without empty components and `.`, with `..` taken back by what stands before it, never beyond the root.
pub fn clean(path: &[u8]) -> Vec<&[u8]> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts
}

/// Changes at longer paths are not told: no Linux has them, and the paths on the way to a very deep one have, together, the
/// square of its bytes.
const TOLD_PATH: usize = 4096;

/// The path of a name in a directory.
fn below(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, name].join(&b'/') }
}

const NO_ORIGIN: Origin = Origin { layer: 0, entry: u32::MAX };

impl Tree {
    /// The root of the tree.
    pub const ROOT: NodeId = NodeId(0);

    /// An empty root.
    pub fn new() -> Self {
        let root = Node {
            attributes: Attributes::implicit_directory(),
            source: NO_ORIGIN,
            implicit: true,
            children: BTreeMap::new(),
            touched: 0,
        };
        Self { nodes: vec![root], hidden: HashMap::new(), root_named: false, told: None }
    }

    /// A node. Identifiers come from this tree and stay valid; a removed node answers too.
    pub fn node(&self, id: NodeId) -> &Node {
        // Every identifier was made by `add`; the root stands for one of another tree.
        self.nodes.get(id.0 as usize).unwrap_or(&self.nodes[0])
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    /// How many nodes it has made, removed ones too.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// A layer has an entry for the root itself.
    pub fn root_is_named(&self) -> bool {
        self.root_named
    }

    fn add(&mut self, attributes: Attributes, source: Origin, implicit: bool) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(0));
        self.nodes.push(Node { attributes, source, implicit, children: BTreeMap::new(), touched: 0 });
        id
    }

    /// What a path names. Parents are resolved inside the root; a symbolic link at the end is not followed.
    pub fn lookup(&self, path: &[u8]) -> Option<&Name> {
        let parts = clean(path);
        let (last, parents) = parts.split_last()?;
        let parent = self.follow(parents, true).ok()?.node?;
        self.node(parent).child(last)
    }

    /// Follows a path to its end, symbolic links too, inside the root.
    ///
    /// # Errors
    /// [`TreeIssueKind::SymlinkLoop`], [`TreeIssueKind::ParentNotDirectory`].
    pub fn resolve(&self, path: &[u8]) -> Result<Resolved, TreeIssueKind> {
        self.follow(&path.split(|byte| *byte == b'/').collect::<Vec<_>>(), false)
    }

    /// Resolves components. With `directory`, the end must be a directory (or missing).
    fn follow(&self, parts: &[&[u8]], directory: bool) -> Result<Resolved, TreeIssueKind> {
        let mut todo: Vec<&[u8]> = parts.iter().rev().copied().collect();
        let mut found = Resolved {
            directories: vec![Self::ROOT],
            existing: Vec::new(),
            missing: Vec::new(),
            through_symlink: false,
            outward: false,
            absolute: None,
            node: None,
        };
        let mut end = None;
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if matches!(part, b"" | b".") {
                continue;
            }
            if end.is_some() {
                return Err(TreeIssueKind::ParentNotDirectory);
            }
            if part == b".." {
                if found.missing.pop().is_none() {
                    if found.existing.pop().is_none() {
                        found.outward |= found.through_symlink;
                    } else {
                        found.directories.pop();
                    }
                }
                continue;
            }
            if !found.missing.is_empty() {
                found.missing.push(part.into());
                continue;
            }
            let here = found.directories.last().copied().unwrap_or(Self::ROOT);
            let Some(child) = self.node(here).child(part) else {
                found.missing.push(part.into());
                continue;
            };
            let node = self.node(child.node);
            match node.attributes.kind {
                EntryKind::Dir => {
                    found.directories.push(child.node);
                    found.existing.push(part.into());
                }
                EntryKind::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(TreeIssueKind::SymlinkLoop);
                    }
                    found.through_symlink = true;
                    let target = &node.attributes.link;
                    if target.first() == Some(&b'/') {
                        found.absolute = found.absolute.max(Some(node.source.layer));
                        found.directories.truncate(1);
                        found.existing.clear();
                    }
                    todo.extend(target.split(|byte| *byte == b'/').rev());
                }
                _ => {
                    if directory {
                        return Err(TreeIssueKind::ParentNotDirectory);
                    }
                    found.existing.push(part.into());
                    end = Some(child.node);
                }
            }
        }
        if found.missing.is_empty() {
            found.node = end.or(found.directories.last().copied());
        }
        Ok(found)
    }

    /// Finds the directory for an entry and makes what is missing of it. Every directory on the way counts as touched.
    fn parent(&mut self, parts: &[&[u8]], origin: Origin) -> Result<(NodeId, Resolved), TreeIssueKind> {
        let found = self.follow(parts, true)?;
        let mut at = found.directories.last().copied().unwrap_or(Self::ROOT);
        for id in &found.directories {
            if let Some(node) = self.node_mut(*id) {
                node.touched = origin.layer + 1;
            }
        }
        let mut path = if self.told.is_some() { found.existing.join(&b'/') } else { Vec::new() };
        for part in &found.missing {
            let made = self.add(Attributes::implicit_directory(), origin, true);
            self.link(at, part, made, origin);
            if self.told.is_some() && path.len() <= TOLD_PATH {
                path = below(&path, part);
                self.tell(path.clone(), TouchKind::Added, origin, None, Some(made));
            }
            if let Some(node) = self.node_mut(made) {
                node.touched = origin.layer + 1;
            }
            at = made;
        }
        Ok((at, found))
    }

    fn link(&mut self, directory: NodeId, name: &[u8], node: NodeId, origin: Origin) {
        let touched = origin.layer + 1;
        if let Some(parent) = self.node_mut(directory) {
            parent.children.insert(name.into(), Name { node, origin, touched });
        }
    }

    fn tell(&mut self, path: Vec<u8>, kind: TouchKind, by: Origin, before: Option<Before>, after: Option<NodeId>) {
        if let Some(told) = self.told.as_mut().filter(|_| path.len() <= TOLD_PATH) {
            told.push(Touch { path, kind, by, before, after });
        }
    }

    fn before(&self, name: &Name) -> Before {
        let node = self.node(name.node);
        Before { name: name.origin, source: node.source, attributes: node.attributes.clone() }
    }

    /// Tells that a name stands for something new, and that what lay below it is gone.
    fn tell_put(&mut self, parent: &Resolved, name: &[u8], old: Option<Name>, new: NodeId, by: Origin) {
        if self.told.is_none() {
            return;
        }
        let path = below(&parent.path(), name);
        let kind = if old.is_some() { TouchKind::Changed } else { TouchKind::Added };
        let before = old.as_ref().map(|old| self.before(old));
        self.tell(path.clone(), kind, by, before, Some(new));
        if let Some(old) = old {
            self.tell_below(path, &old, by);
        }
    }

    /// Tells that a name and all that lies below it are gone.
    fn tell_gone(&mut self, path: Vec<u8>, name: &Name, by: Origin) {
        if self.told.is_some() {
            let before = Some(self.before(name));
            self.tell(path.clone(), TouchKind::Removed, by, before, None);
            self.tell_below(path, name, by);
        }
    }

    fn tell_below(&mut self, path: Vec<u8>, name: &Name, by: Origin) {
        let mut todo = vec![(path, name.node)];
        while let Some((path, id)) = todo.pop() {
            if path.len() > TOLD_PATH {
                continue;
            }
            let children: Vec<(Vec<u8>, Name)> =
                self.node(id).children().map(|(part, child)| (below(&path, part), child.clone())).collect();
            for (path, child) in children {
                let before = Some(self.before(&child));
                self.tell(path.clone(), TouchKind::Removed, by, before, None);
                todo.push((path, child.node));
            }
        }
    }

    /// Puts something at a path: a directory over a directory changes its attributes, everything else replaces what was
    /// there. Missing parents are made. Returns the node.
    ///
    /// # Errors
    /// [`TreeIssueKind`] if the path leads nowhere.
    pub fn put(&mut self, path: &[u8], attributes: Attributes, origin: Origin) -> Result<NodeId, TreeIssueKind> {
        self.put_parts(&clean(path), attributes, origin).map(|(id, _)| id)
    }

    fn put_parts(
        &mut self,
        parts: &[&[u8]],
        attributes: Attributes,
        origin: Origin,
    ) -> Result<(NodeId, Option<Resolved>), TreeIssueKind> {
        let Some((name, parents)) = parts.split_last() else {
            if attributes.kind != EntryKind::Dir {
                return Err(TreeIssueKind::RootNotDirectory);
            }
            self.root_named = true;
            self.set(Self::ROOT, attributes, origin);
            return Ok((Self::ROOT, None));
        };
        let (directory, found) = self.parent(parents, origin)?;
        let old = self.node(directory).child(name).cloned();
        if let Some(existing) = old.as_ref().map(|old| old.node)
            && attributes.kind == EntryKind::Dir
            && self.node(existing).attributes.kind == EntryKind::Dir
        {
            if self.told.is_some() {
                let before = old.as_ref().map(|old| self.before(old));
                let path = below(&found.path(), name);
                self.tell(path, TouchKind::Changed, origin, before, Some(existing));
            }
            self.set(existing, attributes, origin);
            self.link(directory, name, existing, origin);
            return Ok((existing, Some(found)));
        }
        let id = self.add(attributes, origin, false);
        self.tell_put(&found, name, old, id, origin);
        self.link(directory, name, id, origin);
        Ok((id, Some(found)))
    }

    fn set(&mut self, id: NodeId, attributes: Attributes, origin: Origin) {
        if let Some(node) = self.node_mut(id) {
            node.attributes = attributes;
            node.source = origin;
            node.implicit = false;
        }
    }

    /// Changes a node in place. Its kind must stay.
    pub fn attributes_mut(&mut self, id: NodeId) -> Option<&mut Attributes> {
        self.node_mut(id).map(|node| &mut node.attributes)
    }

    /// Gives what stands at `target` another name. Neither end follows a symbolic link at its last component.
    ///
    /// # Errors
    /// [`TreeIssueKind`] if the target is missing or a directory, or a path leads nowhere.
    pub fn put_link(&mut self, path: &[u8], target: &[u8], origin: Origin) -> Result<NodeId, TreeIssueKind> {
        self.put_link_parts(&clean(path), target, origin).map(|(id, _)| id)
    }

    fn put_link_parts(
        &mut self,
        parts: &[&[u8]],
        target: &[u8],
        origin: Origin,
    ) -> Result<(NodeId, Resolved), TreeIssueKind> {
        let Some((name, parents)) = parts.split_last() else { return Err(TreeIssueKind::RootNotDirectory) };
        let to = clean(target);
        let aufs = to.first().is_some_and(|first| first.starts_with(b".wh..wh."));
        let id =
            if aufs { self.hidden.get(&to.join(&b'/')).copied() } else { self.lookup(target).map(|name| name.node) };
        let id = match id {
            Some(id) => id,
            None if to.is_empty() => return Err(TreeIssueKind::HardlinkToDirectory),
            None => return Err(TreeIssueKind::HardlinkMissing),
        };
        if self.node(id).attributes.kind == EntryKind::Dir {
            return Err(TreeIssueKind::HardlinkToDirectory);
        }
        let (directory, found) = self.parent(parents, origin)?;
        if to == parts {
            return Err(TreeIssueKind::HardlinkToSelf);
        }
        if self.told.is_some() {
            let old = self.node(directory).child(name).cloned();
            self.tell_put(&found, name, old, id, origin);
        }
        self.link(directory, name, id, origin);
        Ok((id, found))
    }

    /// Removes a name and all that lies below it. `false` if there is none.
    pub fn remove(&mut self, path: &[u8]) -> bool {
        let parts = clean(path);
        let Some((name, parents)) = parts.split_last() else { return false };
        let Ok(Resolved { node: Some(directory), .. }) = self.follow(parents, true) else { return false };
        self.node_mut(directory).is_some_and(|node| node.children.remove(*name).is_some())
    }

    fn is_touched(&self, name: &Name, mark: u32) -> bool {
        name.touched == mark
            || self.node(name.node).touched == mark && self.node(name.node).attributes.kind == EntryKind::Dir
    }

    /// Removes from a directory, whose path is given, all that this layer did not touch.
    fn clear_lower(&mut self, directory: NodeId, path: Vec<u8>, by: Origin) {
        let mark = by.layer + 1;
        let mut todo = vec![(directory, path)];
        while let Some((id, path)) = todo.pop() {
            let mut keep = Vec::new();
            let children = self.node_mut(id).map(|node| std::mem::take(&mut node.children)).unwrap_or_default();
            for (name, child) in children {
                let at = match &self.told {
                    None => Vec::new(),
                    Some(_) if path.len() <= TOLD_PATH => below(&path, &name),
                    Some(_) => path.clone(),
                };
                if self.is_touched(&child, mark) {
                    if self.node(child.node).attributes.kind == EntryKind::Dir {
                        todo.push((child.node, at));
                    }
                    keep.push((name, child));
                } else {
                    self.tell_gone(at, &child, by);
                }
            }
            if let Some(node) = self.node_mut(id) {
                node.children = keep.into_iter().collect();
            }
        }
    }

    /// Applies a layer as [`Tree::apply`] does, and tells every change that it makes.
    pub fn apply_told(&mut self, layer: u32, index: &LayerIndex, tell: &mut dyn FnMut(&Self, Touch)) {
        for (at, member) in index.iter().enumerate() {
            let origin = Origin { layer, entry: u32::try_from(at).unwrap_or(u32::MAX) };
            self.told = Some(Vec::new());
            // What cannot be applied changes nothing but the directories on its way.
            let _ = self.apply_member(&member, origin);
            for touch in self.told.take().unwrap_or_default() {
                tell(self, touch);
            }
        }
    }

    /// Applies a layer. What cannot be applied is left out and reported.
    pub fn apply(&mut self, layer: u32, index: &LayerIndex) -> Vec<TreeIssue> {
        let mut issues = Vec::new();
        for (at, member) in index.iter().enumerate() {
            let origin = Origin { layer, entry: u32::try_from(at).unwrap_or(u32::MAX) };
            let mut report = |kind| issues.push(TreeIssue { kind, origin });
            match self.apply_member(&member, origin) {
                Ok(Some(kind)) | Err(kind) => report(kind),
                Ok(None) => {}
            }
        }
        issues
    }

    fn apply_member(&mut self, member: &Member<'_>, origin: Origin) -> Result<Option<TreeIssueKind>, TreeIssueKind> {
        let mark = origin.layer + 1;
        let parts = clean(member.path);
        let Some((name, parents)) = parts.split_last() else {
            self.put_parts(&parts, member.into(), origin)?;
            return Ok(None);
        };
        if *name == b".wh..wh..opq" && !parents.iter().any(|part| part.starts_with(b".wh..wh.")) {
            let found = self.follow(parents, true)?;
            if let Some(directory) = found.node {
                self.clear_lower(directory, found.path(), origin);
            }
            return Ok(found.through_symlink.then_some(TreeIssueKind::WhiteoutThroughSymlink));
        }
        if parts.iter().any(|part| part.starts_with(b".wh..wh.")) {
            self.hide(&parts, member, origin);
            return Ok(None);
        }
        if let Some(target) = name.strip_prefix(b".wh.") {
            if matches!(target, b"" | b"." | b"..") {
                return Err(TreeIssueKind::WhiteoutName);
            }
            let found = self.follow(parents, true)?;
            if let Some(directory) = found.node
                && let Some(child) = self.node(directory).child(target).cloned()
            {
                let path = below(&found.path(), target);
                if !self.is_touched(&child, mark) {
                    self.tell_gone(path, &child, origin);
                    if let Some(node) = self.node_mut(directory) {
                        node.children.remove(target);
                    }
                } else if self.node(child.node).attributes.kind == EntryKind::Dir {
                    self.clear_lower(child.node, path, origin);
                }
            }
            return Ok(found.through_symlink.then_some(TreeIssueKind::WhiteoutThroughSymlink));
        }
        let found = match member.kind {
            EntryKind::Unknown => return Err(TreeIssueKind::UnknownType),
            EntryKind::Hardlink => {
                let hidden = clean(member.link).first().is_some_and(|first| first.starts_with(b".wh..wh."));
                let (_, found) = self.put_link_parts(&parts, member.link, origin)?;
                if hidden {
                    return Ok(Some(TreeIssueKind::HardlinkToAufs));
                }
                let to = clean(member.link);
                let parents = to.split_last().map(|(_, parents)| parents).unwrap_or_default();
                if self.follow(parents, true).is_ok_and(|found| found.through_symlink) {
                    return Ok(Some(TreeIssueKind::HardlinkThroughSymlink));
                }
                Some(found)
            }
            _ => self.put_parts(&parts, member.into(), origin)?.1,
        };
        let outward = |found: &Resolved| found.outward || found.absolute == Some(origin.layer);
        Ok(found.filter(outward).map(|_| TreeIssueKind::ThroughOutwardSymlink))
    }

    /// Keeps AUFS metadata beside the tree.
    fn hide(&mut self, parts: &[&[u8]], member: &Member<'_>, origin: Origin) {
        let path = parts.join(&b'/');
        if member.kind == EntryKind::Hardlink {
            let target = clean(member.link).join(&b'/');
            let id = self.hidden.get(&target).copied().or_else(|| self.lookup(&target).map(|name| name.node));
            if let Some(id) = id {
                self.hidden.insert(path, id);
            }
        } else {
            let id = self.add(member.into(), origin, false);
            self.hidden.insert(path, id);
        }
    }

    /// Calls `visit` for every name below the root, parents before what lies in them, siblings in the order of their bytes,
    /// with the path from the root (no leading slash).
    pub fn visit(&self, visit: &mut dyn FnMut(&[u8], &Name, &Node)) {
        let mut path: Vec<u8> = Vec::new();
        let mut open = vec![(self.node(Self::ROOT).children.iter(), 0)];
        while let Some((children, length)) = open.last_mut() {
            path.truncate(*length);
            let Some((name, child)) = children.next() else {
                open.pop();
                continue;
            };
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            let node = self.node(child.node);
            visit(&path, child, node);
            open.push((node.children.iter(), path.len()));
        }
    }

    /// How many names there are below the root.
    pub fn len(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |_, _, _| count += 1);
        count
    }

    /// Nothing lies below the root.
    pub fn is_empty(&self) -> bool {
        self.node(Self::ROOT).children.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tar::Entry;

    fn layer(entries: &[(&str, EntryKind, &str)]) -> LayerIndex {
        let mut index = LayerIndex::default();
        for (path, kind, link) in entries {
            index.push(&Entry {
                path: path.as_bytes().to_vec(),
                kind: *kind,
                link: link.as_bytes().to_vec(),
                mode: 0o644,
                ..Entry::default()
            });
        }
        index
    }

    fn paths(tree: &Tree) -> Vec<String> {
        let mut out = Vec::new();
        tree.visit(&mut |path, name, _| out.push(format!("{}@{}", String::from_utf8_lossy(path), name.origin.layer)));
        out
    }

    use EntryKind::{Dir, File, Hardlink, Symlink};

    #[test]
    fn a_whiteout_is_for_lower_layers_only() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("a/", Dir, ""), ("a/1", File, ""), ("b", File, "")]));
        let issues = tree.apply(1, &layer(&[("a/2", File, ""), (".wh.a", File, ""), (".wh.b", File, "")]));
        assert!(issues.is_empty());
        assert_eq!(paths(&tree), ["a@0", "a/2@1"]);
    }

    #[test]
    fn an_opaque_marker_keeps_its_own_layer() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("a/x/1", File, ""), ("a/2", File, "")]));
        tree.apply(1, &layer(&[("a/x/3", File, ""), ("a/.wh..wh..opq", File, ""), ("a/4", File, "")]));
        assert_eq!(paths(&tree), ["a@0", "a/4@1", "a/x@0", "a/x/3@1"]);
    }

    #[test]
    fn whiteouts_without_a_name_are_refused() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("etc/a", File, "")]));
        for name in ["etc/.wh.", "etc/.wh..", "etc/.wh..."] {
            let issues = tree.apply(1, &layer(&[(name, File, "")]));
            assert_eq!(issues[0].kind, TreeIssueKind::WhiteoutName);
        }
        assert_eq!(paths(&tree), ["etc@0", "etc/a@0"]);
    }

    #[test]
    fn symbolic_links_stay_inside_the_root() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("usr/bin/", Dir, ""), ("bin", Symlink, "usr/bin"), ("up", Symlink, "../../usr")]));
        let issues = tree.apply(1, &layer(&[("bin/sh", File, ""), ("up/x", File, ""), ("no/../bin/y", File, "")]));
        assert_eq!(issues.iter().map(|issue| issue.kind).collect::<Vec<_>>(), [TreeIssueKind::ThroughOutwardSymlink]);
        assert_eq!(paths(&tree), ["bin@0", "up@0", "usr@0", "usr/bin@0", "usr/bin/sh@1", "usr/bin/y@1", "usr/x@1"]);
        assert_eq!(tree.resolve(b"/up/bin/sh").unwrap().path(), b"usr/bin/sh");
    }

    #[test]
    fn loops_and_files_in_the_way_are_reported() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("l", Symlink, "m"), ("m", Symlink, "l"), ("f", File, "")]));
        let issues = tree.apply(1, &layer(&[("l/x", File, ""), ("f/x", File, ""), ("h", Hardlink, "none")]));
        let kinds: Vec<_> = issues.iter().map(|issue| issue.kind).collect();
        assert_eq!(
            kinds,
            [TreeIssueKind::SymlinkLoop, TreeIssueKind::ParentNotDirectory, TreeIssueKind::HardlinkMissing]
        );
    }

    #[test]
    fn hard_links_share_a_node_and_outlive_the_first_name() {
        let mut tree = Tree::new();
        tree.apply(0, &layer(&[("a", File, ""), ("s", Symlink, "a")]));
        tree.apply(1, &layer(&[("b", Hardlink, "./a"), ("t", Hardlink, "s"), (".wh.a", File, "")]));
        assert_eq!(paths(&tree), ["b@1", "s@0", "t@1"]);
        assert_eq!(tree.lookup(b"t").unwrap().node, tree.lookup(b"s").unwrap().node);
        assert_eq!(tree.node(tree.lookup(b"b").unwrap().node).source, Origin { layer: 0, entry: 0 });
    }

    #[test]
    fn every_change_is_told_with_what_stood_there() {
        let mut tree = Tree::new();
        let mut told = Vec::new();
        let layers = [
            layer(&[("a/b/", Dir, ""), ("a/b/1", File, ""), ("a/2", File, ""), ("c", File, ""), ("k", File, "")]),
            layer(&[(".wh.a", File, ""), ("c/", Dir, ""), ("l", Hardlink, "k"), ("k", File, "")]),
            layer(&[("c/d", File, ""), ("c/.wh..wh..opq", File, ""), ("c/", Dir, "")]),
            layer(&[("c", File, "")]),
        ];
        for (at, layer) in layers.iter().enumerate() {
            tree.apply_told(at as u32, layer, &mut |_, touch| {
                let sign = match touch.kind {
                    TouchKind::Added => '+',
                    TouchKind::Changed => '~',
                    TouchKind::Removed => '-',
                };
                let before = touch.before.map_or(String::new(), |before| format!("@{}", before.source.layer));
                told.push(format!("{at}{sign}{}{before}", String::from_utf8_lossy(&touch.path)));
            });
        }
        assert_eq!(
            told,
            [
                "0+a",
                "0+a/b",
                "0+a/b/1",
                "0+a/2",
                "0+c",
                "0+k",
                "1-a@0",
                "1-a/2@0",
                "1-a/b@0",
                "1-a/b/1@0",
                "1~c@0",
                "1+l",
                "1~k@0",
                "2+c/d",
                "2~c@1",
                "3~c@2",
                "3-c/d@2"
            ]
        );
    }

    #[test]
    fn what_is_told_of_deep_trees_is_bounded() {
        let path = "d/".repeat(30_000);
        let mut tree = Tree::new();
        let mut bytes = 0;
        tree.apply_told(0, &layer(&[(&path, Dir, "")]), &mut |_, touch| bytes += touch.path.len());
        assert_eq!(tree.len(), 30_000);
        tree.apply_told(1, &layer(&[(".wh.d", File, "")]), &mut |_, touch| bytes += touch.path.len());
        tree.apply_told(2, &layer(&[(&path, Dir, ""), (".wh..wh..opq", File, "")]), &mut |_, _| {});
        assert!(bytes > 4096 && bytes < 20 << 20, "{bytes}");
    }

    #[test]
    fn deep_trees_do_not_recurse() {
        let mut tree = Tree::new();
        let path = "d/".repeat(30_000);
        tree.put(path.as_bytes(), Attributes::implicit_directory(), Origin { layer: 0, entry: 0 }).unwrap();
        assert_eq!(tree.len(), 30_000);
        tree.apply(1, &layer(&[(".wh.d", File, "")]));
        assert!(tree.is_empty());
    }
}
