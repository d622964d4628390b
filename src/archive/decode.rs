//! Decompression as a push decoder, whatever the format: compressed bytes in, plain bytes to a sink.

use bzip2_rs::decoder::{Decoder as Bzip2Decoder, ReadState, WriteState};
use xz4rust::{XzDecoder, XzNextBlockResult};

use super::checkpoint::{Checkpoint, Checkpoints};
use super::gzip::{Gzip, MemberStart};
use super::zstd::{Skipped, Zstd};
use crate::oci::Compression;

/// Why compressed data cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The data break the format.
    #[error("the {format} stream is damaged at byte {offset}: {what}")]
    Damaged {
        /// The format.
        format: &'static str,
        /// Where, in bytes of the compressed data.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A checksum or length that the format carries is not that of the content.
    #[error("the {format} stream is damaged at byte {offset}: {what} does not match the content")]
    Checksum {
        /// The format.
        format: &'static str,
        /// Where, in bytes of the compressed data.
        offset: u64,
        /// Which checksum.
        what: &'static str,
    },
    /// The data end too early.
    #[error("the {format} stream is cut off at byte {offset}")]
    Truncated {
        /// The format.
        format: &'static str,
        /// Where, in bytes of the compressed data.
        offset: u64,
    },
    /// Something that is not of the format follows its end.
    #[error("something follows the {format} stream at byte {offset}")]
    TrailingData {
        /// The format.
        format: &'static str,
        /// Where, in bytes of the compressed data.
        offset: u64,
    },
    /// The data ask for a larger window than is allowed.
    #[error("the zstd frame at byte {offset} wants a window of {window} bytes, more than the limit of {limit}")]
    Window {
        /// Where, in bytes of the compressed data.
        offset: u64,
        /// What it wants, in bytes.
        window: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The data ask for a larger dictionary than is allowed.
    #[error("the xz stream at byte {offset} wants a dictionary of {dictionary} bytes, more than the limit of {limit}")]
    Dictionary {
        /// Where, in bytes of the compressed data.
        offset: u64,
        /// What it wants, in bytes.
        dictionary: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A form that we cannot read.
    #[error("{what} is not supported")]
    Unsupported {
        /// Which.
        what: &'static str,
    },
}

impl DecodeError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "COMPRESSION_DAMAGED",
            Self::Checksum { .. } => "COMPRESSION_CHECKSUM_MISMATCH",
            Self::Truncated { .. } => "COMPRESSION_TRUNCATED",
            Self::TrailingData { .. } => "COMPRESSION_TRAILING_DATA",
            Self::Window { .. } => "ZSTD_WINDOW_TOO_LARGE",
            Self::Dictionary { .. } => "XZ_DICTIONARY_TOO_LARGE",
            Self::Unsupported { .. } => "COMPRESSION_UNSUPPORTED",
        }
    }

    /// Where it happened, in bytes of the compressed data.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Damaged { offset, .. }
            | Self::Checksum { offset, .. }
            | Self::Truncated { offset, .. }
            | Self::TrailingData { offset, .. }
            | Self::Window { offset, .. }
            | Self::Dictionary { offset, .. } => Some(*offset),
            Self::Unsupported { .. } => None,
        }
    }
}

/// The format that the first bytes name. Six bytes are enough; with fewer the answer may be wrong.
/// [`Compression::None`] for anything without a known magic.
pub fn sniff(start: &[u8]) -> Compression {
    let zstd_skippable = |bytes: &[u8]| matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ if zstd_skippable(start) => Compression::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Bzip2,
        [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Unknown,
        _ => Compression::None,
    }
}

/// Bounds of decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The largest zstd window, in bytes. Default 128 MiB.
    pub zstd_window: u64,
    /// The largest xz dictionary, in bytes. Default 64 MiB.
    pub xz_dictionary: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { zstd_window: 128 << 20, xz_dictionary: 64 << 20 }
    }
}

/// A decompressor of any of the formats.
pub enum Decoder {
    /// Nothing to do.
    Plain,
    /// gzip.
    Gzip(Box<Gzip>),
    /// zstd.
    Zstd(Box<Zstd>),
    /// xz.
    Xz(Box<Xz>),
    /// bzip2.
    Bzip2(Box<Bzip2>),
}

impl Decoder {
    /// A decoder for the format, or `None` for one that we cannot read.
    pub fn new(format: Compression, limits: DecodeLimits) -> Option<Self> {
        Some(match format {
            Compression::None => Self::Plain,
            Compression::Gzip => Self::Gzip(Box::default()),
            Compression::Zstd => Self::Zstd(Box::new(Zstd::new(limits.zstd_window))),
            Compression::Xz => Self::Xz(Box::new(Xz::new(limits.xz_dictionary))),
            Compression::Bzip2 => Self::Bzip2(Box::default()),
            Compression::Unknown => return None,
        })
    }

    /// A decoder that goes on from a checkpoint: the next byte to push is the one that it names. `None` for a format that
    /// has no checkpoints.
    pub fn resume(format: Compression, limits: DecodeLimits, checkpoint: &Checkpoint) -> Option<Self> {
        match format {
            Compression::Gzip => Some(Self::Gzip(Box::new(Gzip::resume(checkpoint)))),
            Compression::Zstd => Some(Self::Zstd(Box::new(Zstd::resume(limits.zstd_window, checkpoint)))),
            _ => None,
        }
    }

    /// Keeps checkpoints from now on, where the format can have them.
    pub fn keep_checkpoints(&mut self, checkpoints: Checkpoints) {
        match self {
            Self::Gzip(gzip) => gzip.keep_checkpoints(checkpoints),
            Self::Zstd(zstd) => zstd.keep_checkpoints(checkpoints),
            _ => {}
        }
    }

    /// The checkpoints so far. No more are kept.
    pub fn take_checkpoints(&mut self) -> Checkpoints {
        match self {
            Self::Gzip(gzip) => gzip.take_checkpoints(),
            Self::Zstd(zstd) => zstd.take_checkpoints(),
            _ => Checkpoints::default(),
        }
    }

    /// Takes more compressed bytes; what comes out goes to `out` in pieces.
    ///
    /// # Errors
    /// [`DecodeError`], or what `out` returns. The decoder must not be used after an error.
    pub fn push<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Plain if bytes.is_empty() => Ok(()),
            Self::Plain => out(bytes),
            Self::Gzip(gzip) => gzip.push(bytes, out),
            Self::Zstd(zstd) => zstd.push(bytes, out),
            Self::Xz(xz) => xz.push(bytes, out),
            Self::Bzip2(bzip2) => bzip2.push(bytes, out),
        }
    }

    /// The compressed data end here.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], or what `out` returns for the last pieces.
    pub fn finish<E: From<DecodeError>>(&mut self, out: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Plain => Ok(()),
            Self::Gzip(gzip) => Ok(gzip.finish()?),
            Self::Zstd(zstd) => Ok(zstd.finish()?),
            Self::Xz(xz) => Ok(xz.finish()?),
            Self::Bzip2(bzip2) => bzip2.finish(out),
        }
    }

    /// Where the members of a gzip stream, or the frames of a zstd stream, begin.
    pub fn take_member_starts(&mut self) -> Vec<MemberStart> {
        match self {
            Self::Gzip(gzip) => gzip.take_starts(),
            Self::Zstd(zstd) => zstd.take_starts(),
            _ => Vec::new(),
        }
    }

    /// The contents of the skippable frames of a zstd stream.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        if let Self::Zstd(zstd) = self { zstd.take_skipped() } else { Vec::new() }
    }

    /// What is odd about the stream, as codes: `GZIP_TRAILING_ZEROS`, `GZIP_RESERVED_FLAGS`, `ZSTD_NO_FRAME`.
    pub fn issues(&self) -> Vec<&'static str> {
        match self {
            Self::Gzip(gzip) => gzip.issues(),
            Self::Zstd(zstd) => zstd.issues(),
            _ => Vec::new(),
        }
    }
}

/// xz, for archives that are compressed as a whole.
pub struct Xz {
    limit: u64,
    decoder: XzDecoder<'static>,
    output: Vec<u8>,
    pending: Vec<u8>,
    offset: u64,
    ended: bool,
    started: bool,
}

impl Xz {
    /// A decoder whose dictionary may grow to `dictionary` bytes.
    pub fn new(dictionary: usize) -> Self {
        Self {
            limit: dictionary as u64,
            decoder: XzDecoder::with_alloc_dict_size(4096, dictionary),
            output: vec![0; 64 << 10],
            pending: Vec::new(),
            offset: 0,
            ended: false,
            started: false,
        }
    }

    fn push<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut joined = std::mem::take(&mut self.pending);
        let mut input = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        self.started |= !bytes.is_empty();
        loop {
            if self.ended {
                // Zeros may stand between streams, and another stream may follow.
                let zeros = input.iter().take_while(|byte| **byte == 0).count();
                self.offset += zeros as u64;
                input = input.get(zeros..).unwrap_or_default();
                if input.is_empty() {
                    return Ok(());
                }
                if input.first() != Some(&0xfd) {
                    return Err(DecodeError::TrailingData { format: "xz", offset: self.offset }.into());
                }
                self.decoder.reset();
                self.ended = false;
            }
            let step = self.decoder.decode(input, &mut self.output);
            let (taken, made, ended) = match step {
                Ok(XzNextBlockResult::NeedMoreData(taken, made)) => (taken, made, false),
                Ok(XzNextBlockResult::EndOfStream(taken, made)) => (taken, made, true),
                Err(xz4rust::XzError::NeedsLargerInputBuffer) => (0, 0, false),
                Err(xz4rust::XzError::DictionaryTooLarge(dictionary)) => {
                    let (offset, limit) = (self.offset, self.limit);
                    return Err(DecodeError::Dictionary { offset, dictionary, limit }.into());
                }
                Err(_) => {
                    return Err(DecodeError::Damaged {
                        format: "xz",
                        offset: self.offset,
                        what: "it cannot be decoded",
                    }
                    .into());
                }
            };
            if made > 0 {
                out(self.output.get(..made).unwrap_or_default())?;
            }
            self.offset += taken as u64;
            input = input.get(taken..).unwrap_or_default();
            self.ended = ended;
            if !ended && taken == 0 && made == 0 {
                self.pending = input.to_vec();
                return Ok(());
            }
        }
    }

    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.started && !self.ended {
            return Err(DecodeError::Truncated { format: "xz", offset: self.offset });
        }
        Ok(())
    }
}

/// bzip2, for archives that are compressed as a whole.
#[derive(Default)]
pub struct Bzip2 {
    decoder: Bzip2Decoder,
    head: Vec<u8>,
    offset: u64,
    ended: bool,
}

impl Bzip2 {
    fn damaged(&self) -> DecodeError {
        DecodeError::Damaged { format: "bzip2", offset: self.offset, what: "it cannot be decoded" }
    }

    fn push<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.offset == 0 && self.head.len() + bytes.len() < 16 {
            self.head.extend_from_slice(bytes);
            return Ok(());
        }
        let head = std::mem::take(&mut self.head);
        for mut part in [&head[..], bytes] {
            while !part.is_empty() && !self.ended {
                match self.decoder.write(part).map_err(|_| self.damaged())? {
                    WriteState::Written(taken) => {
                        self.offset += taken as u64;
                        part = part.get(taken..).unwrap_or_default();
                    }
                    WriteState::NeedsRead => {}
                }
                self.drain(out)?;
            }
        }
        Ok(())
    }

    fn drain<E: From<DecodeError>>(&mut self, out: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut output = [0; 16 << 10];
        loop {
            match self.decoder.read(&mut output).map_err(|_| self.damaged())? {
                ReadState::Read(0) | ReadState::NeedsWrite(_) => return Ok(()),
                ReadState::Read(made) => out(output.get(..made).unwrap_or_default())?,
                ReadState::Eof => {
                    self.ended = true;
                    return Ok(());
                }
            }
        }
    }

    fn finish<E: From<DecodeError>>(&mut self, out: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let head = std::mem::take(&mut self.head);
        if !head.is_empty() {
            return Err(DecodeError::Truncated { format: "bzip2", offset: head.len() as u64 }.into());
        }
        // The decoder takes an empty piece for the end, once for each block that it still holds.
        for _ in 0..1 << 20 {
            if self.ended || self.offset == 0 {
                return Ok(());
            }
            self.decoder.write(&[]).map_err(|_| self.damaged())?;
            self.drain(out)?;
        }
        Err(self.damaged().into())
    }
}
