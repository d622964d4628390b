//! A file late in a compressed layer is read from a place near it.

use std::cell::Cell;
use std::rc::Rc;

use layerwright::archive::gzip_write::GzipWriter;
use layerwright::archive::tar_write::{END, Member, MemberKind, padding};
use layerwright::image::{Image, Limits, LocalFuture, ReadAt, ReadError, Unwatched};
use pollster::block_on;

/// Counts what is read.
struct Counting {
    bytes: Vec<u8>,
    read: Rc<Cell<u64>>,
}

impl ReadAt for Counting {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        self.read.set(self.read.get() + length as u64);
        self.bytes.read_at(offset, length)
    }
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, bytes) in files {
        let member = Member {
            path: path.clone().into_bytes(),
            kind: MemberKind::File(bytes.len() as u64),
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: Default::default(),
            xattrs: Default::default(),
        };
        out.extend(member.header().unwrap());
        out.extend_from_slice(bytes);
        out.extend(std::iter::repeat_n(0, padding(bytes.len() as u64)));
    }
    out.extend_from_slice(&END);
    out
}

fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8 & 0x3f
    };
    (0..length).map(next).collect()
}

#[test]
fn a_late_file_is_read_without_the_rest_of_the_layer() {
    let files: Vec<_> = (0..40).map(|n| (format!("data/{n:02}"), noise(n, 700_000))).collect();
    let mut blob = Vec::new();
    let mut writer = GzipWriter::new(1);
    writer.write(&tar(&files), &mut blob);
    writer.finish(&mut blob);
    let size = blob.len() as u64;
    let manifest = br#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["l.tar.gz"]}]"#.to_vec();
    let config =
        br#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec();
    let archive = tar(&[("manifest.json".into(), manifest), ("c.json".into(), config), ("l.tar.gz".into(), blob)]);
    let read = Rc::new(Cell::new(0));
    let source = Rc::new(Counting { bytes: archive, read: read.clone() });
    let image = block_on(Image::open(source, Limits::default(), &Unwatched)).unwrap();
    let file = |path: &str| block_on(image.read_file(0, path.as_bytes(), u64::MAX, &Unwatched)).unwrap();
    // The first one makes the index.
    assert!(file("data/00") == files[0].1);
    for (path, bytes) in files.iter().rev() {
        read.set(0);
        assert!(file(path) == *bytes, "{path}");
        assert!(read.get() < size / 2, "{path}: {} of {size} bytes were read", read.get());
    }
}
