//! Tables of contents of seekable layers: eStargz's `stargz.index.json` and zstd:chunked's manifest.
//!
//! A runtime that pulls lazily believes the table, everyone else believes the tar. So a table that says something else than
//! the tar is an image that is two images.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::index::{LayerIndex, Member};
use super::ingest::Layer;
use super::tree::clean;
use crate::archive::decode::{DecodeError, DecodeLimits, Decoder};
use crate::archive::tar::EntryKind;
use crate::oci::hash::sha256;
use crate::oci::{Compression, Digest};

/// What is the matter with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TocIssue {
    /// A stable code.
    pub code: &'static str,
    /// What it is, for a person.
    pub message: &'static str,
    /// The entry it is about.
    pub entry: Option<String>,
}

/// The annotation with the digest of an eStargz table.
pub const ESTARGZ_DIGEST: &str = "containerd.io/snapshot/stargz/toc.digest";
/// The annotation with the place of a zstd:chunked manifest: offset, length, unpacked length, type.
pub const CHUNKED_POSITION: &str = "io.github.containers.zstd-chunked.manifest-position";
/// The annotation with the digest of a zstd:chunked manifest as it is stored.
pub const CHUNKED_CHECKSUM: &str = "io.github.containers.zstd-chunked.manifest-checksum";

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    entries: Vec<TableEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableEntry {
    #[serde(default)]
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    mode: Option<i64>,
    #[serde(default)]
    uid: Option<i64>,
    #[serde(default)]
    gid: Option<i64>,
    #[serde(default)]
    link_name: Option<String>,
    #[serde(default)]
    xattrs: Option<HashMap<String, String>>,
    #[serde(default)]
    dev_major: Option<i64>,
    #[serde(default)]
    dev_minor: Option<i64>,
    #[serde(default)]
    offset: Option<u64>,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    chunk_digest: Option<String>,
    #[serde(default)]
    chunk_offset: Option<u64>,
    #[serde(default)]
    chunk_size: Option<u64>,
}

/// A layer has a table, or says that it has one.
pub fn has_table(layer: &Layer, annotations: &Map<String, Value>) -> bool {
    layer.toc.is_some() || annotations.contains_key(ESTARGZ_DIGEST) || annotations.contains_key(CHUNKED_POSITION)
}

struct Issues(Vec<TocIssue>);

impl Issues {
    fn add(&mut self, code: &'static str, message: &'static str, entry: Option<&str>) {
        if self.0.len() < 100 {
            let entry = entry.map(|entry| entry.chars().take(500).collect());
            self.0.push(TocIssue { code, message, entry });
        }
    }
}

/// Compares a layer with its table. `contents` is the layer's index with the digests of contents, if there is one.
pub fn check(layer: &Layer, annotations: &Map<String, Value>, contents: Option<&LayerIndex>) -> Vec<TocIssue> {
    let mut issues = Issues(Vec::new());
    let text = |key: &str| annotations.get(key).and_then(Value::as_str);
    if layer.compression == Some(Compression::Zstd) {
        if let Some(position) = text(CHUNKED_POSITION) {
            chunked(layer, position, text(CHUNKED_CHECKSUM), contents, &mut issues);
        }
        return issues.0;
    }
    let declared = text(ESTARGZ_DIGEST);
    if declared.is_none() && layer.toc.is_none() {
        return issues.0;
    }
    if let Some(declared) = declared {
        match declared.parse::<Digest>() {
            Ok(declared) => {
                if layer.toc.as_ref().is_some_and(|toc| sha256(&toc.bytes) != declared) {
                    issues.add("TOC_DIGEST_MISMATCH", "the annotation names another table of contents", None);
                }
            }
            Err(_) => issues.add("TOC_DIGEST_INVALID", "the annotation for the table of contents is no digest", None),
        }
    }
    let Some(toc) = &layer.toc else {
        issues.add("TOC_MISSING", "the layer has no table of contents, or one that is too large", None);
        return issues.0;
    };
    match footer(&layer.tail) {
        Some(offset) => {
            let at = layer.members.iter().find(|member| member.compressed == offset);
            if at.is_none_or(|member| member.plain != toc.offset) {
                issues.add("TOC_FOOTER_OFFSET", "the footer points to something else than the table of contents", None);
            }
        }
        // Without an annotation it may be an ordinary file of that name.
        None if declared.is_some() => issues.add("TOC_FOOTER_MISSING", "the blob has no footer", None),
        None => return issues.0,
    }
    let Ok(table) = serde_json::from_slice::<Table>(&toc.bytes) else {
        issues.add("TOC_INVALID", "the table of contents cannot be read", None);
        return issues.0;
    };
    compare(&table, layer, contents, &mut issues);
    issues.0
}

/// The offset that an eStargz footer names: 51 bytes, an empty gzip member whose extra field is `SG` with the offset in
/// hexadecimal and `STARGZ`; or the 47 bytes of the older stargz, without the subfield's header.
fn footer(tail: &[u8]) -> Option<u64> {
    let new = tail.last_chunk::<51>().and_then(|footer| {
        let head = footer.starts_with(&[0x1f, 0x8b, 8, 4]) && footer.get(10..16) == Some(&[26, 0, b'S', b'G', 22, 0]);
        footer.get(16..38).filter(|_| head)
    });
    let old = || {
        tail.last_chunk::<47>().and_then(|footer| {
            let head = footer.starts_with(&[0x1f, 0x8b, 8, 4]) && footer.get(10..12) == Some(&[22, 0]);
            footer.get(12..34).filter(|_| head)
        })
    };
    let payload = new.or_else(old)?;
    let hex = payload.strip_suffix(b"STARGZ")?;
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

/// The manifest of a zstd:chunked layer.
fn chunked(layer: &Layer, position: &str, checksum: Option<&str>, contents: Option<&LayerIndex>, issues: &mut Issues) {
    let numbers: Option<Vec<u64>> = position.split(':').map(|number| number.parse().ok()).collect();
    let Some([offset, length, unpacked, _kind]) = numbers.as_deref() else {
        issues.add("TOC_POSITION_INVALID", "the place of the manifest is not four numbers", None);
        return;
    };
    let end = offset.checked_add(*length);
    if end.is_none_or(|end| end > layer.size) || *length == 0 {
        issues.add("TOC_POSITION_INVALID", "the place of the manifest lies outside the blob", None);
        return;
    }
    const LIMIT: u64 = 64 << 20;
    if *unpacked > LIMIT || *length > LIMIT {
        issues.add("TOC_TOO_LARGE", "the manifest claims to be very large", None);
        return;
    }
    let frame = layer
        .skipped
        .iter()
        .find(|frame| *offset >= frame.offset && end.is_some_and(|end| end <= frame.offset + frame.bytes.len() as u64));
    let Some(bytes) = frame.and_then(|frame| {
        let from = usize::try_from(offset - frame.offset).ok()?;
        frame.bytes.get(from..from.checked_add(usize::try_from(*length).ok()?)?)
    }) else {
        issues.add("TOC_POSITION_INVALID", "the place of the manifest is in no skippable frame", None);
        return;
    };
    match checksum.map(str::parse::<Digest>) {
        Some(Ok(declared)) if declared == sha256(bytes) => {}
        Some(Ok(_)) => issues.add("TOC_DIGEST_MISMATCH", "the annotation names another manifest", None),
        Some(Err(_)) => issues.add("TOC_DIGEST_INVALID", "the annotation for the manifest is no digest", None),
        None => issues.add("TOC_DIGEST_MISSING", "no annotation says which manifest is meant", None),
    }
    let mut json = Vec::new();
    let mut decoder = match Decoder::new(Compression::Zstd, DecodeLimits::default()) {
        Some(decoder) => decoder,
        None => return,
    };
    let mut keep = |piece: &[u8]| {
        if json.len() as u64 + piece.len() as u64 > *unpacked {
            return Err(DecodeError::Unsupported { what: "a manifest larger than it says" });
        }
        json.extend_from_slice(piece);
        Ok(())
    };
    let done = decoder.push::<DecodeError>(bytes, &mut keep).and_then(|()| decoder.finish::<DecodeError>(&mut keep));
    let table = done.ok().and_then(|()| serde_json::from_slice::<Table>(&json).ok());
    match table {
        Some(table) => compare(&table, layer, contents, issues),
        None => issues.add("TOC_INVALID", "the manifest cannot be read", None),
    }
}

fn compare(table: &Table, layer: &Layer, contents: Option<&LayerIndex>, issues: &mut Issues) {
    let index = contents.unwrap_or(&layer.index);
    let mut members: HashMap<String, Member<'_>> = HashMap::new();
    for member in index.iter() {
        let name = name_of(member.path);
        if name != "stargz.index.json" {
            members.insert(name, member);
        }
    }
    let starts: HashMap<u64, u64> = layer.members.iter().map(|start| (start.compressed, start.plain)).collect();
    let mut last: Option<Member<'_>> = None;
    for entry in &table.entries {
        let name = name_of(entry.name.as_bytes());
        let shown = Some(entry.name.as_str());
        if entry.kind == "chunk" {
            if let Some(member) = &last {
                chunk(entry, member, &starts, issues);
            }
            continue;
        }
        if name.is_empty() {
            continue;
        }
        let Some(member) = members.remove(&name) else {
            issues.add("TOC_ENTRY_UNKNOWN", "the table names something that the tar has not", shown);
            last = None;
            continue;
        };
        let kind = match member.kind {
            EntryKind::File => "reg",
            EntryKind::Unknown => entry.kind.as_str(),
            other => other.name(),
        };
        // Nobody looks at the mode of a link.
        let link = matches!(member.kind, EntryKind::Symlink | EntryKind::Hardlink);
        let same = |said: Option<i64>, own: i64| said.is_none_or(|said| said == own);
        let differs = kind != entry.kind
            || member.kind == EntryKind::File && entry.size.unwrap_or(0) != member.size
            || !link && !same(entry.mode.map(|mode| mode & 0o7777), member.mode & 0o7777)
            || !same(entry.uid, member.uid)
            || !same(entry.gid, member.gid)
            || !same(entry.dev_major, member.device.0)
            || !same(entry.dev_minor, member.device.1)
            || xattrs_differ(entry, &member)
            || entry
                .link_name
                .as_ref()
                .is_some_and(|link| link.as_bytes() != member.link && clean(link.as_bytes()) != clean(member.link));
        if differs {
            issues.add("TOC_ENTRY_DIFFERS", "the table says something else about an entry than the tar", shown);
        }
        if let Some(digest) = entry.digest.as_deref().filter(|digest| !digest.is_empty())
            && member.kind == EntryKind::File
        {
            let wrong = match (digest.parse::<Digest>(), member.sha256) {
                (Err(_), _) => true,
                (Ok(declared), Some(own)) => declared != Digest::sha256(own),
                _ => false,
            };
            if wrong {
                issues.add("TOC_CONTENT_MISMATCH", "a digest of the table is not that of the content", shown);
            }
        }
        if member.kind == EntryKind::File && member.size > 0 {
            chunk(entry, &member, &starts, issues);
        }
        last = Some(member);
    }
    if !members.is_empty() {
        let hidden = members.keys().min().map(String::as_str);
        issues.add("TOC_ENTRY_HIDDEN", "the table leaves out something that the tar has", hidden);
    }
}

/// The table has other extended attributes than the tar. A table without any says nothing about them.
fn xattrs_differ(entry: &TableEntry, member: &Member<'_>) -> bool {
    let Some(said) = entry.xattrs.as_ref().filter(|said| !said.is_empty()) else { return false };
    let own: HashMap<String, &[u8]> = member
        .xattrs
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.as_slice()))
        .collect();
    let value = |text: &str| crate::archive::tar::decode_base64(text.as_bytes()).unwrap_or_default();
    said.len() != own.len() || said.iter().any(|(name, text)| own.get(name).is_none_or(|own| *own != value(text)))
}

/// A chunk of a file: where it lies, and its digest if it is the whole file.
fn chunk(entry: &TableEntry, member: &Member<'_>, starts: &HashMap<u64, u64>, issues: &mut Issues) {
    let within = entry.chunk_offset.unwrap_or(0);
    let shown = Some(entry.name.as_str());
    let end = within.checked_add(entry.chunk_size.unwrap_or(0));
    if end.is_none_or(|end| end > member.size) {
        issues.add("TOC_CHUNK_RANGE", "the table names a chunk that lies outside its file", shown);
    }
    if let Some(offset) = entry.offset {
        let plain = member.data_offset.checked_add(within);
        if starts.get(&offset).copied() != plain || plain.is_none() {
            issues.add("TOC_OFFSET_WRONG", "the table names a place that is not that of the content", shown);
        }
    }
    let length = entry.chunk_size.unwrap_or(0);
    let whole = within == 0 && (length == 0 || length == member.size);
    if let Some(digest) = entry.chunk_digest.as_deref().filter(|digest| !digest.is_empty()) {
        let wrong = match (digest.parse::<Digest>(), member.sha256) {
            (Err(_), _) => true,
            (Ok(declared), Some(own)) if whole => declared != Digest::sha256(own),
            _ => false,
        };
        if wrong {
            issues.add("TOC_CONTENT_MISMATCH", "a digest of the table is not that of the content", shown);
        }
    }
}

/// A name to compare by.
fn name_of(path: &[u8]) -> String {
    String::from_utf8_lossy(&clean(path).join(&b'/')).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_of_both_kinds() {
        let mut new = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, b'S', b'G', 22, 0];
        new.extend_from_slice(b"0000000000000257STARGZ");
        new.extend_from_slice(&[1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(footer(&new), Some(0x257));
        let mut old = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 22, 0];
        old.extend_from_slice(b"0000000000000257STARGZ");
        old.extend_from_slice(&[1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(footer(&old), Some(0x257));
        assert_eq!(footer(&new[1..]), None);
        assert_eq!(footer(b""), None);
    }
}
