//! Layers through the whole library: what is read of them, and their bounds.

use std::cell::Cell;
use std::rc::Rc;

use layerwright::archive::gzip_write::GzipWriter;
use layerwright::archive::tar_write::{END, Member, MemberKind, padding};
use layerwright::image::{Image, Limits, LocalFuture, ReadAt, ReadError, Unwatched};
use layerwright::oci::hash::sha256;
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
    // Level 1 makes one block of everything: there is no place between blocks to go on from.
    let mut blob = Vec::new();
    let mut writer = GzipWriter::new(6);
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

/// An OCI layout with one gzip layer, as a tar.
fn layout(layer: &[u8], annotations: &str) -> Vec<u8> {
    let digest = |bytes: &[u8]| sha256(bytes).to_string();
    let described = |kind: &str, bytes: &[u8], more: &str| {
        let (digest, size) = (digest(bytes), bytes.len());
        format!(r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size}{more}}}"#)
    };
    let config = br#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let config_ref = described("config.v1+json", config, "");
    let layer_ref = described("layer.v1.tar+gzip", layer, annotations);
    let manifest = format!(r#"{{"schemaVersion":2,"config":{config_ref},"layers":[{layer_ref}]}}"#);
    let manifest_ref = described("manifest.v1+json", manifest.as_bytes(), "");
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{manifest_ref}]}}"#);
    let blob = |bytes: &[u8]| (format!("blobs/{}", digest(bytes).replace(':', "/")), bytes.to_vec());
    let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
    let files = [("oci-layout".into(), version), ("index.json".into(), index.into_bytes())];
    tar(&[files.as_slice(), &[blob(manifest.as_bytes()), blob(config), blob(layer)]].concat())
}

fn counted(bytes: Vec<u8>) -> (Image, Rc<Cell<u64>>) {
    let read = Rc::new(Cell::new(0));
    let source = Rc::new(Counting { bytes, read: read.clone() });
    (block_on(Image::open(source, Limits::default(), &Unwatched)).unwrap(), read)
}

#[test]
fn kept_checkpoints_spare_a_later_session_the_pass() {
    let files: Vec<_> = (0..40).map(|n| (format!("data/{n:02}"), noise(n, 700_000))).collect();
    let plain = tar(&files);
    // Some of it in a member of its own, so that checkpoints are of both kinds.
    let mut blob = Vec::new();
    for part in [&plain[..9 << 20], &plain[9 << 20..]] {
        let mut writer = GzipWriter::new(6);
        writer.write(part, &mut blob);
        writer.finish(&mut blob);
    }
    let image = layout(&blob, "");
    let (first, _) = counted(image.clone());
    let kept = block_on(first.checkpoints(0, 0, &Unwatched)).unwrap();
    let listing = |image: &Image| {
        let tree = block_on(image.listed_tree(0, &Unwatched)).unwrap();
        let mut paths = Vec::new();
        tree.visit(&mut |view| paths.push((view.path.to_vec(), view.node.attributes.size)));
        paths
    };
    let whole = listing(&first);
    for (path, bytes) in files.iter().rev().step_by(19) {
        let (later, read) = counted(image.clone());
        assert_eq!(later.take_checkpoints(&kept), Ok(1));
        assert_eq!(block_on(later.listed(0, 0)).unwrap().name(), "checkpoints");
        read.set(0);
        assert!(listing(&later) == whole);
        assert_eq!(read.get(), 0, "a listing reads nothing");
        assert!(block_on(later.read_file(0, path.as_bytes(), u64::MAX, &Unwatched)).unwrap() == *bytes);
        let size = blob.len() as u64;
        assert!(read.get() < size / 2, "{path}: {} of {size} bytes were read", read.get());
    }
    // What verifies reads the layer.
    let (later, read) = counted(image.clone());
    assert_eq!(later.take_checkpoints(&kept), Ok(1));
    let report = block_on(later.verify(&Unwatched)).unwrap();
    assert!(report.layers[0].verified && read.get() > blob.len() as u64);
    // Of another image: they are for none of its layers.
    let (other, _) = counted(layout(&blob[..blob.len() / 2], ""));
    assert_eq!(other.take_checkpoints(&kept), Ok(0));
    // A blob that is no longer the one that they were made of never gives other bytes than the image's.
    let at = image.windows(64).position(|window| window == &blob[..64]).unwrap();
    let mut refused = 0;
    for n in 0..4 {
        let mut changed = image.clone();
        changed[at + blob.len() / 4 * n + 1000] ^= 0x10;
        let (later, _) = counted(changed);
        assert_eq!(later.take_checkpoints(&kept), Ok(1));
        for (path, bytes) in files.iter().step_by(5) {
            match block_on(later.read_file(0, path.as_bytes(), u64::MAX, &Unwatched)) {
                Ok(read) => assert!(read == *bytes, "{path} was changed"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused >= 4, "{refused}");
}

/// An eStargz layer: a member for each chunk of content, the table, the footer. Gives the digest of the table too.
fn estargz(files: &[(String, Vec<u8>)], chunk: usize) -> (Vec<u8>, String) {
    let mut blob = Vec::new();
    let mut member = |bytes: &[u8]| {
        let at = blob.len();
        let mut writer = GzipWriter::new(1);
        writer.write(bytes, &mut blob);
        writer.finish(&mut blob);
        at
    };
    let header = |path: &str, size: usize| {
        let bytes = tar(&[(path.to_owned(), vec![0; size])]);
        bytes[..bytes.len() - END.len() - size - padding(size as u64) as usize].to_vec()
    };
    let mut entries = Vec::new();
    let mut pad = 0;
    for (path, bytes) in files {
        member(&[vec![0; pad], header(path, bytes.len())].concat());
        for (n, part) in bytes.chunks(chunk).enumerate() {
            let (at, digest, size) = (member(part), sha256(part), part.len());
            let place = format!(r#""name":"{path}","offset":{at},"chunkDigest":"{digest}","chunkSize":{size}"#);
            entries.push(match n {
                0 => format!(
                    r#"{{"type":"reg","size":{},"mode":420,"digest":"{}",{place}}}"#,
                    bytes.len(),
                    sha256(bytes)
                ),
                _ => format!(r#"{{"type":"chunk","chunkOffset":{},{place}}}"#, n * chunk),
            });
        }
        pad = padding(bytes.len() as u64) as usize;
    }
    let table = format!(r#"{{"version":1,"entries":[{}]}}"#, entries.join(","));
    let digest = sha256(table.as_bytes()).to_string();
    let end = tar(&[("stargz.index.json".to_owned(), table.into_bytes())]);
    member(&vec![0; pad]);
    let at = member(&end);
    blob.extend_from_slice(&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, b'S', b'G', 22, 0]);
    blob.extend_from_slice(format!("{at:016x}STARGZ").as_bytes());
    blob.extend_from_slice(&[1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    (blob, digest)
}

#[test]
fn a_table_of_contents_is_used_only_where_its_digest_is_right() {
    let files: Vec<_> = (0..8).map(|n| (format!("data/{n}"), noise(n, 300_001))).collect();
    let (blob, digest) = estargz(&files, 100_000);
    let annotation =
        |digest: &str| format!(r#","annotations":{{"containerd.io/snapshot/stargz/toc.digest":"{digest}"}}"#);
    let image = layout(&blob, &annotation(&digest));
    let (lazy, read) = counted(image.clone());
    lazy.use_tables();
    assert_eq!(block_on(lazy.listed(0, 0)).unwrap().name(), "table");
    read.set(0);
    assert!(block_on(lazy.read_file(0, b"data/5", u64::MAX, &Unwatched)).unwrap() == files[5].1);
    let size = blob.len() as u64;
    assert!(read.get() < size / 4, "{} of {size} bytes were read", read.get());
    let report = block_on(lazy.verify(&Unwatched)).unwrap();
    assert!(report.layers[0].verified, "{:?}", report.findings);
    // Not asked for, or another digest: the layer is walked.
    let (plain, _) = counted(image.clone());
    assert_eq!(block_on(plain.listed(0, 0)).unwrap().name(), "walked");
    let (wrong, _) = counted(layout(&blob, &annotation(&sha256(b"another").to_string())));
    wrong.use_tables();
    assert_eq!(block_on(wrong.listed(0, 0)).unwrap().name(), "walked");
    assert!(block_on(wrong.read_file(0, b"data/5", u64::MAX, &Unwatched)).unwrap() == files[5].1);
    // A chunk that is not what the table says is never given out; the others are.
    let at = image.windows(64).position(|window| window == &blob[..64]).unwrap();
    let mut changed = image;
    changed[at + blob.len() / 2] ^= 1;
    let (lazy, _) = counted(changed);
    lazy.use_tables();
    let read = |path: &str| block_on(lazy.read_file(0, path.as_bytes(), u64::MAX, &Unwatched));
    let results: Vec<_> = files.iter().map(|(path, bytes)| read(path).map(|read| read == *bytes)).collect();
    assert_eq!(results.iter().filter(|result| **result == Ok(true)).count(), 7);
    assert!(
        results.iter().flat_map(|result| result.as_ref().err()).all(|error| error.code() == "CHUNK_DIGEST_MISMATCH")
    );
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
