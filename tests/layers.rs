//! Layers through the whole library: what is read of them, and their bounds.

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

/// A Docker archive with one layer.
fn image(layer: Vec<u8>) -> Vec<u8> {
    let manifest = br#"[{"Config":"c.json","RepoTags":["a:1"],"Layers":["layer"]}]"#.to_vec();
    let config =
        br#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#.to_vec();
    tar(&[("manifest.json".into(), manifest), ("c.json".into(), config), ("layer".into(), layer)])
}

#[test]
fn a_late_file_is_read_without_the_rest_of_the_layer() {
    let files: Vec<_> = (0..40).map(|n| (format!("data/{n:02}"), noise(n, 700_000))).collect();
    let mut blob = Vec::new();
    let mut writer = GzipWriter::new(1);
    writer.write(&tar(&files), &mut blob);
    writer.finish(&mut blob);
    let size = blob.len() as u64;
    let read = Rc::new(Cell::new(0));
    let source = Rc::new(Counting { bytes: image(blob), read: read.clone() });
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

#[test]
fn every_bound_has_its_code() {
    let files = [("a/b/c/d".to_owned(), vec![1; 3000]), ("e".to_owned(), vec![2; 10])];
    let plain = tar(&files);
    let mut gzip = Vec::new();
    let mut writer = GzipWriter::new(6);
    writer.write(&plain, &mut gzip);
    writer.finish(&mut gzip);
    let codes = |layer: &[u8], set: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        set(&mut limits);
        let image = block_on(Image::open(Rc::new(image(layer.to_vec())), limits, &Unwatched)).unwrap();
        let report = block_on(image.verify(&Unwatched)).unwrap();
        report.findings.iter().map(|finding| finding.code.to_string()).collect::<Vec<_>>()
    };
    let has = |layer: &[u8], code: &str, set: &dyn Fn(&mut Limits)| {
        let default = codes(layer, &|_| {});
        assert!(!default.iter().any(|found| found == code), "{code} without a bound: {default:?}");
        let found = codes(layer, set);
        assert!(found.iter().any(|found| found == code), "{code}: {found:?}");
    };
    has(&plain, "PATH_TOO_LONG", &|limits| limits.path = 5);
    has(&plain, "PATH_TOO_DEEP", &|limits| limits.path_depth = 3);
    has(&gzip, "LAYER_UNPACKED_TOO_LARGE", &|limits| limits.layer.unpacked = 1000);
    has(&gzip, "LAYER_COMPRESSION_RATIO", &|limits| (limits.layer.ratio, limits.layer.ratio_floor) = (2, 100));
    has(&gzip, "LAYER_INDEX_TOO_LARGE", &|limits| limits.layer.index = 10);
}

#[test]
fn an_xz_dictionary_has_a_bound() {
    let xz = include_bytes!("fixtures/hello.xz");
    let open = |dictionary| {
        let mut limits = Limits::default();
        limits.layer.decode.xz_dictionary = dictionary;
        block_on(Image::open(Rc::new(xz.to_vec()), limits, &Unwatched)).map(|_| ()).unwrap_err().code()
    };
    assert_eq!(open(1 << 20), "XZ_DICTIONARY_TOO_LARGE");
    // It is no image, but it can be decompressed.
    assert_eq!(open(64 << 20), "ARCHIVE_INVALID");
}
