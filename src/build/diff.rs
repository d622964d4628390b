//! What a step changed: the members of its layer.
//!
//! The order is that of the names, a directory before what is in it, so a layer's bytes do not depend on the order in
//! which anything came.

use std::collections::HashMap;
use std::rc::Rc;

use super::tree::{Kind, Node, Tree};
use crate::archive::tar_write::{Member, MemberKind, Time};

/// One member of a layer.
#[derive(Clone, Debug)]
pub struct Change {
    /// The path without a leading slash.
    pub path: Vec<u8>,
    /// What the layer says about it.
    pub kind: ChangeKind,
}

/// What a layer says about a path.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    /// It is this, or has these attributes now. A directory's entries follow as changes of their own.
    Node(Rc<Node>),
    /// It is another name of the file at this path of the same layer.
    Link(Vec<u8>, Rc<Node>),
    /// It is gone.
    Removed,
}

/// The changes that make `new` out of `old`. Directories above a change are named too, as BuildKit and containerd do.
///
/// A change of a directory's time alone is no change.
pub fn diff(old: &Tree, new: &Tree) -> Vec<Change> {
    let mut walk =
        Walk { changes: Vec::new(), pending: Vec::new(), written: 0, links: HashMap::new(), path: Vec::new() };
    if !same_attributes(&old.root, &new.root) {
        walk.changes.push(Change { path: b".".to_vec(), kind: ChangeKind::Node(new.root.clone()) });
    }
    walk.entries(Some(&old.root), &new.root);
    walk.changes
}

struct Walk {
    changes: Vec<Change>,
    /// Directories on the way that no change has named yet: those from `written` on.
    pending: Vec<(usize, Rc<Node>)>,
    written: usize,
    links: HashMap<*const Node, Vec<u8>>,
    path: Vec<u8>,
}

impl Walk {
    fn entries(&mut self, old: Option<&Rc<Node>>, new: &Rc<Node>) {
        let before = old.and_then(|node| node.entries());
        let Some(after) = new.entries() else { return };
        // Both maps are sorted, so that one walk over the two together gives the order of names.
        let mut gone = before.into_iter().flatten().filter(|(name, _)| !after.contains_key(*name)).peekable();
        for (name, node) in after {
            while let Some((lost, _)) = gone.next_if(|(lost, _)| *lost < name) {
                self.removed(lost);
            }
            let was = before.and_then(|entries| entries.get(name));
            if was.is_some_and(|was| Rc::ptr_eq(was, node)) {
                continue;
            }
            let length = self.enter(name);
            if node.is_dir() {
                let was = was.filter(|was| was.is_dir());
                self.pending.push((self.path.len(), node.clone()));
                if was.is_none_or(|was| !same_attributes(was, node)) {
                    self.flush();
                }
                self.entries(was, node);
                self.pending.pop();
                self.written = self.written.min(self.pending.len());
            } else if was.is_none_or(|was| !same_file(was, node)) {
                self.flush();
                let path = self.path.clone();
                let linked = Rc::strong_count(node) > 1 && matches!(node.kind, Kind::File(_));
                let kind = match self.links.get(&Rc::as_ptr(node)).filter(|_| linked) {
                    Some(first) => ChangeKind::Link(first.clone(), node.clone()),
                    None => {
                        self.links.insert(Rc::as_ptr(node), path.clone());
                        ChangeKind::Node(node.clone())
                    }
                };
                self.changes.push(Change { path, kind });
            }
            self.path.truncate(length);
        }
        for (lost, _) in gone {
            self.removed(lost);
        }
    }

    fn enter(&mut self, name: &[u8]) -> usize {
        let length = self.path.len();
        if length > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        length
    }

    fn removed(&mut self, name: &[u8]) {
        self.flush();
        let length = self.enter(name);
        self.changes.push(Change { path: self.path.clone(), kind: ChangeKind::Removed });
        self.path.truncate(length);
    }

    fn flush(&mut self) {
        for (end, node) in self.pending.iter().skip(self.written) {
            let path = self.path.get(..*end).unwrap_or(&self.path).to_vec();
            self.changes.push(Change { path, kind: ChangeKind::Node(node.clone()) });
        }
        self.written = self.pending.len();
    }
}

fn same_attributes(a: &Node, b: &Node) -> bool {
    (a.meta.mode, a.meta.uid, a.meta.gid) == (b.meta.mode, b.meta.uid, b.meta.gid) && a.meta.xattrs == b.meta.xattrs
}

fn same_file(a: &Node, b: &Node) -> bool {
    a.meta == b.meta
        && match (&a.kind, &b.kind) {
            (Kind::File(a), Kind::File(b)) => a.same(b),
            (Kind::Symlink(a), Kind::Symlink(b)) => a == b,
            (Kind::Char(a, b), Kind::Char(x, y)) | (Kind::Block(a, b), Kind::Block(x, y)) => (a, b) == (x, y),
            (Kind::Fifo, Kind::Fifo) => true,
            _ => false,
        }
}

impl Change {
    /// The tar member. Times later than `latest` become `latest`.
    pub fn member(&self, latest: Option<Time>) -> Member {
        let (node, kind) = match &self.kind {
            ChangeKind::Node(node) => (node, member_kind(&node.kind)),
            ChangeKind::Link(target, node) => (node, MemberKind::HardLink(target.clone())),
            ChangeKind::Removed => {
                let at = self.path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
                let (dir, name) = self.path.split_at(at);
                return Member {
                    path: [dir, b".wh.", name].concat(),
                    kind: MemberKind::File(0),
                    mode: 0,
                    uid: 0,
                    gid: 0,
                    mtime: Time::default(),
                    xattrs: Default::default(),
                };
            }
        };
        let meta = &node.meta;
        Member {
            path: self.path.clone(),
            kind,
            mode: meta.mode,
            uid: meta.uid,
            gid: meta.gid,
            mtime: latest.map_or(meta.mtime, |latest| meta.mtime.min(latest)),
            xattrs: meta.xattrs.clone(),
        }
    }
}

fn member_kind(kind: &Kind) -> MemberKind {
    match kind {
        Kind::Dir(_) => MemberKind::Dir,
        Kind::File(content) => MemberKind::File(content.size()),
        Kind::Symlink(target) => MemberKind::Symlink(target.to_vec()),
        Kind::Char(major, minor) => MemberKind::Char(*major, *minor),
        Kind::Block(major, minor) => MemberKind::Block(*major, *minor),
        Kind::Fifo => MemberKind::Fifo,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Content, Meta, clean};
    use super::*;

    fn file(text: &'static str) -> Rc<Node> {
        Rc::new(Node {
            meta: Meta { mode: 0o644, ..Meta::default() },
            kind: Kind::File(Content::bytes(text.as_bytes())),
        })
    }

    fn told(old: &Tree, new: &Tree) -> Vec<String> {
        diff(old, new)
            .iter()
            .map(|change| {
                let member = change.member(None);
                let path = String::from_utf8(member.path).unwrap();
                match member.kind {
                    MemberKind::HardLink(target) => format!("{path}={}", String::from_utf8(target).unwrap()),
                    MemberKind::Dir => format!("{path}/"),
                    _ => path,
                }
            })
            .collect()
    }

    #[test]
    fn names_what_changed_and_the_way_to_it() {
        let mut old = Tree::default();
        let meta = Meta { mode: 0o755, ..Meta::default() };
        old.make_dirs(&clean(b"a/b/c"), &meta).unwrap();
        old.put(&clean(b"a/b/old"), file("x")).unwrap();
        old.put(&clean(b"a/same"), file("x")).unwrap();
        old.make_dirs(&clean(b"z/gone"), &meta).unwrap();
        let mut new = old.clone();
        new.remove(&clean(b"a/b/old"));
        new.put(&clean(b"a/same"), file("x")).unwrap();
        new.remove(&clean(b"z/gone"));
        let shared = file("y");
        new.put(&clean(b"z/one"), shared.clone()).unwrap();
        new.put(&clean(b"z/two"), shared).unwrap();
        assert_eq!(told(&old, &new), ["a/", "a/b/", "a/b/.wh.old", "z/", "z/.wh.gone", "z/one", "z/two=z/one"]);
        assert!(told(&new, &new.clone()).is_empty());
    }

    #[test]
    fn a_directory_that_becomes_something_else_is_named_once() {
        let mut old = Tree::default();
        old.make_dirs(&clean(b"d/e"), &Meta::default()).unwrap();
        let mut new = old.clone();
        new.put(&clean(b"d"), file("x")).unwrap();
        assert_eq!(told(&old, &new), ["d"]);
        assert_eq!(told(&new, &old), ["d/", "d/e/"]);
    }
}
