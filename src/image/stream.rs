//! Opens an image from a stream in one pass and bounded memory: no blob is kept, each is hashed and indexed as it goes by.

use std::collections::HashMap;
use std::rc::Rc;

use super::open::Image;
use super::read::{ReadError, Watch};
use super::store::{ELSEWHERE_FROM, Held, Outer, Store};
use super::{Limits, OpenError};
use crate::archive::decode::{DecodeError, Decoder, sniff};
use crate::archive::tar::{Entry, EntryKind, TarError, TarReader, TarSink};
use crate::layer::{Closing, Ingest, IngestOptions, LayerIndex};
use crate::oci::{Algorithm, Compression};

/// The running pass. Push the archive in pieces of any size, then [`StreamOpener::finish`].
pub struct StreamOpener {
    limits: Limits,
    start: Vec<u8>,
    compression: Option<Compression>,
    decoder: Option<Decoder>,
    tar: TarReader,
    sink: Members,
    tar_error: Option<TarError>,
    taken: u64,
    /// Bytes of the archive when it is decompressed, so far.
    made: u64,
}

/// Why the pass cannot go on.
struct Failure(OpenError);

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self(error)
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self(OpenError::Compression(error))
    }
}

struct Members {
    limits: Limits,
    contents: Option<u64>,
    index: LayerIndex,
    closing: Vec<Ended>,
    current: Option<Member>,
    kept: usize,
    over: bool,
}

/// A member whose digests may still be computed.
struct Ended {
    number: u32,
    layer: Closing,
    bytes: Option<Vec<u8>>,
}

struct Member {
    ingest: Ingest,
    /// The content so far, as long as it looks like a document.
    bytes: Option<Vec<u8>>,
}

impl TarSink for Members {
    fn entry(&mut self, entry: &Entry) {
        let number = self.index.len();
        self.index.push(entry);
        self.current = None;
        if entry.kind != EntryKind::File || u32::try_from(number).is_err() {
            return;
        }
        let mut algorithms = vec![Algorithm::Sha256];
        if entry.path.windows(13).any(|part| part == b"blobs/sha512/") {
            algorithms.push(Algorithm::Sha512);
        }
        let options = IngestOptions {
            blob: algorithms.clone(),
            diff: algorithms,
            contents: self.contents,
            elsewhere: entry.size >= ELSEWHERE_FROM,
            limits: self.limits.layer,
        };
        let small = entry.size <= self.limits.json.bytes as u64;
        self.current = Some(Member { ingest: Ingest::new(&options), bytes: small.then(Vec::new) });
    }

    fn data(&mut self, bytes: &[u8]) {
        let Some(member) = &mut self.current else { return };
        member.ingest.push(bytes);
        if let Some(kept) = &mut member.bytes {
            kept.extend_from_slice(bytes);
            let first = kept.iter().find(|byte| !byte.is_ascii_whitespace());
            // A document, or something that should be one: a byte order mark, a word, a digit.
            let document = match first {
                None => true,
                Some(byte) => byte.is_ascii_graphic() && kept.iter().take(64).all(|byte| *byte != 0) || *byte == 0xef,
            };
            if !document {
                member.bytes = None;
            }
        }
    }

    fn hole(&mut self, _: u64) {}

    fn end(&mut self) {
        let Some(member) = self.current.take() else { return };
        let number = u32::try_from(self.index.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let mut bytes = member.bytes;
        if let Some(kept) = &bytes {
            self.kept += kept.len();
            if self.kept > self.limits.stream_documents {
                self.over = true;
                bytes = None;
            }
        }
        self.closing.push(Ended { number, layer: member.ingest.close(), bytes });
    }
}

impl StreamOpener {
    /// A pass that has seen nothing yet. `contents` hashes the contents of files up to that many bytes.
    pub fn new(limits: Limits, contents: Option<u64>) -> Self {
        Self {
            limits,
            start: Vec::new(),
            compression: None,
            decoder: None,
            tar: TarReader::new(limits.outer_tar()),
            sink: Members {
                limits,
                contents,
                index: LayerIndex::default(),
                closing: Vec::new(),
                current: None,
                kept: 0,
                over: false,
            },
            tar_error: None,
            taken: 0,
            made: 0,
        }
    }

    /// Bytes taken so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes more of the archive.
    ///
    /// # Errors
    /// [`OpenError`] if nothing can come of it any more.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        self.taken += bytes.len() as u64;
        if self.compression.is_some() {
            return self.decode(bytes);
        }
        self.start.extend_from_slice(bytes);
        if self.start.len() < 6 { Ok(()) } else { self.begin() }
    }

    fn begin(&mut self) -> Result<(), OpenError> {
        let start = std::mem::take(&mut self.start);
        let compression = sniff(&start);
        self.compression = Some(compression);
        let unsupported = DecodeError::Unsupported { what: "this compression of an archive" };
        self.decoder =
            Some(Decoder::new(compression, self.limits.layer.decode).ok_or(OpenError::Compression(unsupported))?);
        self.decode(&start)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        self.run(|decoder, keep| decoder.push(bytes, keep))?;
        if self.sink.over {
            return Err(OpenError::StreamDocuments { limit: self.limits.stream_documents as u64 });
        }
        self.refuse_none()
    }

    /// Lets the decoder give what it has to the tar.
    fn run(
        &mut self,
        step: impl FnOnce(&mut Decoder, &mut dyn FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure>,
    ) -> Result<(), OpenError> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let (tar, sink, error, made) = (&mut self.tar, &mut self.sink, &mut self.tar_error, &mut self.made);
        let (limits, input) = (self.limits.layer, self.taken);
        let result = step(decoder, &mut |piece| {
            *made += piece.len() as u64;
            if *made > limits.unpacked {
                return Err(OpenError::OuterTooLarge { limit: limits.unpacked }.into());
            }
            if *made > limits.ratio_floor && *made / limits.ratio.max(1) > input {
                return Err(OpenError::OuterRatio { limit: limits.ratio, input, output: *made }.into());
            }
            if error.is_none() {
                *error = tar.push(piece, sink).err();
            }
            match error {
                Some(TarError::TooManyEntries { limit }) => Err(OpenError::TooManyMembers { limit: *limit }.into()),
                _ => Ok(()),
            }
        });
        result.map_err(|Failure(error)| error)
    }

    /// What has no member is no archive.
    fn refuse_none(&self) -> Result<(), OpenError> {
        match &self.tar_error {
            Some(error) if self.sink.index.is_empty() => Err(OpenError::NotArchive(error.clone())),
            _ => Ok(()),
        }
    }

    /// The archive ends here.
    ///
    /// # Errors
    /// [`OpenError`] if it holds no image that could be described.
    pub async fn finish(mut self, watch: &dyn Watch) -> Result<Image, OpenError> {
        if self.taken == 0 {
            return Err(OpenError::Empty);
        }
        if self.compression.is_none() {
            self.begin()?;
        }
        self.run(|decoder, keep| decoder.finish(keep))?;
        if self.tar_error.is_none() {
            self.tar_error = self.tar.finish().err();
        }
        self.refuse_none()?;
        let (issues, trailing) = (self.tar.issues(), self.tar.trailing_offset());
        // What was cut off in the middle is still told apart from what is not there, and from what is no document.
        if let Some(member) = &mut self.sink.current {
            member.bytes.get_or_insert_default();
        }
        self.sink.end();
        let findings = Store::outer_findings(&self.sink.index, issues, trailing, self.tar_error.as_ref());
        let outer = Outer { compression: self.compression.unwrap_or(Compression::None), findings };
        let mut held = HashMap::new();
        for Ended { number, layer, bytes } in self.sink.closing {
            let layer = Rc::new(layer.wait().await.map_err(ReadError)?);
            held.insert(number, Held { layer, bytes: bytes.map(Rc::from) });
        }
        let store = Store::streamed(self.sink.index, held);
        Image::from_store(store, outer, self.limits, watch).await
    }
}
