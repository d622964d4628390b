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
use crate::archive::tar::{Entry, EntryKind, Timestamp};
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
    #[serde(default)]
    chunk_type: Option<String>,
    #[serde(default)]
    inner_offset: Option<u64>,
    #[serde(default)]
    end_offset: Option<u64>,
    #[serde(default)]
    modtime: Option<String>,
    #[serde(default)]
    user_name: Option<String>,
    #[serde(default)]
    group_name: Option<String>,
}

/// A piece of a file that can be read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where its gzip member or zstd frame begins in the blob, in bytes, and where that ends at the latest. `None` for
    /// zeros that are not stored.
    pub place: Option<(u64, u64)>,
    /// Bytes of what comes out there that stand before it.
    pub skip: u64,
    /// How many bytes it has.
    pub size: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// A layer as its table of contents lists it.
#[derive(Debug, Default)]
pub struct Listing {
    /// The entries. Where they lie in the tar is not known.
    pub index: LayerIndex,
    /// The chunks of the files that have content, by the numbers of their entries.
    pub chunks: HashMap<u32, Vec<Chunk>>,
}

/// The bytes of the blob that hold the table, by the annotations and, for eStargz, the last 64 bytes of the blob of `size`
/// bytes: where they begin and end. `None` where nothing says which table is meant.
pub fn place(annotations: &Map<String, Value>, size: u64, tail: &[u8]) -> Option<(u64, u64)> {
    let (from, to) = match chunked_position(annotations) {
        Some([offset, length, _, _]) => (offset, offset.checked_add(length)?),
        None => {
            annotations.get(ESTARGZ_DIGEST)?;
            (footer(tail)?, size)
        }
    };
    (from < to && to <= size && to - from <= TABLE_LIMIT).then_some((from, to))
}

/// Bytes of a table, packed or not.
const TABLE_LIMIT: u64 = 64 << 20;

/// Reads the table in those bytes of the blob, if its digest is the one that the annotations of the manifest name. `None`
/// where it is not, or has something in it that cannot be listed or verified: then the layer has to be walked.
pub fn listing(annotations: &Map<String, Value>, bytes: &[u8], from: u64) -> Option<Listing> {
    let digest = |keys: [&str; 2]| {
        let text = keys.iter().find_map(|key| annotations.get(*key)).and_then(Value::as_str)?;
        text.parse::<Digest>().ok()
    };
    let json = if let Some([_, _, unpacked, _]) = chunked_position(annotations) {
        if sha256(bytes) != digest([CHUNKED_CHECKSUM, "io.containers.zstd-chunked.manifest-checksum"])? {
            return None;
        }
        unpack(Compression::Zstd, bytes, unpacked.min(TABLE_LIMIT)).ok()?
    } else {
        let mut ingest = super::Ingest::new(&super::IngestOptions::default());
        ingest.push(bytes);
        let toc = ingest.finish().toc?;
        if sha256(&toc.bytes) != digest([ESTARGZ_DIGEST; 2])? {
            return None;
        }
        toc.bytes
    };
    list(&serde_json::from_slice(&json).ok()?, from)
}

/// Offset, length, unpacked length and type of a zstd:chunked manifest. The annotation has had two names.
fn chunked_position(annotations: &Map<String, Value>) -> Option<[u64; 4]> {
    let keys = [CHUNKED_POSITION, "io.containers.zstd-chunked.manifest-position"];
    let text = keys.iter().find_map(|key| annotations.get(*key))?.as_str()?;
    let numbers: Vec<u64> = text.split(':').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Unpacks something of up to `limit` bytes.
fn unpack(compression: Compression, bytes: &[u8], limit: u64) -> Result<Vec<u8>, DecodeError> {
    let unsupported = DecodeError::Unsupported { what: "a manifest larger than it says" };
    let mut decoder = Decoder::new(compression, DecodeLimits::default()).ok_or(unsupported.clone())?;
    let mut out = Vec::new();
    let mut keep = |piece: &[u8]| {
        if out.len() as u64 + piece.len() as u64 > limit {
            return Err(unsupported.clone());
        }
        out.extend_from_slice(piece);
        Ok(())
    };
    decoder.push::<DecodeError>(bytes, &mut keep)?;
    decoder.finish::<DecodeError>(&mut keep)?;
    Ok(out)
}

/// Makes entries of a table that begins at `end` of the blob.
fn list(table: &Table, end: u64) -> Option<Listing> {
    let mut starts: Vec<u64> = table.entries.iter().filter_map(|entry| entry.offset).collect();
    starts.push(end);
    starts.sort_unstable();
    let mut out = Listing::default();
    // The file that chunks belong to: its entry, its size, and where the next chunk of it has to begin.
    let mut file: Option<(u32, u64, u64)> = None;
    for entry in &table.entries {
        if entry.kind != "chunk" {
            let size = entry.size.unwrap_or(0);
            let made = tar_entry(entry)?;
            let number = u32::try_from(out.index.len()).ok()?;
            out.index.push(&made);
            file = (made.kind == EntryKind::File && size > 0).then_some((number, size, 0));
        }
        let Some((number, size, before)) = &mut file else { continue };
        let size = *size;
        let within = entry.chunk_offset.unwrap_or(0);
        let length = match entry.chunk_size.unwrap_or(0) {
            0 => size.checked_sub(within)?,
            length => length,
        };
        let digest = [&entry.chunk_digest, &entry.digest].into_iter().flatten().find(|digest| !digest.is_empty());
        let after = within.checked_add(length).filter(|after| *after <= size)?;
        if *before != within || length == 0 {
            return None;
        }
        *before = after;
        // A digest of the whole file is one of its chunk only if there is no other.
        let whole = length == size || entry.chunk_digest.as_ref().is_some_and(|digest| !digest.is_empty());
        let digest = digest.filter(|_| whole)?.parse().ok()?;
        let place = match (entry.chunk_type.as_deref(), entry.offset) {
            (Some("zeros"), _) => None,
            (_, Some(offset)) => {
                let next = starts.get(starts.partition_point(|start| *start <= offset)).copied();
                Some((offset, entry.end_offset.or(next).filter(|next| *next > offset && *next <= end)?))
            }
            _ => return None,
        };
        out.chunks.entry(*number).or_default().push(Chunk {
            place,
            skip: entry.inner_offset.unwrap_or(0),
            size: length,
            digest,
        });
    }
    let whole = |(number, chunks): (&u32, &Vec<Chunk>)| {
        let size: u64 = chunks.iter().map(|chunk| chunk.size).sum();
        out.index.get(*number as usize).is_some_and(|member| member.size == size)
    };
    out.chunks.iter().all(whole).then_some(out)
}

/// The entry of a tar that an entry of a table stands for.
fn tar_entry(entry: &TableEntry) -> Option<Entry> {
    let (flag, kind) = match entry.kind.as_str() {
        "reg" => (b'0', EntryKind::File),
        "hardlink" => (b'1', EntryKind::Hardlink),
        "symlink" => (b'2', EntryKind::Symlink),
        "char" => (b'3', EntryKind::Char),
        "block" => (b'4', EntryKind::Block),
        "dir" => (b'5', EntryKind::Dir),
        "fifo" => (b'6', EntryKind::Fifo),
        _ => return None,
    };
    let mut xattrs = Vec::new();
    for (name, value) in entry.xattrs.iter().flatten() {
        xattrs.push((name.clone().into_bytes(), crate::archive::tar::decode_base64(value.as_bytes())?));
    }
    xattrs.sort_unstable();
    let (seconds, nanos) = match entry.modtime.as_deref().filter(|time| !time.is_empty()) {
        Some(time) => crate::oci::date::parse(time)?,
        None => (0, 0),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
    let size = if kind == EntryKind::File { entry.size.unwrap_or(0) } else { 0 };
    Some(Entry {
        path: entry.name.clone().into_bytes(),
        kind,
        flag,
        mode: entry.mode.unwrap_or(0) & 0o7777,
        uid: entry.uid.unwrap_or(0),
        gid: entry.gid.unwrap_or(0),
        size,
        stored: size,
        mtime: Timestamp { seconds, nanos },
        link: text(&entry.link_name),
        device: (entry.dev_major.unwrap_or(0), entry.dev_minor.unwrap_or(0)),
        uname: text(&entry.user_name),
        gname: text(&entry.group_name),
        xattrs,
        ..Entry::default()
    })
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
    let json = unpack(Compression::Zstd, bytes, *unpacked);
    let table = json.ok().and_then(|json| serde_json::from_slice::<Table>(&json).ok());
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

    /// A file of `count` chunks of one byte.
    fn chunked(count: u64) -> Table {
        let digest = sha256(b"x");
        let chunk = |number: u64| {
            let mut entry = serde_json::json!({ "type": "chunk", "name": "f", "chunkOffset": number, "chunkSize": 1, "chunkDigest": digest, "offset": number });
            if number == 0 {
                entry["type"] = "reg".into();
                entry["size"] = count.into();
            }
            entry
        };
        serde_json::from_value(serde_json::json!({ "entries": (0..count).map(chunk).collect::<Vec<_>>() })).unwrap()
    }

    #[test]
    fn a_file_may_have_very_many_chunks() {
        let listing = list(&chunked(200_000), 1 << 20).unwrap();
        assert_eq!(listing.chunks[&0].len(), 200_000);
        assert_eq!(listing.chunks[&0][199_999].place, Some((199_999, 1 << 20)));
    }

    #[test]
    fn chunks_follow_each_other_and_are_no_more_than_the_file() {
        let wrong = |change: fn(&mut TableEntry)| {
            let mut table = chunked(3);
            change(&mut table.entries[2]);
            list(&table, 1 << 20).is_none()
        };
        assert!(!wrong(|_| {}));
        assert!(wrong(|chunk| chunk.chunk_offset = Some(1)));
        assert!(wrong(|chunk| chunk.chunk_size = Some(2)));
        assert!(wrong(|chunk| (chunk.chunk_offset, chunk.chunk_size) = (Some(3), None)));
        assert!(wrong(|chunk| chunk.chunk_digest = None));
        assert!(wrong(|chunk| chunk.end_offset = Some(1)));
    }
}
