//! Random trees, made into layers and read again.

use std::collections::BTreeMap;
use std::rc::Rc;

use layerwright::archive::tar_write::Time;
use layerwright::build::copy::{CopyOptions, copy};
use layerwright::build::diff::{ChangeKind, diff};
use layerwright::build::glob::expand;
use layerwright::build::layer::{LayerCompression, LayerWriter};
use layerwright::build::tree::{Content, Kind, Meta, Node, Tree};
use layerwright::build::unpack::{UnpackError, UnpackLimits, Unpacked, Unpacker};
use layerwright::layer::{Ingest, IngestOptions, Layer};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Dir(u8, u16),
    File(u8, u16, Vec<u8>),
    Symlink(u8, String),
    Link(u8, u8),
    Remove(u8),
    Meta(u8, u16),
}

/// Twenty-seven places in three levels, with names that need more than plain ustar.
fn place(number: u8) -> Vec<Box<[u8]>> {
    let names: [&[u8]; 3] = [b"a", "\u{e9}".as_bytes(), &[b'n'; 120]];
    let number = usize::from(number) % 39;
    let mut path = vec![names[number % 3]];
    if number >= 3 {
        path.push(names[number / 3 % 3]);
    }
    if number >= 12 {
        path.push(names[number / 9 % 3]);
    }
    path.into_iter().map(Into::into).collect()
}

fn meta(bits: u16) -> Meta {
    Meta {
        mode: u32::from(bits) & 0o7777,
        uid: u64::from(bits) * 70_000,
        gid: u64::from(bits >> 3),
        mtime: Time { seconds: i64::from(bits) - 30_000, nanos: u32::from(bits) * 1000 },
        xattrs: BTreeMap::new(),
    }
}

fn apply(tree: &mut Tree, op: &Op) {
    let put = |tree: &mut Tree, at: u8, node: Rc<Node>| {
        let path = place(at);
        let _ = tree.make_dirs(&path[..path.len() - 1], &Meta { mode: 0o755, ..Meta::default() });
        let _ = tree.put(&path, node);
    };
    match op {
        Op::Dir(at, bits) if tree.get(&place(*at)).is_none_or(|node| !node.is_dir()) => {
            put(tree, *at, Rc::new(Node::dir(meta(*bits))));
        }
        Op::Dir(at, bits) | Op::Meta(at, bits) => {
            // Links share their attributes, so only directories change theirs in place.
            if tree.get(&place(*at)).is_some_and(|node| node.is_dir()) {
                tree.set_meta(&place(*at), meta(*bits)).unwrap();
            }
        }
        Op::File(at, bits, bytes) => {
            let kind = Kind::File(Content::bytes(bytes.clone()));
            put(tree, *at, Rc::new(Node { meta: meta(*bits), kind }));
        }
        Op::Symlink(at, target) => {
            let meta = Meta { mode: 0o777, ..Meta::default() };
            put(tree, *at, Rc::new(Node { meta, kind: Kind::Symlink(target.as_bytes().into()) }));
        }
        Op::Link(at, from) => {
            if let Some(node) = tree.get(&place(*from)).filter(|node| matches!(node.kind, Kind::File(_))).cloned() {
                put(tree, *at, node);
            }
        }
        Op::Remove(at) => tree.remove(&place(*at)),
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        (any::<u8>(), any::<u16>()).prop_map(|(at, bits)| Op::Dir(at, bits)),
        (any::<u8>(), any::<u16>(), prop::collection::vec(any::<u8>(), 0..1100))
            .prop_map(|(at, bits, bytes)| Op::File(at, bits, bytes)),
        (any::<u8>(), "[a-z./\u{e9}]{1,120}").prop_map(|(at, target)| Op::Symlink(at, target)),
        (any::<u8>(), any::<u8>()).prop_map(|(at, from)| Op::Link(at, from)),
        any::<u8>().prop_map(Op::Remove),
        (any::<u8>(), any::<u16>()).prop_map(|(at, bits)| Op::Meta(at, bits)),
    ];
    prop::collection::vec(op, 0..30)
}

fn blob(old: &Tree, new: &Tree, compression: LayerCompression) -> Vec<u8> {
    let mut writer = LayerWriter::new(compression);
    for change in diff(old, new) {
        writer.member(&change.member(None)).unwrap();
        if let ChangeKind::Node(node) = &change.kind
            && let Kind::File(Content::Bytes(bytes)) = &node.kind
        {
            writer.data(bytes);
            writer.end(bytes.len() as u64);
        }
    }
    writer.finish().bytes
}

fn layer(old: &Tree, new: &Tree, compression: LayerCompression) -> Layer {
    let options = IngestOptions { contents: Some(u64::MAX), ..IngestOptions::default() };
    let mut ingest = Ingest::new(&options);
    ingest.push(&blob(old, new, compression));
    let layer = ingest.finish();
    assert!(layer.error().is_none(), "{:?}", layer.error());
    layer
}

/// What `ADD` makes of an archive that comes in pieces.
fn unpack(bytes: &[u8], step: usize) -> Result<Unpacked, UnpackError> {
    let limits = UnpackLimits { bytes: 1 << 20, entries: 10_000 };
    let mut unpacker = Unpacker::new(Tree::default(), Vec::new(), &Meta::default(), None, limits).unwrap();
    for piece in bytes.chunks(step) {
        if !unpacker.push(piece)? {
            break;
        }
    }
    unpacker.finish()
}

/// Every name with all that a layer keeps of it.
fn facts(tree: &Tree) -> BTreeMap<Vec<u8>, String> {
    use sha2::{Digest, Sha256};
    let mut out = BTreeMap::new();
    let mut waiting = vec![(Vec::new(), tree.root.clone())];
    while let Some((path, node)) = waiting.pop() {
        if let Some(entries) = node.entries() {
            for (name, child) in entries {
                let separator: &[u8] = if path.is_empty() { b"" } else { b"/" };
                waiting.push(([&path, separator, name].concat(), child.clone()));
            }
        }
        let meta = &node.meta;
        let what = match &node.kind {
            Kind::Dir(_) => "dir".to_owned(),
            Kind::File(Content::Bytes(bytes)) => {
                format!("file {:?} {:?}", meta.mtime, Sha256::digest(bytes).as_slice())
            }
            Kind::Symlink(target) => format!("symlink {target:?}"),
            other => format!("{other:?}"),
        };
        out.insert(path, format!("{:o} {} {} {what}", meta.mode, meta.uid, meta.gid));
    }
    out.remove(&Vec::new());
    out
}

fn read(tree: &layerwright::layer::Tree, layers: &[&Layer]) -> BTreeMap<Vec<u8>, String> {
    use layerwright::archive::tar::EntryKind;
    let mut out = BTreeMap::new();
    tree.visit(&mut |path, _, node| {
        let a = &node.attributes;
        let member = layers[node.source.layer as usize].index.get(node.source.entry as usize).unwrap();
        let what = match a.kind {
            EntryKind::Dir => "dir".to_owned(),
            EntryKind::File => {
                let time = Time { seconds: a.mtime.seconds, nanos: a.mtime.nanos };
                format!("file {time:?} {:?}", member.sha256.unwrap().as_slice())
            }
            _ => format!("symlink {:?}", a.link),
        };
        out.insert(path.to_vec(), format!("{:o} {} {} {what}", a.mode, a.uid, a.gid));
    });
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn layers_say_what_the_trees_say(first in ops(), second in ops()) {
        let mut old = Tree::default();
        first.iter().for_each(|op| apply(&mut old, op));
        let mut new = old.clone();
        second.iter().for_each(|op| apply(&mut new, op));
        let below = layer(&Tree::default(), &old, LayerCompression::None);
        let above = layer(&old, &new, LayerCompression::Gzip(1));
        let mut merged = layerwright::layer::Tree::new();
        prop_assert!(merged.apply(0, &below.index).is_empty());
        prop_assert_eq!(read(&merged, &[&below]), facts(&old));
        prop_assert!(merged.apply(1, &above.index).is_empty());
        prop_assert_eq!(read(&merged, &[&below, &above]), facts(&new));
        prop_assert!(diff(&new, &new.clone()).is_empty());
    }

    #[test]
    fn unpacking_gives_the_tree_that_was_packed(list in ops(), step in 1usize..3000) {
        let mut tree = Tree::default();
        list.iter().for_each(|op| apply(&mut tree, op));
        for compression in [LayerCompression::None, LayerCompression::Gzip(1), LayerCompression::Zstd(1)] {
            match unpack(&blob(&Tree::default(), &tree, compression), step).unwrap() {
                Unpacked::Tree(unpacked) => prop_assert_eq!(facts(&unpacked), facts(&tree)),
                Unpacked::NotAnArchive => prop_assert!(facts(&tree).is_empty()),
            }
        }
    }

    #[test]
    fn damage_is_an_error_or_nothing_at_all(
        list in ops(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut tree = Tree::default();
        list.iter().for_each(|op| apply(&mut tree, op));
        let mut bytes = blob(&Tree::default(), &tree, LayerCompression::None);
        for (at, byte) in hits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(Unpacked::Tree(unpacked)) = unpack(&bytes, 512) {
            // Whatever came of it can be written and read again.
            layer(&Tree::default(), &unpacked, LayerCompression::None);
        }
    }

    #[test]
    fn copies_of_anything_end(
        first in ops(),
        second in ops(),
        source in "[anx./*?\\[\\]]{0,12}",
        destination in "/[an./]{0,9}",
    ) {
        let (mut from, mut into) = (Tree::default(), Tree::default());
        first.iter().for_each(|op| apply(&mut from, op));
        second.iter().for_each(|op| apply(&mut into, op));
        let before = facts(&into);
        let mut after = into.clone();
        if copy(&mut after, destination.as_bytes(), &from, source.as_bytes(), &CopyOptions::default()).is_ok() {
            let changes = diff(&into, &after);
            prop_assert!(changes.iter().all(|change| !matches!(change.kind, ChangeKind::Removed)));
        }
        prop_assert_eq!(facts(&into), before);
        if let Ok(Some(found)) = expand(&from, source.as_bytes()) {
            prop_assert!(found.iter().all(|path| from.get(path).is_some()));
        }
    }
}
