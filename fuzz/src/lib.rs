//! Images made of fuzzers' bytes: tars with right checksums, layouts with right digests, so that what is behind those is
//! reached too.

use arbitrary::{Arbitrary, Result, Unstructured};
use layerwright::archive::gzip_write::GzipWriter;
use layerwright::archive::tar_write::{END, Member, MemberKind, Time, padding};
use layerwright::image::Limits;
use layerwright::oci::Digest;
use layerwright::oci::hash::sha256;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bounds that keep one run short.
pub fn limits() -> Limits {
    let mut limits = Limits { outer_memory: 8 << 20, behind_end: 1 << 20, ..Limits::default() };
    limits.layer.unpacked = 16 << 20;
    // What our own writer asks for must be enough.
    limits.layer.decode.zstd_window = 4 << 20;
    limits.layer.decode.xz_dictionary = 1 << 20;
    limits
}

/// Bytes: few names, so that they meet, or any.
pub fn name(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const PARTS: [&[u8]; 20] = [
        b"a", b"b", b"etc", b"passwd", b"l", b".wh.a", b".wh.etc", b".wh.l", b".wh..wh..opq", b".wh.", b".wh..", b".wh...",
        b".wh..wh.plnk", b"..", b".", b"", b"\xff", b"a\n", b"A", b"stargz.index.json",
    ];
    if u.ratio(1, 12)? {
        return Ok(u.arbitrary::<&[u8]>()?.iter().copied().take(300).collect());
    }
    let mut out = if u.ratio(1, 10)? { b"/".to_vec() } else { Vec::new() };
    for number in 0..u.int_in_range(1..=4)? {
        if number > 0 {
            out.push(b'/');
        }
        out.extend_from_slice(u.choose(&PARTS)?);
    }
    if u.ratio(1, 10)? {
        out.push(b'/');
    }
    Ok(out)
}

/// Bytes of a body: mostly few.
fn body(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 40)? {
        return Ok(vec![u.arbitrary()?; u.int_in_range(0..=100_000)?]);
    }
    Ok(u.arbitrary::<&[u8]>()?.iter().copied().take(2000).collect())
}

/// The member's header, or what comes before it, as someone else's writer might write it.
fn header(u: &mut Unstructured<'_>, path: &[u8], link: &[u8], flag: u8, size: u64) -> Result<Vec<u8>> {
    let mut block = [0u8; 512];
    let mut put = |at: usize, most: usize, bytes: &[u8]| {
        for (to, from) in block.iter_mut().skip(at).take(most).zip(bytes) {
            *to = *from;
        }
    };
    let mut octal = |u: &mut Unstructured<'_>, at: usize, width: usize, value: u64| -> Result<()> {
        match u.int_in_range(0..=30)? {
            0 => put(at, width, u.bytes(width.min(u.len()))?),
            1 => {
                let mut binary = vec![0; width - 8];
                binary.extend_from_slice(&value.to_be_bytes());
                binary[0] |= 0x80;
                put(at, width, &binary);
            }
            _ => put(at, width, format!("{value:0digits$o}\0", digits = width - 1).as_bytes()),
        }
        Ok(())
    };
    octal(u, 124, 12, size)?;
    let time: i32 = u.arbitrary()?;
    octal(u, 136, 12, time as u64)?;
    for (at, value) in [(100, u.arbitrary::<u16>()? as u64), (108, u.arbitrary::<u8>()? as u64), (116, 0)] {
        octal(u, at, 8, value)?;
    }
    put(0, 100, path);
    put(156, 1, &[flag]);
    put(157, 100, link);
    put(257, 8, u.choose(&[&b"ustar\x0000"[..], b"ustar  \0", b"", b"ustar\x0000", b"ustar\0\0\0"])?);
    if u.ratio(1, 8)? {
        put(345, 155, &name(u)?);
    }
    if u.ratio(1, 8)? {
        let more = u.bytes(110.min(u.len()))?;
        put(385, 127, more);
    }
    for byte in &mut block[148..156] {
        *byte = b' ';
    }
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    for (to, from) in block[148..156].iter_mut().zip(format!("{sum:06o}\0 ").bytes()) {
        *to = from;
    }
    Ok(block.to_vec())
}

fn records(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const KEYS: [&str; 22] = [
        "path", "linkpath", "size", "uid", "gid", "mtime", "atime", "uname", "GNU.sparse.major", "GNU.sparse.minor",
        "GNU.sparse.name", "GNU.sparse.realsize", "GNU.sparse.size", "GNU.sparse.map", "GNU.sparse.numblocks",
        "GNU.sparse.offset", "GNU.sparse.numbytes", "SCHILY.xattr.user.a", "LIBARCHIVE.xattr.user.a",
        "SCHILY.xattr.security.capability", "comment", "hdrcharset",
    ];
    let mut out = Vec::new();
    for _ in 0..u.int_in_range(1..=5)? {
        let key = u.choose(&KEYS)?;
        let value = match u.int_in_range(0..=3)? {
            0 => name(u)?,
            1 => u.arbitrary::<i16>()?.to_string().into_bytes(),
            2 => u.choose(&[&b"0"[..], b"1", b"", b"0,1,2,3", b"0,4", b"1.5", b"-1.000000001", b"99999999999999999999", b"YQ=="])?.to_vec(),
            _ => u.arbitrary::<&[u8]>()?.iter().copied().take(100).collect(),
        };
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while rest + length.to_string().len() != length {
            length = rest + length.to_string().len();
        }
        if u.ratio(1, 30)? {
            length = u.int_in_range(0..=length + 2)?;
        }
        out.extend_from_slice(format!("{length} {key}=").as_bytes());
        out.extend_from_slice(&value);
        out.push(b'\n');
    }
    Ok(out)
}

/// A tar with right checksums of what is mostly sensible.
pub fn tar(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for _ in 0..u.int_in_range(0..=8)? {
        let odd = u.ratio(1, 4)?;
        if odd {
            for _ in 0..u.int_in_range(1..=2)? {
                let flag = *u.choose(b"xxxgLKS")?;
                let body = match flag {
                    b'x' | b'g' => records(u)?,
                    _ => name(u)?,
                };
                out.extend(header(u, b"PaxHeaders/x", b"", flag, body.len() as u64)?);
                out.extend_from_slice(&body);
                out.resize(out.len().next_multiple_of(512), 0);
            }
        }
        let flag = if u.ratio(1, 20)? { u.arbitrary()? } else { *u.choose(b"0005512367")? };
        let body = if matches!(flag, b'0' | b'7' | 0) || u.ratio(1, 30)? { body(u)? } else { Vec::new() };
        let (path, link) = (name(u)?, if matches!(flag, b'1' | b'2') { name(u)? } else { Vec::new() });
        out.extend(header(u, &path, &link, flag, body.len() as u64)?);
        out.extend_from_slice(&body);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    match u.int_in_range(0..=9)? {
        0 => {}
        1 => out.extend_from_slice(&[0; 512]),
        2 => {
            out.extend_from_slice(&END);
            out.extend(u.arbitrary::<&[u8]>()?.iter().copied().take(2000));
        }
        _ => out.extend_from_slice(&END),
    }
    Ok(out)
}

/// Compressed, mostly rightly.
pub fn packed(u: &mut Unstructured<'_>, plain: &[u8]) -> Result<(Vec<u8>, &'static str)> {
    let mut out = Vec::new();
    let gzip = |plain: &[u8], out: &mut Vec<u8>| {
        let mut writer = GzipWriter::new(6);
        writer.write(plain, out);
        writer.finish(out);
    };
    let mut kind = *u.choose(&["", "+gzip", "+zstd"])?;
    match kind {
        "+gzip" => {
            let (first, second) = plain.split_at(u.int_in_range(0..=plain.len())?);
            if u.ratio(1, 4)? {
                gzip(first, &mut out);
                gzip(second, &mut out);
            } else {
                gzip(plain, &mut out);
            }
        }
        "+zstd" => {
            if u.ratio(1, 6)? {
                out.extend_from_slice(b"\x50\x2a\x4d\x18\x04\0\0\0abcd");
            }
            out.extend(ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest));
        }
        _ => out.extend_from_slice(plain),
    }
    if u.ratio(1, 20)? {
        kind = *u.choose(&["", "+gzip", "+zstd", "+encrypted", "+gzip+encrypted"])?;
    }
    damage(u, &mut out, 20)?;
    Ok((out, kind))
}

/// Once in a while other bytes at some place.
pub fn damage(u: &mut Unstructured<'_>, bytes: &mut Vec<u8>, seldom: u32) -> Result<()> {
    if !bytes.is_empty() && u.ratio(1, seldom)? {
        match u.int_in_range(0..=2)? {
            0 => bytes.truncate(u.int_in_range(0..=bytes.len())?),
            1 => {
                let at = u.int_in_range(0..=bytes.len() - 1)?;
                bytes[at] = u.arbitrary()?;
            }
            _ => bytes.extend(u.arbitrary::<&[u8]>()?.iter().copied().take(100)),
        }
    }
    Ok(())
}

/// The files of an archive with images.
#[derive(Debug, Default)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    fn blob(&mut self, bytes: Vec<u8>) -> (Digest, usize) {
        let digest = sha256(&bytes);
        let size = bytes.len();
        self.0.insert(digest.blob_path(), bytes);
        (digest, size)
    }

    /// As a tar.
    pub fn tar(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (path, bytes) in &self.0 {
            let kind = MemberKind::File(bytes.len() as u64);
            let path = path.clone().into_bytes();
            let member = Member { path, kind, mode: 0o644, uid: 0, gid: 0, mtime: Time::default(), xattrs: BTreeMap::new() };
            out.extend(member.header().unwrap_or_default());
            out.extend_from_slice(bytes);
            out.resize(out.len() + padding(bytes.len() as u64), 0);
        }
        out.extend_from_slice(&END);
        out
    }
}

/// A field that is not where it should be, or something else there.
fn extra(u: &mut Unstructured<'_>) -> Result<String> {
    const FIELDS: [&str; 24] = [
        r#""annotations":{"a":"b","org.opencontainers.image.ref.name":"x:1"}"#, r#""annotations":{"a":1}"#, r#""annotations":null"#,
        r#""data":"YQ==""#, r#""urls":["http://x/"]"#, r#""urls":7"#, r#""platform":{"os":"linux","architecture":"arm64","variant":"v8"}"#,
        r#""platform":{"os":"unknown","architecture":"unknown"}"#, r#""artifactType":"application/x""#, r#""mediaType":"text/plain""#,
        r#""mediaType":"application/vnd.oci.image.index.v1+json""#, r#""layers":[]"#, r#""Layers":[]"#, r#""manifests":[]"#, r#""config":{}"#,
        r#""fsLayers":[]"#, r#""subject":{"mediaType":"a/b","digest":"sha256:00","size":1}"#, r#""size":-1"#, r#""size":1e3"#, r#""digest":"sha512:aa""#,
        r#""schemaVersion":2.0"#, r#""history":[{"empty_layer":true},{"created":"x"}]"#, r#""os":"windows""#, r#""created":"2020-01-01T00:00:00Z""#,
    ];
    Ok(if u.ratio(1, 5)? { format!(",{}", u.choose(&FIELDS)?) } else { String::new() })
}

/// An archive: a layout, a Docker archive or both, with images of layers of [`tar`]s.
pub fn files(u: &mut Unstructured<'_>) -> Result<Files> {
    let mut files = Files::default();
    let mut manifests = Vec::new();
    let mut items = Vec::new();
    for number in 0..u.int_in_range(1..=2)? {
        let (mut layers, mut diff_ids, mut paths) = (String::new(), String::new(), String::new());
        for _ in 0..u.int_in_range(0..=3)? {
            let plain = tar(u)?;
            let diff_id = if u.ratio(1, 30)? { sha256(b"other") } else { sha256(&plain) };
            let (bytes, kind) = packed(u, &plain)?;
            let (digest, size) = files.blob(bytes);
            let comma = if layers.is_empty() { "" } else { "," };
            let more = extra(u)?;
            let _ = write!(layers, r#"{comma}{{"mediaType":"application/vnd.oci.image.layer.v1.tar{kind}","digest":"{digest}","size":{size}{more}}}"#);
            let _ = write!(diff_ids, r#"{comma}"{diff_id}""#);
            let _ = write!(paths, r#"{comma}"{}""#, digest.blob_path());
        }
        let more = extra(u)?;
        let config = format!(r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[{diff_ids}]}}{more}}}"#);
        let (config, size) = files.blob(config.into_bytes());
        let (own, inner) = (extra(u)?, extra(u)?);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":{size}{inner}}},"layers":[{layers}]{own}}}"#
        );
        let (digest, size) = files.blob(manifest.into_bytes());
        let more = extra(u)?;
        manifests.push(format!(r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{size}{more}}}"#));
        items.push(format!(r#"{{"Config":"{}","RepoTags":["x:{number}"],"Layers":[{paths}]}}"#, config.blob_path()));
    }
    if u.ratio(1, 5)? {
        let more = extra(u)?;
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]{more}}}"#, manifests.join(","));
        let (digest, size) = files.blob(index.into_bytes());
        manifests = vec![format!(r#"{{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"{digest}","size":{size}}}"#)];
    }
    let form = u.int_in_range(0..=2)?;
    if form != 1 {
        files.0.insert("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        let more = extra(u)?;
        files.0.insert("index.json".into(), format!(r#"{{"schemaVersion":2,"manifests":[{}]{more}}}"#, manifests.join(",")).into_bytes());
    }
    if form != 0 {
        files.0.insert("manifest.json".into(), format!("[{}]", items.join(",")).into_bytes());
    }
    for bytes in files.0.values_mut() {
        damage(u, bytes, 100)?;
    }
    Ok(files)
}

/// Bytes of the fuzzer that become an archive.
#[derive(Debug)]
pub struct Archive {
    /// The archive as a tar, perhaps compressed.
    pub bytes: Vec<u8>,
    /// What is asked of it.
    pub question: Vec<u8>,
}

impl<'a> Arbitrary<'a> for Archive {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let question = name(u)?;
        let mut bytes = files(u)?.tar();
        if u.ratio(1, 20)? {
            bytes = packed(u, &bytes)?.0;
        }
        damage(u, &mut bytes, 30)?;
        Ok(Self { bytes, question })
    }
}
