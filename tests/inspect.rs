//! Exported, searched and analysed images: real ones from beside the project, where they are there.
#![cfg(feature = "image")]

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use layerwright::archive::tar::{EntryKind, Segment};
use layerwright::image::{Image, Limits, Unwatched};
use layerwright::layer::{Ingest, IngestOptions, Layer, Origin, TouchKind, Tree};
use pollster::block_on;

fn images() -> Vec<PathBuf> {
    let root = std::env::var_os("LAYERWRIGHT_FIXTURES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"), PathBuf::from);
    let Ok(list) = std::fs::read_dir(root.join("small")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = list.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn each(mut work: impl FnMut(&str, &Rc<Image>, usize)) {
    for path in images() {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let Ok(image) = block_on(Image::open(Rc::new(bytes), Limits::default(), &Unwatched)) else { continue };
        let image = Rc::new(image);
        let numbers: Vec<usize> = image.images().map(|(number, _)| number).collect();
        for number in numbers {
            work(&path.file_name().unwrap().to_string_lossy(), &image, number);
        }
    }
}

fn read(tar: &[u8]) -> Layer {
    let mut ingest = Ingest::new(&IngestOptions { contents: Some(u64::MAX), ..IngestOptions::default() });
    ingest.push(tar);
    ingest.finish()
}

fn export(image: &Rc<Image>, number: usize) -> Option<Vec<u8>> {
    let mut export = block_on(image.export(number, &Unwatched)).ok()?;
    let mut tar = Vec::new();
    while let Some(bytes) = block_on(export.next(&Unwatched)).unwrap() {
        assert!(bytes.len() < 40 << 20);
        tar.extend_from_slice(&bytes);
    }
    Some(tar)
}

type Facts = BTreeMap<Vec<u8>, (EntryKind, u32, i64, i64, u64, i64, Vec<u8>, Option<[u8; 32]>)>;

#[test]
fn an_export_holds_the_merged_filesystem_and_nothing_else() {
    each(|name, image, number| {
        let Some(tar) = export(image, number) else { return };
        assert_eq!(export(image, number).as_ref(), Some(&tar), "{name}: the same bytes again");
        let layer = read(&tar);
        assert_eq!(layer.error(), None, "{name}");
        let mut seen: HashSet<&[u8]> = HashSet::new();
        for member in layer.index.iter() {
            assert!(
                member.ambiguity.is_empty() || member.uid > i64::from(i32::MAX) || member.gid > i64::from(i32::MAX)
            );
            assert_eq!(member.sparse, None::<&[Segment]>);
            if member.kind == EntryKind::Hardlink {
                assert!(seen.contains(member.link), "{name}: a link before its target");
            }
            assert!(seen.insert(member.path), "{name}: twice");
        }
        let mut tree = Tree::new();
        tree.apply(0, &layer.index);
        let merged = block_on(image.tree(number, Some(u64::MAX), &Unwatched)).unwrap();
        let facts = |tree: &Tree, content: &dyn Fn(Origin) -> Option<[u8; 32]>| {
            let mut facts = Facts::new();
            tree.visit(&mut |path, _, node| {
                let of = &node.attributes;
                let file = of.kind == EntryKind::File;
                let sha256 = if file { content(node.source) } else { None };
                let size = if file { of.size } else { 0 };
                let id = |id: i64| if id < 0 { 65_534 } else { id };
                let link = of.link.to_vec();
                let fact = (of.kind, of.mode, id(of.uid), id(of.gid), size, of.mtime.seconds, link, sha256);
                facts.insert(path.to_vec(), fact);
            });
            facts
        };
        let got = facts(&tree, &|origin| layer.index.get(origin.entry as usize)?.sha256.copied());
        let want = facts(&merged.tree, &|origin| {
            let layer = merged.layers.get(origin.layer as usize)?.as_ref()?;
            layer.index.get(origin.entry as usize)?.sha256.copied()
        });
        for (path, fact) in &want {
            assert_eq!(got.get(path), Some(fact), "{name}: {}", String::from_utf8_lossy(path));
        }
        assert_eq!(got.len(), want.len(), "{name}");
    });
}

#[test]
fn a_text_is_found_where_reading_every_file_finds_it() {
    each(|name, image, number| {
        let Ok(merged) = block_on(image.tree(number, None, &Unwatched)) else { return };
        if merged.layers.iter().flatten().any(|layer| layer.error().is_some() || layer.unpacked > 4 << 20) {
            return;
        }
        let mut want = Vec::new();
        let mut at = 0u32;
        let mut files = Vec::new();
        merged.tree.visit(&mut |path, _, node| {
            if node.attributes.kind == EntryKind::File && node.attributes.size < 1 << 20 {
                files.push((at, path.to_vec()));
            }
            at += 1;
        });
        for (at, path) in files.iter().take(60) {
            let bytes = block_on(image.read_merged(&merged, number, path, u64::MAX, &Unwatched)).unwrap();
            if let Some(offset) = bytes.windows(2).position(|pair| pair == b"in") {
                want.push((*at, offset as u64));
            }
        }
        let among: Vec<u32> = files.iter().take(60).map(|(at, _)| *at).collect();
        let found = block_on(image.search(number, b"in", Some(&among), &Unwatched)).unwrap();
        let got: Vec<(u32, u64)> = found.iter().map(|found| (found.name, found.offset)).collect();
        assert_eq!(got, want, "{name}");
    });
}

#[test]
fn the_bytes_of_an_analysis_add_up() {
    each(|name, image, number| {
        let analysis = block_on(image.analyze(number, usize::MAX, &Unwatched)).unwrap();
        let stored: u64 = analysis.layers.iter().map(|layer| layer.stored.bytes).sum();
        let wasted: u64 = analysis.layers.iter().map(|layer| layer.wasted.bytes).sum();
        assert_eq!(wasted, analysis.wasted.iter().map(|wasted| wasted.bytes).sum::<u64>(), "{name}");
        assert!(wasted <= stored, "{name}");
        assert!((0.0..=1.0).contains(&analysis.efficiency.score), "{name}: {:?}", analysis.efficiency);
        for wasted in &analysis.wasted {
            assert!(wasted.by.is_none_or(|by| by >= wasted.origin.layer), "{name}: {wasted:?}");
        }
        if wasted == 0 && analysis.layers.iter().all(|layer| layer.changed.files == 0 && layer.removed.files == 0) {
            assert_eq!(analysis.efficiency.wasted_bytes, 0, "{name}");
        }
    });
}

#[test]
fn the_last_touch_of_a_path_is_the_layer_that_brought_it() {
    each(|name, image, number| {
        let merged = block_on(image.tree(number, None, &Unwatched)).unwrap();
        let mut paths = Vec::new();
        merged.tree.visit(&mut |path, name, _| paths.push((path.to_vec(), name.origin.layer)));
        for (path, layer) in paths.iter().step_by(paths.len() / 20 + 1) {
            let touches = block_on(image.touches(number, path, None, &Unwatched)).unwrap();
            let last = touches.last().unwrap();
            assert_eq!(last.layer, *layer, "{name}: {}", String::from_utf8_lossy(path));
            assert_ne!(last.kind, TouchKind::Removed);
            assert_eq!(touches.first().unwrap().kind, TouchKind::Added, "{name}");
        }
    });
}
