//! One pass over a layer's blob: its digest and size, what it is compressed with, the diffID and size of the tar inside,
//! and the tar's entries. Whatever goes wrong is kept, and what was read before stays.

use super::index::LayerIndex;
use crate::archive::checkpoint::Checkpoints;
use crate::archive::decode::{DecodeError, DecodeLimits, Decoder, sniff};
use crate::archive::gzip::MemberStart;
use crate::archive::tar::{ArchiveIssue, Entry, EntryKind, TarError, TarLimits, TarReader, TarSink};
use crate::archive::zstd::Skipped;
use crate::oci::hash::{ContentHash, Finished, Running};
use crate::oci::{Algorithm, Compression, Digest};

/// Bounds of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerLimits {
    /// Bounds of the tar.
    pub tar: TarLimits,
    /// Bounds of decompression.
    pub decode: DecodeLimits,
    /// Bytes of the uncompressed tar. Default 64 GiB.
    pub unpacked: u64,
    /// How many bytes may come out for each that went in, once more than [`LayerLimits::ratio_floor`] came out.
    /// Default 1000.
    pub ratio: u64,
    /// Bytes of output below which the ratio does not matter. Default 128 MiB.
    pub ratio_floor: u64,
    /// Bytes that the index of a layer may take. Default 1 GiB.
    pub index: usize,
}

impl Default for LayerLimits {
    fn default() -> Self {
        Self {
            tar: TarLimits::default(),
            decode: DecodeLimits::default(),
            unpacked: 64 << 30,
            ratio: 1000,
            ratio_floor: 128 << 20,
            index: 1 << 30,
        }
    }
}

/// What to find out about a layer.
#[derive(Clone, Debug, Default)]
pub struct IngestOptions {
    /// Digests of the blob to compute.
    pub blob: Vec<Algorithm>,
    /// Digests of the uncompressed tar to compute.
    pub diff: Vec<Algorithm>,
    /// Hash the contents of files up to this logical size in bytes.
    pub contents: Option<u64>,
    /// The digests may be computed on another thread: they are waited for with [`Ingest::close`].
    pub elsewhere: bool,
    /// Bounds.
    pub limits: LayerLimits,
}

/// Why a layer could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// Its compression is damaged.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its tar is damaged.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// It unpacks to more than is allowed.
    #[error("the layer unpacks to more than the limit of {limit} bytes")]
    Unpacked {
        /// The limit in bytes.
        limit: u64,
    },
    /// It unpacks to too many times its size.
    #[error("the layer unpacks to more than {limit} times its size: {output} bytes from {input}")]
    Ratio {
        /// The limit.
        limit: u64,
        /// Bytes taken.
        input: u64,
        /// Bytes made.
        output: u64,
    },
    /// Its entries take too much memory.
    #[error("the index of the layer takes more than the limit of {limit} bytes")]
    Index {
        /// The limit in bytes.
        limit: usize,
    },
}

impl LayerError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Decode(error) => error.code(),
            Self::Tar(error) => error.code(),
            Self::Unpacked { .. } => "LAYER_UNPACKED_TOO_LARGE",
            Self::Ratio { .. } => "LAYER_COMPRESSION_RATIO",
            Self::Index { .. } => "LAYER_INDEX_TOO_LARGE",
        }
    }

    /// Where it happened: in the compressed blob for damaged compression, in the uncompressed tar otherwise.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Decode(error) => error.offset(),
            Self::Tar(error) => error.offset(),
            _ => None,
        }
    }
}

/// What a pass over a layer's blob has found.
#[derive(Debug, Default)]
pub struct Layer {
    /// Digests of the blob as stored, one for each algorithm asked for.
    pub digests: Vec<Digest>,
    /// Its size as stored, in bytes.
    pub size: u64,
    /// What its bytes are compressed with.
    pub compression: Option<Compression>,
    /// Digests of the uncompressed tar; empty if it could not be decompressed to its end.
    pub diff_ids: Vec<Digest>,
    /// The size of the uncompressed tar in bytes; of the part that could be decompressed, if there is an error.
    pub unpacked: u64,
    /// The entries, as far as they could be read.
    pub index: LayerIndex,
    /// Why it could not be decompressed to its end.
    pub decode_error: Option<LayerError>,
    /// Why its tar could not be read to its end.
    pub tar_error: Option<LayerError>,
    /// What is odd about the tar.
    pub archive: ArchiveIssue,
    /// Where bytes other than zero stand behind the tar's end marker.
    pub trailing: Option<u64>,
    /// What is odd about the compressed stream, as codes.
    pub stream: Vec<&'static str>,
    /// The first bytes of the uncompressed content, at most 512.
    pub head: Vec<u8>,
    /// The last bytes of the blob, at most 64: seekable layers have a footer there.
    pub tail: Vec<u8>,
    /// The table of contents of an eStargz layer, `stargz.index.json`, if it is there and no larger than 16 MiB.
    pub toc: Option<Toc>,
    /// Where the members of a gzip stream or the frames of a zstd stream begin, for layers that may have a table of
    /// contents.
    pub members: Vec<MemberStart>,
    /// The contents of the skippable frames of a zstd stream.
    pub skipped: Vec<Skipped>,
    /// From where its content can be read, besides the start: blocks of gzip, frames of zstd.
    pub checkpoints: Checkpoints,
}

/// The table of contents of an eStargz layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toc {
    /// Its JSON.
    pub bytes: Vec<u8>,
    /// Where its header stands in the uncompressed tar.
    pub offset: u64,
    /// It stands in a tar of its own behind the end marker of the first, as some builders write it.
    pub behind_end: bool,
}

impl Layer {
    /// The first error there is.
    pub fn error(&self) -> Option<&LayerError> {
        self.decode_error.as_ref().or(self.tar_error.as_ref())
    }

    /// The diffID, where the whole layer could be decompressed.
    pub fn diff_id(&self, algorithm: Algorithm) -> Option<&Digest> {
        self.diff_ids.iter().find(|digest| digest.algorithm() == algorithm)
    }

    /// The digest of the blob.
    pub fn digest(&self, algorithm: Algorithm) -> Option<&Digest> {
        self.digests.iter().find(|digest| digest.algorithm() == algorithm)
    }
}

/// The running pass. Push the blob in pieces of any size, then [`Ingest::finish`].
pub struct Ingest {
    limits: LayerLimits,
    blob: Vec<Running>,
    wanted_diff: Vec<Algorithm>,
    /// Bytes held back until the format is known.
    start: Vec<u8>,
    decoder: Option<Decoder>,
    state: Inner,
    layer: Layer,
}

/// What stands behind the decompressor.
struct Inner {
    limits: LayerLimits,
    diff: Vec<Running>,
    taken: u64,
    made: u64,
    head: Vec<u8>,
    tar: TarReader,
    sink: IndexSink,
    tar_error: Option<LayerError>,
    /// Reads what follows the end marker, as long as it may be a table of contents.
    behind: Option<Behind>,
}

/// A tar that follows a tar.
struct Behind {
    tar: TarReader,
    sink: TocSink,
    start: u64,
    failed: bool,
}

/// Takes `stargz.index.json` and nothing else.
#[derive(Default)]
struct TocSink {
    toc: Option<Toc>,
    current: bool,
    others: bool,
}

const TOC_NAME: &[u8] = b"stargz.index.json";
const TOC_LIMIT: u64 = 16 << 20;

impl TarSink for TocSink {
    fn entry(&mut self, entry: &Entry) {
        let name = entry.path.strip_prefix(b"./").unwrap_or(&entry.path);
        self.current = name == TOC_NAME && entry.kind == EntryKind::File && entry.size <= TOC_LIMIT;
        self.others |= !self.current;
        if self.current {
            self.toc = Some(Toc { bytes: Vec::new(), offset: entry.header_offset, behind_end: false });
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(toc) = self.toc.as_mut().filter(|_| self.current) {
            toc.bytes.extend_from_slice(bytes);
        }
    }

    fn hole(&mut self, _: u64) {}

    fn end(&mut self) {
        self.current = false;
    }
}

struct IndexSink {
    index: LayerIndex,
    contents: Option<u64>,
    hash: Option<ContentHash>,
    toc: TocSink,
}

impl TarSink for IndexSink {
    fn entry(&mut self, entry: &Entry) {
        self.index.push(entry);
        self.toc.entry(entry);
        let file = entry.kind == EntryKind::File;
        self.hash = self.contents.filter(|limit| file && entry.size <= *limit).map(|_| ContentHash::new(entry.size));
    }

    fn data(&mut self, bytes: &[u8]) {
        self.toc.data(bytes);
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some(hash) = &mut self.hash {
            hash.zeros(length);
        }
    }

    fn end(&mut self) {
        self.toc.end();
        if let Some(hash) = self.hash.take() {
            self.index.set_digest(hash.finish());
        }
    }
}

const TAIL: usize = 64;

impl Inner {
    fn push(&mut self, bytes: &[u8]) -> Result<(), LayerError> {
        self.made += bytes.len() as u64;
        if self.made > self.limits.unpacked {
            return Err(LayerError::Unpacked { limit: self.limits.unpacked });
        }
        if self.made > self.limits.ratio_floor && self.made / self.limits.ratio.max(1) > self.taken {
            let (limit, input, output) = (self.limits.ratio, self.taken, self.made);
            return Err(LayerError::Ratio { limit, input, output });
        }
        for hashing in &mut self.diff {
            hashing.update(bytes);
        }
        if self.head.len() < 512 {
            let more = bytes.get(..bytes.len().min(512 - self.head.len())).unwrap_or_default();
            self.head.extend_from_slice(more);
        }
        if self.tar_error.is_none() {
            self.behind_end(bytes);
            if let Err(error) = self.tar.push(bytes, &mut self.sink) {
                self.tar_error = Some(error.into());
            } else if self.sink.index.memory() > self.limits.index {
                self.tar_error = Some(LayerError::Index { limit: self.limits.index });
            }
        }
        Ok(())
    }
}

impl Inner {
    /// Looks at what follows the end marker. `bytes` have not been pushed to the tar yet.
    fn behind_end(&mut self, bytes: &[u8]) {
        if !self.tar.ended() && self.behind.is_none() {
            return;
        }
        let start = self.made - bytes.len() as u64;
        let mut rest = bytes;
        if self.behind.is_none() {
            // Zeros may pad the first tar to whole records.
            let Some(at) = bytes.iter().position(|byte| *byte != 0) else { return };
            rest = bytes.get(at..).unwrap_or_default();
            let tar = TarReader::new(self.limits.tar);
            self.behind = Some(Behind { tar, sink: TocSink::default(), start: start + at as u64, failed: false });
        }
        if let Some(behind) = self.behind.as_mut().filter(|behind| !behind.failed) {
            behind.failed = behind.tar.push(rest, &mut behind.sink).is_err() || behind.sink.others;
        }
    }

    /// The table of contents, wherever it stands.
    fn toc(&mut self) -> Option<Toc> {
        if let Some(behind) = self.behind.take().filter(|behind| !behind.failed) {
            let mut tar = behind.tar;
            let whole = tar.finish().is_ok() && !tar.issues().has(ArchiveIssue::TRAILING_DATA);
            if whole && let Some(toc) = behind.sink.toc {
                return Some(Toc { offset: behind.start + toc.offset, behind_end: true, ..toc });
            }
        }
        self.sink.toc.toc.take()
    }
}

impl Ingest {
    /// A pass that has seen nothing yet.
    pub fn new(options: &IngestOptions) -> Self {
        let hashers = |algorithms: &[Algorithm]| {
            algorithms.iter().filter_map(|name| Running::new(*name, options.elsewhere)).collect::<Vec<_>>()
        };
        Self {
            limits: options.limits,
            blob: hashers(&options.blob),
            wanted_diff: options.diff.clone(),
            start: Vec::new(),
            decoder: None,
            state: Inner {
                limits: options.limits,
                diff: hashers(&options.diff),
                taken: 0,
                made: 0,
                head: Vec::new(),
                tar: TarReader::new(options.limits.tar),
                sink: IndexSink {
                    index: LayerIndex::default(),
                    contents: options.contents,
                    hash: None,
                    toc: TocSink::default(),
                },
                tar_error: None,
                behind: None,
            },
            layer: Layer::default(),
        }
    }

    /// Takes more of the blob. Nothing fails here: see [`Layer::error`]. After an error the digest of the blob goes on.
    pub fn push(&mut self, bytes: &[u8]) {
        for hashing in &mut self.blob {
            hashing.update(bytes);
        }
        self.layer.size += bytes.len() as u64;
        self.keep_tail(bytes);
        self.state.taken += bytes.len() as u64;
        if self.layer.compression.is_some() {
            self.decode(bytes);
            return;
        }
        if self.start.is_empty() && bytes.len() >= 6 {
            self.begin(bytes);
            self.decode(bytes);
            return;
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() >= 6 {
            self.flush_start();
        }
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let tail = &mut self.layer.tail;
        if let Some(last) = bytes.last_chunk::<TAIL>() {
            tail.clear();
            tail.extend_from_slice(last);
        } else {
            tail.extend_from_slice(bytes);
            let over = tail.len().saturating_sub(TAIL);
            tail.drain(..over);
        }
    }

    fn flush_start(&mut self) {
        let start = std::mem::take(&mut self.start);
        self.begin(&start);
        self.decode(&start);
    }

    fn begin(&mut self, start: &[u8]) {
        let compression = sniff(start);
        self.layer.compression = Some(compression);
        if compression == Compression::None {
            // The blob is the tar: what is hashed as the one need not be hashed as the other.
            let blob = &self.blob;
            self.state.diff.retain(|own| !blob.iter().any(|shared| shared.algorithm() == own.algorithm()));
        }
        // xz and bzip2 are no layer formats: no runtime reads them.
        let readable = matches!(compression, Compression::None | Compression::Gzip | Compression::Zstd);
        self.decoder = if readable { Decoder::new(compression, self.limits.decode) } else { None };
        if let Some(decoder) = &mut self.decoder {
            decoder.keep_checkpoints(Checkpoints::default());
        } else {
            let what = match compression {
                Compression::Xz => "an xz-compressed layer",
                Compression::Bzip2 => "a bzip2-compressed layer",
                _ => "this compression of a layer",
            };
            self.layer.decode_error = Some(DecodeError::Unsupported { what }.into());
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        if self.layer.decode_error.is_some() {
            return;
        }
        let Some(decoder) = &mut self.decoder else { return };
        let inner = &mut self.state;
        if let Err(error) = decoder.push::<LayerError>(bytes, &mut |piece| inner.push(piece)) {
            self.layer.decode_error = Some(error);
        }
    }

    /// Bytes of the uncompressed tar so far.
    pub fn unpacked(&self) -> u64 {
        self.state.made
    }

    /// No more is wanted: the decompressor has given up, and only the digest of the blob is still being computed.
    pub fn has_failed(&self) -> bool {
        self.layer.decode_error.is_some()
    }

    /// The blob ends here. Digests that are computed elsewhere are left out.
    pub fn finish(self) -> Layer {
        let Closing { mut layer, blob, diff, shared } = self.close();
        layer.digests = blob.into_iter().filter_map(Finished::now).collect();
        layer.diff_ids = diff.into_iter().filter_map(Finished::now).collect();
        share(&mut layer, &shared);
        layer
    }

    /// The blob ends here; its digests may come later.
    pub fn close(mut self) -> Closing {
        if self.layer.compression.is_none() {
            self.flush_start();
        }
        let mut layer = self.layer;
        if layer.decode_error.is_none()
            && let Some(decoder) = &mut self.decoder
        {
            let inner = &mut self.state;
            layer.decode_error = decoder.finish::<LayerError>(&mut |piece| inner.push(piece)).err();
            layer.stream = decoder.issues();
        }
        let mut inner = self.state;
        layer.toc = inner.toc();
        if let Some(decoder) = &mut self.decoder {
            layer.skipped = decoder.take_skipped();
            layer.checkpoints = decoder.take_checkpoints();
            if layer.toc.is_some() || !layer.skipped.is_empty() {
                layer.members = decoder.take_member_starts();
            }
        }
        if layer.size == 0 || inner.made == 0 && layer.decode_error.is_none() {
            layer.stream.push("LAYER_EMPTY");
        } else if layer.decode_error.is_none() && inner.tar_error.is_none() {
            inner.tar_error = inner.tar.finish().err().map(LayerError::from);
        }
        let blob = self.blob.into_iter().map(Running::finish).collect();
        let (mut diff, mut shared) = (Vec::new(), Vec::new());
        if layer.decode_error.is_none() {
            diff = inner.diff.into_iter().map(Running::finish).collect();
            if layer.compression == Some(Compression::None) {
                shared = self.wanted_diff;
            }
        }
        layer.unpacked = inner.made;
        layer.tar_error = inner.tar_error;
        layer.archive = inner.tar.issues();
        layer.trailing = inner.tar.trailing_offset();
        layer.head = inner.head;
        layer.index = inner.sink.index;
        Closing { layer, blob, diff, shared }
    }
}

/// A layer whose digests may still be computed elsewhere.
pub struct Closing {
    layer: Layer,
    blob: Vec<Finished>,
    diff: Vec<Finished>,
    /// Digests of the blob that are those of the tar too.
    shared: Vec<Algorithm>,
}

impl Closing {
    /// The layer with all its digests.
    ///
    /// # Errors
    /// The host's message if a digest cannot be told.
    pub async fn wait(self) -> Result<Layer, String> {
        let Self { mut layer, blob, diff, shared } = self;
        for digest in blob {
            layer.digests.push(digest.wait().await?);
        }
        for digest in diff {
            layer.diff_ids.push(digest.wait().await?);
        }
        share(&mut layer, &shared);
        Ok(layer)
    }
}

/// Takes digests of the blob over where the blob is the tar.
fn share(layer: &mut Layer, algorithms: &[Algorithm]) {
    let shared = layer.digests.iter().filter(|digest| algorithms.contains(&digest.algorithm()));
    layer.diff_ids.extend(shared.cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::gzip_write::GzipWriter;
    use crate::oci::hash::sha256;

    fn options() -> IngestOptions {
        IngestOptions {
            blob: vec![Algorithm::Sha256],
            diff: vec![Algorithm::Sha256],
            contents: Some(u64::MAX),
            ..IngestOptions::default()
        }
    }

    fn tar() -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.set_path("etc/x").unwrap();
        header.set_size(5);
        header.set_mode(0o600);
        header.set_cksum();
        let mut out = header.as_bytes().to_vec();
        out.extend_from_slice(b"hello");
        out.resize(1024 + 1024, 0);
        out
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = GzipWriter::new(6);
        writer.write(bytes, &mut out);
        writer.finish(&mut out);
        out
    }

    fn ingest(blob: &[u8], step: usize, options: &IngestOptions) -> Layer {
        let mut ingest = Ingest::new(options);
        blob.chunks(step).for_each(|chunk| ingest.push(chunk));
        ingest.finish()
    }

    #[test]
    fn one_pass_gives_both_digests_and_the_entries() {
        let blob = gzip(&tar());
        for step in [1, 5, 1 << 20] {
            let layer = ingest(&blob, step, &options());
            assert_eq!(layer.error(), None);
            assert_eq!(layer.digests, [sha256(&blob)]);
            assert_eq!(layer.diff_ids, [sha256(&tar())]);
            assert_eq!((layer.size, layer.unpacked), (blob.len() as u64, 2048));
            let member = layer.index.get(0).unwrap();
            assert_eq!((member.path, member.size, member.data_offset), (&b"etc/x"[..], 5, 512));
            assert_eq!(Digest::sha256(member.sha256.unwrap()), sha256(b"hello"));
        }
    }

    #[test]
    fn what_was_read_before_the_damage_stays() {
        let mut blob = gzip(&tar());
        let at = blob.len() - 3;
        blob[at] ^= 1;
        let layer = ingest(&blob, 100, &options());
        assert_eq!(layer.error().unwrap().code(), "COMPRESSION_CHECKSUM_MISMATCH");
        assert_eq!(layer.index.len(), 1);
        assert_eq!(layer.digests, [sha256(&blob)]);
        assert!(layer.diff_ids.is_empty());
    }

    #[test]
    fn budgets_end_the_pass() {
        let blob = gzip(&vec![0; 4 << 20]);
        let mut small = options();
        small.limits.ratio_floor = 1 << 20;
        small.limits.ratio = 100;
        assert_eq!(ingest(&blob, 100, &small).error().unwrap().code(), "LAYER_COMPRESSION_RATIO");
        let mut small = options();
        small.limits.unpacked = 1 << 20;
        let layer = ingest(&blob, 100, &small);
        assert_eq!(layer.error().unwrap().code(), "LAYER_UNPACKED_TOO_LARGE");
        assert_eq!(layer.digests, [sha256(&blob)]);
    }

    #[test]
    fn nothing_is_no_error() {
        let layer = ingest(b"", 1, &options());
        assert_eq!((layer.error(), layer.stream.as_slice()), (None, &["LAYER_EMPTY"][..]));
        assert_eq!(layer.diff_ids, [sha256(b"")]);
    }
}
