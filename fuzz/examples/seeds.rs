//! Writes the seeds: small inputs of every kind, from which the fuzzers go on. `cargo run --example seeds` in `fuzz/`.
//! The same bytes each time.

use arbitrary::Unstructured;
use layerwright::archive::gzip_write::GzipWriter;
use layerwright_fuzz::{Files, files, tar};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs;
use std::path::PathBuf;

/// Bytes that look random (xorshift).
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::write(folder.join(name), bytes).expect("the seed can be written");
}

fn gzip(level: u8, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = GzipWriter::new(level);
    writer.write(plain, &mut out);
    writer.finish(&mut out);
    out
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex")).collect()
}

/// Plain contents: nothing, little, much of the same, text, every byte, noise.
fn contents() -> Vec<Vec<u8>> {
    let text = include_bytes!("seeds.rs");
    vec![Vec::new(), b"a".to_vec(), vec![b'a'; 3000], text[..1500].to_vec(), (0..=255).collect(), noise(1, 300)]
}

fn compressed() {
    for (number, plain) in contents().iter().enumerate() {
        for level in [1, 6, 9] {
            let blob = gzip(level, plain);
            write("inflate", &format!("{number}-{level}"), &blob[10..blob.len() - 8]);
        }
        // The first byte of a seed says which format is meant.
        let one = gzip(6, plain);
        write("decode", &format!("gzip-{number}"), &[&[0][..], &one].concat());
        write("decode", &format!("zstd-{number}"), &[&[1][..], &compress_to_vec(plain.as_slice(), CompressionLevel::Fastest)].concat());
    }
    let stored = b"\x01\x05\0\xfa\xffhello";
    write("inflate", "stored", stored);
    write("inflate", "stored-twice", &[&b"\x00\x05\0\xfa\xffhello"[..], stored].concat());
    let (one, two) = (gzip(6, b"first member"), gzip(1, &vec![b'b'; 70_000]));
    write("decode", "gzip-members", &[&[0][..], &one, &two, &gzip(6, b""), &one].concat());
    write("decode", "gzip-zeros-behind", &[&[0][..], &one, &[0; 20]].concat());
    // A header with an extra field, a name, a comment.
    let header = b"\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x04\0SZ\0\0name\0comment\0";
    write("decode", "gzip-header", &[&[0][..], header, &one[10..]].concat());
    let frame = compress_to_vec(&b"a frame"[..], CompressionLevel::Fastest);
    let raw = compress_to_vec(&noise(2, 200)[..], CompressionLevel::Uncompressed);
    let skipped = b"\x5e\x2a\x4d\x18\x05\0\0\0hello";
    write("decode", "zstd-frames", &[&[1][..], &frame, skipped, &raw, &frame].concat());
    write("decode", "zstd-only-skipped", &[&[1][..], skipped].concat());
    write("decode", "xz", &[&[2][..], &hex("fd377a585a000004e6d6b4460200210116000000742fe5a3e00013000e5d00341949ee8def8c8731f52f640000000000b0488559d7a9ae4b00012a147ead37551fb6f37d010000000004595a")].concat());
    write("decode", "xz-empty", &[&[2][..], &hex("fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a")].concat());
    write("decode", "bzip2", &[&[3][..], &hex("425a6839314159265359cb52e5670000055100001040040244a00021243108602f1844c715178bb9229c284865a972b380")].concat());
    write("decode", "bzip2-empty", &[&[3][..], &hex("425a683917724538509000000000")].concat());
}

/// The first that are short enough of what noise makes.
fn some<T>(count: usize, most: usize, make: impl Fn(&mut Unstructured<'_>) -> arbitrary::Result<T>, size: impl Fn(&T) -> usize) -> Vec<T> {
    let made = (1..).filter_map(|seed| make(&mut Unstructured::new(&noise(seed, 1200))).ok());
    made.filter(|made| (1..=most).contains(&size(made))).take(count).collect()
}

fn archives() {
    for (number, tar) in some(24, 5120, tar, Vec::len).iter().enumerate() {
        write("tar", &number.to_string(), tar);
    }
    let archives = some(10, 9 << 10, |u| files(u).map(|files: Files| files.tar()), Vec::len);
    for (number, tar) in archives.iter().enumerate() {
        write("image", &number.to_string(), tar);
    }
    write("image", "gzip", &gzip(9, &archives[0]));
    write("image", "zstd", &compress_to_vec(archives[1].as_slice(), CompressionLevel::Fastest));
    for (number, files) in some(6, 20 << 10, files, |files| files.0.len() << 10).iter().enumerate() {
        for (path, bytes) in files.0.iter().filter(|(_, bytes)| bytes.first() == Some(&b'{')) {
            write("json", &format!("{number}-{}", &path[path.len().saturating_sub(8)..]), bytes);
        }
    }
    let odd = br#" { "a" : [ 1, -0, 1.5e+3, 18446744073709551616, "\u00e9\ud83d\ude00\ud800\n\/", true, false, null, {}, [ ] ], "a": {"b":{"c":[[]]}} } "#;
    write("json", "odd", odd);
    let digest = format!("sha256:{}", "9".repeat(64));
    let table = format!(
        r#"{{"version":1,"entries":[{{"type":"dir","name":"a/","mode":493,"modtime":"2024-01-02T03:04:05Z"}},{{"type":"reg","name":"a/b","size":9,"offset":5,"endOffset":20,"chunkSize":4,"chunkDigest":"{digest}","digest":"{digest}","xattrs":{{"user.a":"eA=="}}}},{{"type":"chunk","name":"a/b","chunkOffset":4,"chunkType":"zeros","chunkDigest":"{digest}"}},{{"type":"symlink","name":"l","linkName":"a/b"}}]}}"#
    );
    write("table", "both", table.as_bytes());
    // What these read is made into archives.
    for target in ["opener", "assemble", "change"] {
        for number in 0..6 {
            write(target, &number.to_string(), &noise(100 + number, 1500));
        }
    }
}

fn main() {
    compressed();
    archives();
}
