//! Whatever the bytes, every reader ends, does not panic, and says the same however the input is cut.
#![cfg(all(feature = "image", not(target_arch = "wasm32")))]

use std::rc::Rc;

use layerwright::archive::decode::{DecodeError, DecodeLimits, Decoder};
use layerwright::archive::gzip_write::GzipWriter;
use layerwright::archive::tar::{Entry, TarReader, TarSink};
use layerwright::image::{Image, Limits, StreamOpener, Unwatched};
use layerwright::oci::hash::sha256;
use layerwright::oci::{Compression, JsonLimits, Reference, json};
use pollster::block_on;
use proptest::prelude::*;

#[derive(Default, PartialEq, Debug)]
struct Seen(Vec<(Vec<u8>, u64, u64)>, u64);

impl TarSink for Seen {
    fn entry(&mut self, entry: &Entry) {
        self.0.push((entry.path.clone(), entry.size, entry.data_offset));
    }
    fn data(&mut self, bytes: &[u8]) {
        self.1 += bytes.len() as u64;
    }
    fn hole(&mut self, length: u64) {
        self.1 = self.1.wrapping_add(length);
    }
    fn end(&mut self) {}
}

fn tar(bytes: &[u8], step: usize) -> (Seen, String) {
    let mut reader = TarReader::default();
    let mut seen = Seen::default();
    let result = bytes.chunks(step).try_for_each(|chunk| reader.push(chunk, &mut seen)).and_then(|()| reader.finish());
    (seen, format!("{result:?} {:?}", reader.issues()))
}

fn decode(format: Compression, bytes: &[u8], step: usize) -> (Vec<u8>, Result<(), &'static str>) {
    let mut decoder = Decoder::new(format, DecodeLimits { zstd_window: 1 << 20, xz_dictionary: 1 << 20 }).unwrap();
    let mut out = Vec::new();
    let mut keep = |piece: &[u8]| {
        out.extend_from_slice(piece);
        if out.len() > 8 << 20 { Err(DecodeError::Unsupported { what: "too much" }) } else { Ok(()) }
    };
    let result = bytes
        .chunks(step)
        .try_for_each(|chunk| decoder.push::<DecodeError>(chunk, &mut keep))
        .and_then(|()| decoder.finish::<DecodeError>(&mut keep));
    (out, result.map_err(|error| error.code()))
}

fn header(name: &str, size: usize, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = GzipWriter::new(6);
    writer.write(bytes, &mut out);
    writer.finish(&mut out);
    out
}

/// A small image with two layers.
fn image() -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    for (name, body) in [("etc/passwd", "root"), ("usr/bin/.wh.x", ""), ("usr/.wh..wh..opq", "")] {
        layer.append(&header(name, body.len(), tar::EntryType::Regular), body.as_bytes()).unwrap();
    }
    let mut link = header("etc/link", 0, tar::EntryType::Symlink);
    link.set_link_name("../usr").unwrap();
    link.set_cksum();
    layer.append(&link, &[][..]).unwrap();
    let plain = layer.into_inner().unwrap();
    let packed = gzip(&plain);
    let descriptor = |media: &str, bytes: &[u8]| serde_json::json!({ "mediaType": media, "digest": sha256(bytes), "size": bytes.len() });
    let config = serde_json::json!({ "architecture": "amd64", "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": [sha256(&plain), sha256(&plain)] } });
    let config = config.to_string().into_bytes();
    let manifest = serde_json::json!({ "schemaVersion": 2,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &packed),
            descriptor("application/vnd.oci.image.layer.v1.tar", &plain)] });
    let manifest = manifest.to_string().into_bytes();
    let index = serde_json::json!({ "schemaVersion": 2,
        "manifests": [descriptor("application/vnd.oci.image.manifest.v1+json", &manifest)] });
    let mut outer = tar::Builder::new(Vec::new());
    let mut add = |name: String, bytes: &[u8]| {
        outer.append(&header(&name, bytes.len(), tar::EntryType::Regular), bytes).unwrap();
    };
    add("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#);
    add("index.json".into(), index.to_string().as_bytes());
    for bytes in [&config, &manifest, &packed, &plain] {
        add(sha256(bytes).blob_path(), bytes);
    }
    outer.into_inner().unwrap()
}

/// Opens and verifies in both ways; answers with the codes of what was found.
fn verify(bytes: &[u8]) -> [Vec<String>; 2] {
    let codes = |opened: Result<Image, layerwright::image::OpenError>| match opened {
        Err(error) => vec![error.code().to_owned()],
        Ok(image) => {
            for (number, _) in image.images() {
                if let Ok(tree) = block_on(image.tree(number, Some(1 << 20), &Unwatched)) {
                    tree.visit(&mut |view| assert!(!view.path.is_empty()));
                }
                let _ = block_on(image.read_file(number, b"etc/passwd", 1 << 20, &Unwatched));
            }
            let report = block_on(image.verify(&Unwatched)).unwrap();
            report.findings.into_iter().map(|finding| finding.code).collect()
        }
    };
    let seek = codes(block_on(Image::open(Rc::new(bytes.to_vec()), Limits::default(), &Unwatched)));
    let mut opener = StreamOpener::new(Limits::default(), None);
    let pushed = bytes.chunks(777).try_for_each(|chunk| opener.push(chunk));
    let stream = codes(pushed.and_then(|()| block_on(opener.finish(&Unwatched))));
    [seek, stream]
}

#[test]
fn the_image_itself_is_fine_both_ways() {
    assert_eq!(verify(&image()), [Vec::<String>::new(), Vec::new()]);
    assert_eq!(verify(&gzip(&image())), [Vec::<String>::new(), Vec::new()]);
}

/// Bytes changed, by place and value, and a part cut out, by place and length.
type Damage = (Vec<(usize, u8)>, Option<(usize, usize)>);

fn damage() -> impl Strategy<Value = Damage> {
    (
        prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        prop::option::weighted(0.3, (any::<usize>(), 0..2000usize)),
    )
}

fn apply(mut bytes: Vec<u8>, (changes, cut): Damage) -> Vec<u8> {
    for (at, value) in changes {
        let length = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at % length) {
            *byte = value;
        }
    }
    if let Some((at, length)) = cut {
        let at = at % bytes.len().max(1);
        let end = (at + length).min(bytes.len());
        bytes.drain(at..end);
    }
    bytes
}

/// Headers with a right checksum and odd fields, so that more than the checksum is tried.
fn odd_tar() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just(b"00000000010\0".to_vec()),
        prop::collection::vec(any::<u8>(), 12),
        prop::collection::vec(prop::sample::select(b"01234567 \0".to_vec()), 12)
    ];
    let body = prop_oneof![
        Just(Vec::new()),
        Just(b"12 path=abc\n22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n".to_vec()),
        Just(b"26 GNU.sparse.map=0,1,5,2\n25 GNU.sparse.numblocks=2\n23 GNU.sparse.size=10\n".to_vec()),
        Just(b"1\n0\n512\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..600)
    ];
    let flag = prop_oneof![prop::sample::select(b"0123456xgLKS7\0".to_vec()), any::<u8>()];
    let magic = prop::sample::select(vec![&b"ustar\x0000"[..], b"ustar  \0", b"\0\0\0\0\0\0\0\0"]);
    let entry = (flag, magic, field, body, any::<bool>(), prop::collection::vec(any::<u8>(), 0..155));
    prop::collection::vec(entry, 1..8).prop_map(|entries| {
        let mut out = Vec::new();
        for (flag, magic, field, body, right_size, rest) in entries {
            let mut block = [0u8; 512];
            block[..4].copy_from_slice(b"name");
            block[100..108].copy_from_slice(b"0000644\0");
            block[124..136].copy_from_slice(&field[..12]);
            if right_size {
                block[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
            }
            block[156] = flag;
            block[257..265].copy_from_slice(magic);
            block[345..345 + rest.len()].copy_from_slice(&rest);
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            out.extend_from_slice(&block);
            out.extend_from_slice(&body);
            out.resize(out.len().next_multiple_of(512), 0);
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tar_reads_the_same_however_it_is_cut(bytes in odd_tar(), step in 1usize..2000) {
        prop_assert_eq!(tar(&bytes, usize::MAX), tar(&bytes, step));
    }

    #[test]
    fn noise_ends_every_decoder(noise in prop::collection::vec(any::<u8>(), 0..2000), step in 1usize..600) {
        let magics = [
            (Compression::Gzip, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..]),
            (Compression::Zstd, &[0x28, 0xb5, 0x2f, 0xfd]),
            (Compression::Xz, &[0xfd, b'7', b'z', b'X', b'Z', 0]),
            (Compression::Bzip2, b"BZh9\x31\x41\x59\x26\x53\x59"),
        ];
        for (format, magic) in magics {
            let bytes = [magic, &noise].concat();
            let _ = decode(format, &bytes, step);
            let _ = decode(format, &noise, step);
        }
        let _ = tar(&noise, step);
        let _ = json::parse(&noise, JsonLimits::default());
    }

    #[test]
    fn damaged_streams_read_the_same_however_they_are_cut(
        text in prop::collection::vec(0u8..4, 0..5000), harm in damage(), step in 1usize..600,
    ) {
        let zstd = ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
        for (format, good) in [(Compression::Gzip, gzip(&text)), (Compression::Zstd, zstd)] {
            let bytes = apply(good, harm.clone());
            prop_assert_eq!(decode(format, &bytes, usize::MAX), decode(format, &bytes, step));
        }
    }

    #[test]
    fn references_and_json_never_panic(text in ".{0,200}") {
        let _ = Reference::parse(&text);
        if let Ok((value, _)) = json::parse(text.as_bytes(), JsonLimits::default()) {
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&value.to_string()).unwrap(), value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_damaged_image_is_answered(harm in damage(), packed in any::<bool>()) {
        let good = if packed { gzip(&image()) } else { image() };
        verify(&apply(good, harm));
    }
}
