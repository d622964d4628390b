//! Every bound of an image can be set, and says by a code of its own that it was met.

use std::rc::Rc;

use layerwright::archive::gzip_write::GzipWriter;
use layerwright::archive::tar_write::{END, Member, MemberKind, Time, padding};
use layerwright::image::{Image, Limits, OpenError, StreamOpener, Unwatched};
use layerwright::oci::hash::sha256;
use pollster::block_on;

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, bytes) in files {
        let kind = MemberKind::File(bytes.len() as u64);
        let (path, mtime) = (path.as_bytes().to_vec(), Time::default());
        let member = Member { path, kind, mode: 0o644, uid: 0, gid: 0, mtime, xattrs: Default::default() };
        out.extend(member.header().unwrap());
        out.extend_from_slice(bytes);
        out.resize(out.len() + padding(bytes.len() as u64), 0);
    }
    out.extend_from_slice(&END);
    out
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = GzipWriter::new(9);
    writer.write(plain, &mut out);
    writer.finish(&mut out);
    out
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A layout with an image of this layer, in an index in an index.
fn archive(kind: &str, layer: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut blob = |bytes: &[u8]| {
        let digest = sha256(bytes);
        files.push((digest.blob_path(), bytes.to_vec()));
        format!(r#""digest":"{digest}","size":{}"#, bytes.len())
    };
    let layer = blob(layer);
    let config = blob(
        format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
            sha256(plain)
        )
        .as_bytes(),
    );
    let mut inner = blob(
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar{kind}",{layer}}}]}}"#
        )
        .as_bytes(),
    );
    let mut media = "manifest";
    for _ in 0..2 {
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.{media}.v1+json",{inner}}}]}}"#
        );
        inner = blob(index.as_bytes());
        media = "index";
    }
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.index.v1+json",{inner}}}]}}"#
    );
    files.push(("index.json".into(), index.into_bytes()));
    files.push(("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    tar(&files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
}

fn codes(opened: Result<Image, OpenError>) -> Vec<String> {
    match opened {
        Err(error) => vec![error.code().to_owned()],
        Ok(image) => {
            let report = block_on(image.verify(&Unwatched)).unwrap();
            report.findings.into_iter().map(|finding| finding.code).collect()
        }
    }
}

fn opened(bytes: &[u8], limits: Limits) -> Vec<String> {
    codes(block_on(Image::open(Rc::new(bytes.to_vec()), limits, &Unwatched)))
}

fn streamed(bytes: &[u8], limits: Limits) -> Vec<String> {
    let mut stream = StreamOpener::new(limits, None);
    let pushed = bytes.chunks(1000).try_for_each(|piece| stream.push(piece));
    codes(pushed.and_then(|()| block_on(stream.finish(&Unwatched))))
}

#[test]
fn each_has_a_code_of_its_own() {
    let long = "d/".repeat(100) + &"n".repeat(200);
    let plain = tar(&[("a", b"hello"), ("b/c", &[0; 100_000]), (&long, b"")]);
    let image = archive("+gzip", &gzip(&plain), &plain);
    let image_zstd = archive("+zstd", &zstd(&plain), &plain);
    let packed = gzip(&image);
    assert_eq!(opened(&image, Limits::default()), Vec::<String>::new());
    assert_eq!(opened(&packed, Limits::default()), Vec::<String>::new());
    assert_eq!(opened(&image_zstd, Limits::default()), Vec::<String>::new());

    /// A code, what is opened, and the bound that refuses it.
    type Bound<'a> = (&'a str, &'a [u8], fn(&mut Limits));
    let set: [Bound<'_>; 15] = [
        ("JSON_TOO_LARGE", &image, |limits| limits.json.bytes = 100),
        ("JSON_TOO_DEEP", &image, |limits| limits.json.depth = 2),
        ("INDEX_TOO_DEEP", &image, |limits| limits.index_depth = 1),
        ("TOO_MANY_DOCUMENTS", &image, |limits| limits.documents = 2),
        ("ARCHIVE_TOO_MANY_MEMBERS", &image, |limits| limits.members = 3),
        ("ARCHIVE_TOO_MANY_MEMBERS", &packed, |limits| limits.members = 3),
        ("LAYER_UNPACKED_TOO_LARGE", &image, |limits| limits.layer.unpacked = 50_000),
        ("LAYER_COMPRESSION_RATIO", &image, |limits| (limits.layer.ratio, limits.layer.ratio_floor) = (10, 5000)),
        ("LAYER_INDEX_TOO_LARGE", &image, |limits| limits.layer.index = 100),
        ("ZSTD_WINDOW_TOO_LARGE", &image_zstd, |limits| limits.layer.decode.zstd_window = 1000),
        ("TAR_METADATA_TOO_LONG", &image, |limits| limits.layer.tar.metadata = 100),
        ("TAR_PATH_TOO_LONG", &image, |limits| limits.layer.tar.path = 150),
        ("TAR_TOO_MANY_ENTRIES", &image, |limits| limits.layer.tar.entries = 2),
        ("PATH_TOO_LONG", &image, |limits| limits.path = 300),
        ("PATH_TOO_DEEP", &image, |limits| limits.path_depth = 50),
    ];
    for (code, bytes, change) in set {
        let mut limits = Limits::default();
        change(&mut limits);
        for found in [opened(bytes, limits), streamed(bytes, limits)] {
            assert!(found.iter().any(|own| own == code), "{code}: {found:?}");
        }
    }
    // These differ between what can be read at any place and what flows by.
    let small = Limits { outer_memory: 5000, ..Limits::default() };
    assert_eq!(opened(&packed, small), ["ARCHIVE_TOO_LARGE"]);
    assert_eq!(streamed(&packed, small), Vec::<String>::new());
    let mut limits = Limits::default();
    limits.layer.unpacked = 5000;
    assert_eq!(streamed(&packed, limits), ["ARCHIVE_TOO_LARGE"]);
    let zeros = gzip(&archive("", &vec![0; 1 << 20], &vec![0; 1 << 20]));
    (limits.layer.unpacked, limits.layer.ratio, limits.layer.ratio_floor) = (u64::MAX, 50, 1 << 16);
    assert_eq!(streamed(&zeros, limits), ["ARCHIVE_COMPRESSION_RATIO"]);
    let small = Limits { stream_documents: 500, ..Limits::default() };
    assert_eq!(streamed(&image, small), ["STREAM_DOCUMENTS_TOO_LARGE"]);
    assert_eq!(opened(&image, small), Vec::<String>::new());
}

#[test]
fn files_and_exports_are_bounded() {
    let plain = tar(&[("a", &[1; 5000])]);
    let bytes = archive("+gzip", &gzip(&plain), &plain);
    let mut limits = Limits::default();
    let image = block_on(Image::open(Rc::new(bytes.clone()), limits, &Unwatched)).unwrap();
    let at = image.images().next().unwrap().0;
    assert_eq!(block_on(image.read_file(at, b"a", 4999, &Unwatched)).unwrap_err().code(), "FILE_TOO_LARGE");
    assert_eq!(block_on(image.read_file(at, b"a", 5000, &Unwatched)).unwrap().len(), 5000);
    limits.layer.unpacked = 4000;
    let image = Rc::new(block_on(Image::open(Rc::new(bytes), limits, &Unwatched)).unwrap());
    let export = block_on(image.export(at, &Unwatched)).map(|_| ());
    assert_eq!(export.unwrap_err().code(), "LAYER_UNPACKED_TOO_LARGE");
}
