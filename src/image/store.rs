//! The files that an image is made of: members of an archive, files of a directory, or what a stream left behind.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::finding::ImageFinding;
use super::read::{LocalFuture, ReadAt, ReadError, Source, Step, Watch};
use super::{Limits, OpenError};
use crate::archive::decode::{DecodeError, Decoder, sniff};
use crate::archive::tar::{Ambiguity, ArchiveIssue, Entry, EntryKind, TarError, TarReader, TarSink};
use crate::layer::tree::{Attributes, Origin, Tree, TreeIssueKind, clean};
use crate::layer::{Ingest, IngestOptions, Layer, LayerIndex};
use crate::oci::{Compression, Digest};

/// How much is read at once.
pub(crate) const CHUNK: usize = 512 << 10;
/// How much of it is unpacked before others get their turn.
const PIECE: usize = 128 << 10;

/// Bytes of a blob from which on hashing it on another thread is worth its while.
pub(crate) const ELSEWHERE_FROM: u64 = 4 << 20;

/// A file of the store. Its number is the same for every name it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Which.
    pub number: u32,
    /// Its size in bytes.
    pub size: u64,
}

/// Why a file is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No such file.
    #[error("`{0}` is not in the archive")]
    Missing(String),
    /// A symbolic link leads nowhere, out of the archive, or in a circle.
    #[error("`{0}` is a symbolic link that leads to no file of the archive")]
    Symlink(String),
    /// It is no regular file.
    #[error("`{0}` is no regular file")]
    NotFile(String),
}

impl FindError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "BLOB_MISSING",
            Self::Symlink(_) => "BLOB_SYMLINK_BROKEN",
            Self::NotFile(_) => "BLOB_NOT_FILE",
        }
    }
}

/// What a streamed member left behind.
pub(crate) struct Held {
    pub(crate) layer: Rc<Layer>,
    /// The whole content, if it was small and looked like JSON.
    pub(crate) bytes: Option<Rc<[u8]>>,
}

enum Body {
    Archive(Source),
    Directory(Vec<Source>),
    Streamed(HashMap<u32, Held>),
}

/// The files of an image.
pub struct Store {
    tree: Tree,
    index: LayerIndex,
    body: Body,
    layers: RefCell<HashMap<(u32, bool), Rc<Layer>>>,
}

/// What is known of an outer archive besides its files.
pub(crate) struct Outer {
    pub(crate) compression: Compression,
    pub(crate) findings: Vec<ImageFinding>,
}

/// Keeps headers and passes bodies by.
#[derive(Default)]
struct Headers(LayerIndex);

impl TarSink for Headers {
    fn entry(&mut self, entry: &Entry) {
        self.0.push(entry);
    }
    fn data(&mut self, _: &[u8]) {}
    fn hole(&mut self, _: u64) {}
    fn end(&mut self) {}
}

impl Store {
    /// Opens an archive: reads its headers, decompresses it first if it is compressed as a whole.
    pub(crate) async fn archive(
        source: Source,
        limits: &Limits,
        watch: &dyn Watch,
    ) -> Result<(Self, Outer), OpenError> {
        let start = source.read_at(0, 512).await?;
        if start.is_empty() {
            return Err(OpenError::Empty);
        }
        let compression = sniff(&start);
        let source = match compression {
            Compression::None => source,
            _ => unpack(source, compression, limits, watch).await?,
        };
        let mut tar = TarReader::new(limits.outer_tar());
        let mut headers = Headers::default();
        let size = source.size();
        let (mut at, mut error) = (0, None);
        let mut behind_end = 0;
        while at < size {
            // A header, and what comes along with it: small members are read as fast as they are skipped.
            let length = if tar.ended() { CHUNK } else { 16 << 10 };
            let chunk = source.read_at(at, length).await?;
            if chunk.is_empty() {
                break;
            }
            at += chunk.len() as u64;
            if let Err(failure) = tar.push(&chunk, &mut headers) {
                error = Some(failure);
                break;
            }
            let skip = tar.skippable().min(size.saturating_sub(at));
            tar.skip(skip, &mut headers);
            at += skip;
            if tar.ended() {
                behind_end += chunk.len() as u64;
                if behind_end > limits.behind_end {
                    break;
                }
            }
            watch.step(Step { phase: "open", done: at, total: Some(size), item: None }).await;
        }
        if error.is_none() && (at >= size || !tar.ended()) {
            error = tar.finish().err();
        }
        if let Some(TarError::TooManyEntries { limit }) = error {
            return Err(OpenError::TooManyMembers { limit });
        }
        let findings = Self::outer_findings(&headers.0, tar.issues(), tar.trailing_offset(), error.as_ref());
        if let Some(error) = error
            && headers.0.is_empty()
        {
            return Err(OpenError::NotArchive(error));
        }
        let tree = build_tree(&headers.0);
        let store = Self { tree, index: headers.0, body: Body::Archive(source), layers: RefCell::default() };
        Ok((store, Outer { compression, findings }))
    }

    /// A store of files that are there one by one, by their paths.
    pub(crate) fn directory(files: Vec<(String, Source)>) -> Self {
        let mut index = LayerIndex::default();
        let mut sources = Vec::new();
        for (path, source) in files {
            index.push(&Entry {
                path: path.into_bytes(),
                size: source.size(),
                stored: source.size(),
                ..Entry::default()
            });
            sources.push(source);
        }
        Self { tree: build_tree(&index), index, body: Body::Directory(sources), layers: RefCell::default() }
    }

    /// A store of what a stream left behind.
    pub(crate) fn streamed(index: LayerIndex, held: HashMap<u32, Held>) -> Self {
        Self { tree: build_tree(&index), index, body: Body::Streamed(held), layers: RefCell::default() }
    }

    /// What is odd about an outer archive.
    pub(crate) fn outer_findings(
        index: &LayerIndex,
        issues: ArchiveIssue,
        trailing: Option<u64>,
        error: Option<&TarError>,
    ) -> Vec<ImageFinding> {
        let mut findings = Vec::new();
        if let Some(error) = error {
            findings.push(ImageFinding::error(error.code(), format!("the archive: {error}")).at_offset(error.offset()));
        }
        if issues.has(ArchiveIssue::TRAILING_DATA) {
            let message = "something follows the end of the archive: readers that go on see other files";
            findings.push(ImageFinding::warning("ARCHIVE_TRAILING_DATA", message).at_offset(trailing));
        }
        let mut seen = HashMap::new();
        for member in index.iter() {
            let parts = clean(member.path);
            let up = member.path.split(|byte| *byte == b'/').any(|part| part == b"..");
            if up {
                let message = "a member of the archive has a path that goes up";
                findings.push(ImageFinding::warning("ARCHIVE_PATH_TRAVERSAL", message).of_entry(member.path));
            }
            let ambiguous = [
                Ambiguity::PAX_SIZE,
                Ambiguity::HEADER_ONLY_SIZE,
                Ambiguity::TWO_PAX_HEADERS,
                Ambiguity::DUPLICATE_RECORD,
                Ambiguity::PAX_AND_GNU_NAME,
                Ambiguity::PAX_BEFORE_LONG_NAME,
            ];
            for mark in ambiguous {
                if member.ambiguity.has(mark) {
                    let code = mark.codes().next().unwrap_or("TAR_AMBIGUOUS");
                    let message = "readers see the archive differently from here on";
                    findings.push(ImageFinding::warning(code, message).of_entry(member.path));
                }
            }
            if member.kind == EntryKind::File && !parts.is_empty() {
                let before = seen.insert(parts.join(&b'/'), ());
                if before.is_some() {
                    let message = "a file stands twice in the archive; the last one counts";
                    findings.push(ImageFinding::warning("ARCHIVE_DUPLICATE_MEMBER", message).of_entry(member.path));
                }
            }
            if findings.len() > 1000 {
                break;
            }
        }
        findings
    }

    /// Finds a file by its path, following symbolic links inside the store.
    ///
    /// # Errors
    /// [`FindError`].
    pub fn find(&self, path: &str) -> Result<Blob, FindError> {
        let link = || self.tree.lookup(path.as_bytes()).is_some();
        let found = match self.tree.resolve(path.as_bytes()) {
            Ok(found) => found,
            Err(TreeIssueKind::SymlinkLoop) => return Err(FindError::Symlink(path.to_owned())),
            Err(_) => return Err(FindError::Missing(path.to_owned())),
        };
        let Some(id) = found.node else {
            let error = if link() { FindError::Symlink } else { FindError::Missing };
            return Err(error(path.to_owned()));
        };
        if found.outward {
            return Err(FindError::Symlink(path.to_owned()));
        }
        let node = self.tree.node(id);
        if node.attributes.kind != EntryKind::File {
            return Err(FindError::NotFile(path.to_owned()));
        }
        Ok(Blob { number: node.source.entry, size: node.attributes.size })
    }

    /// All regular files by their real paths.
    pub fn files(&self) -> Vec<(String, Blob)> {
        let mut out = Vec::new();
        self.tree.visit(&mut |path, _, node| {
            if node.attributes.kind == EntryKind::File {
                let blob = Blob { number: node.source.entry, size: node.attributes.size };
                out.push((String::from_utf8_lossy(path).into_owned(), blob));
            }
        });
        out
    }

    /// Where a file's bytes are, if they can be read at any place.
    fn place(&self, blob: Blob) -> Option<(&Source, u64)> {
        match &self.body {
            Body::Archive(source) => {
                let member = self.index.get(blob.number as usize)?;
                // A sparse member is none of the formats; its stored bytes are not its content.
                if member.sparse.is_some() {
                    return None;
                }
                Some((source, member.data_offset))
            }
            Body::Directory(sources) => Some((sources.get(blob.number as usize)?, 0)),
            Body::Streamed(_) => None,
        }
    }

    /// A stream brought the file, and it began as no document does: its bytes were not kept.
    pub(crate) fn passed_by(&self, blob: Blob) -> bool {
        match &self.body {
            Body::Streamed(held) => held.get(&blob.number).is_some_and(|held| held.bytes.is_none()),
            Body::Archive(_) | Body::Directory(_) => false,
        }
    }

    /// Its files can be read again.
    pub fn seekable(&self) -> bool {
        !matches!(self.body, Body::Streamed(_))
    }

    /// Some bytes of a file.
    ///
    /// # Errors
    /// [`ReadError`], also where the file was streamed and is gone, or ends too early.
    pub async fn read(&self, blob: Blob, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        if let Body::Streamed(held) = &self.body {
            let bytes = held.get(&blob.number).and_then(|held| held.bytes.clone());
            let bytes = bytes.ok_or_else(|| ReadError("the image was streamed and its layers are gone".to_owned()))?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            let end = start.saturating_add(length).min(bytes.len());
            return Ok(bytes.get(start..end).unwrap_or_default().to_vec());
        }
        let (source, place) = self.place(blob).ok_or_else(|| ReadError("a sparse member cannot be read".to_owned()))?;
        let length = length.min(usize::try_from(blob.size.saturating_sub(offset)).unwrap_or(usize::MAX));
        source.read_at(place + offset, length).await
    }

    /// The whole of a small file.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_all(&self, blob: Blob) -> Result<Vec<u8>, ReadError> {
        let length = usize::try_from(blob.size).map_err(|_| ReadError("the file is too large".to_owned()))?;
        let bytes = self.read(blob, 0, length).await?;
        if bytes.len() < length {
            return Err(ReadError("the file is cut off".to_owned()));
        }
        Ok(bytes)
    }

    /// Passes once over a file: digests, size, and the entries if it is a layer. Kept for the next call. What a stream
    /// left behind has the digests that were computed then.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn ingest(
        &self,
        blob: Blob,
        options: &IngestOptions,
        name: &str,
        phase: &str,
        watch: &dyn Watch,
    ) -> Result<Rc<Layer>, ReadError> {
        if let Body::Streamed(held) = &self.body {
            let held = held.get(&blob.number).ok_or_else(|| ReadError("the file was not in the stream".to_owned()))?;
            return Ok(held.layer.clone());
        }
        let contents = options.contents.is_some();
        let cached = {
            let layers = self.layers.borrow();
            layers.get(&(blob.number, true)).or_else(|| layers.get(&(blob.number, contents))).cloned()
        };
        if let Some(layer) = cached
            && (layer.diff_ids.is_empty() || options.diff.iter().all(|name| layer.diff_id(*name).is_some()))
            && options.blob.iter().all(|name| layer.digest(*name).is_some())
            && (!contents || self.layers.borrow().contains_key(&(blob.number, true)))
        {
            return Ok(layer);
        }
        let file = StoredFile { store: self, blob };
        let layer = Rc::new(read_layer(&file, options, Some(name), phase, watch).await?);
        self.layers.borrow_mut().insert((blob.number, contents), layer.clone());
        Ok(layer)
    }

    /// The digest of a file, in the algorithm of `like`. `None` for an algorithm that we cannot compute.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn digest(&self, blob: Blob, like: &Digest, watch: &dyn Watch) -> Result<Option<Digest>, ReadError> {
        if let Body::Streamed(held) = &self.body {
            return Ok(held.get(&blob.number).and_then(|held| held.layer.digest(like.algorithm()).cloned()));
        }
        let Some(mut hasher) = crate::oci::hash::hasher(like.algorithm()) else { return Ok(None) };
        let mut at = 0;
        while at < blob.size {
            let bytes = self.read(blob, at, CHUNK).await?;
            if bytes.is_empty() {
                break;
            }
            hasher.update(&bytes);
            at += bytes.len() as u64;
            watch.step(Step { phase: "verify", done: at, total: Some(blob.size), item: Some(like.as_str()) }).await;
        }
        Ok(Some(hasher.finish()))
    }
}

/// A file of a store as a source.
struct StoredFile<'a> {
    store: &'a Store,
    blob: Blob,
}

impl ReadAt for StoredFile<'_> {
    fn size(&self) -> u64 {
        self.blob.size
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        Box::pin(self.store.read(self.blob, offset, length))
    }
}

/// Passes once over the blob of a layer. What is wrong with it is in the result.
///
/// # Errors
/// [`ReadError`].
pub async fn read_layer(
    source: &dyn ReadAt,
    options: &IngestOptions,
    name: Option<&str>,
    phase: &str,
    watch: &dyn Watch,
) -> Result<Layer, ReadError> {
    let size = source.size();
    // Another thread takes a while to be told.
    let options = IngestOptions { elsewhere: size >= ELSEWHERE_FROM, ..options.clone() };
    let mut ingest = Ingest::new(&options);
    let mut at = 0;
    while at < size {
        let bytes = source.read_at(at, CHUNK).await?;
        if bytes.is_empty() {
            break;
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            // Small pieces of what unpacks to very much, so that whoever watches can stop it soon.
            let length = if at == 0 || ingest.unpacked() / 64 > at { 256 } else { PIECE };
            let (piece, after) = rest.split_at(rest.len().min(length));
            ingest.push(piece);
            rest = after;
            at += piece.len() as u64;
            watch.step(Step { phase, done: at, total: Some(size), item: name }).await;
        }
    }
    ingest.close().wait().await.map_err(ReadError)
}

/// The members of an archive as a tree. Hard links may stand before what they link to.
fn build_tree(index: &LayerIndex) -> Tree {
    let mut tree = Tree::new();
    let mut later = Vec::new();
    for (at, member) in index.iter().enumerate() {
        let origin = Origin { layer: 0, entry: at as u32 };
        match member.kind {
            EntryKind::Hardlink => {
                if tree.put_link(member.path, member.link, origin).is_err() {
                    later.push((member, origin));
                }
            }
            EntryKind::Unknown => {}
            _ => {
                // What cannot be placed cannot be found, and is reported by whoever looks for it.
                let _ = tree.put(member.path, Attributes::from(&member), origin);
            }
        }
    }
    for (member, origin) in later {
        let _ = tree.put_link(member.path, member.link, origin);
    }
    tree
}

/// Decompresses an archive that is compressed as a whole, into memory.
async fn unpack(source: Source, format: Compression, limits: &Limits, watch: &dyn Watch) -> Result<Source, OpenError> {
    enum Failure {
        Decode(DecodeError),
        TooLarge,
    }
    impl From<DecodeError> for Failure {
        fn from(error: DecodeError) -> Self {
            Self::Decode(error)
        }
    }
    let unsupported = DecodeError::Unsupported { what: "this compression of an archive" };
    let mut decoder = Decoder::new(format, limits.layer.decode).ok_or(OpenError::Compression(unsupported))?;
    let limit = limits.outer_memory;
    let mut out: Vec<u8> = Vec::new();
    let mut keep = |piece: &[u8]| {
        if out.len() + piece.len() > limit {
            return Err(Failure::TooLarge);
        }
        out.extend_from_slice(piece);
        Ok(())
    };
    let fail = |failure| match failure {
        Failure::Decode(error) => OpenError::Compression(error),
        Failure::TooLarge => OpenError::OuterTooLarge { limit: limit as u64 },
    };
    let size = source.size();
    let mut at = 0;
    while at < size {
        let bytes = source.read_at(at, CHUNK).await?;
        if bytes.is_empty() {
            break;
        }
        at += bytes.len() as u64;
        decoder.push::<Failure>(&bytes, &mut keep).map_err(fail)?;
        watch.step(Step { phase: "open", done: at, total: Some(size), item: None }).await;
    }
    decoder.finish::<Failure>(&mut keep).map_err(fail)?;
    Ok(Rc::new(out))
}
