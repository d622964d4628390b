//! Zstandard (RFC 8878): frames, skippable frames, checksums and sizes. The blocks are decoded by `ruzstd`.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::checkpoint::{Checkpoint, Checkpoints};
use super::decode::DecodeError;
use super::gzip::{MAX_STARTS, MemberStart};

/// No block of any frame is longer.
const BLOCK_MAX: u64 = 128 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Collecting a magic number.
    Magic,
    /// Collecting the length of a skippable frame.
    SkipLength,
    /// Inside a skippable frame.
    Skip(u32),
    /// Collecting a frame header.
    Header,
    /// Collecting a block with its header, and behind the last one the checksum.
    Block,
}

/// A push decoder of zstd with any number of frames.
pub struct Zstd {
    limit: u64,
    state: State,
    buffer: Vec<u8>,
    decoder: FrameDecoder,
    /// The window of the current frame and that of the largest one the decoder has seen.
    window: u64,
    content_size: Option<u64>,
    checksum: bool,
    made: u64,
    offset: u64,
    frames: u64,
    started: bool,
    skipped: Vec<Skipped>,
    kept: usize,
    total: u64,
    starts: Vec<MemberStart>,
    checkpoints: Option<Checkpoints>,
}

/// The content of a skippable frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it begins in the compressed data, in bytes.
    pub offset: u64,
    /// The content, as far as it is kept.
    pub bytes: Vec<u8>,
}

/// Bytes of skippable frames that are kept in sum: zstd:chunked layers have their table in one.
const MAX_SKIPPED: usize = 16 << 20;

impl Zstd {
    /// A decoder that refuses frames with a larger window than `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            state: State::Magic,
            buffer: Vec::new(),
            decoder: FrameDecoder::new(),
            window: 0,
            content_size: None,
            checksum: false,
            made: 0,
            offset: 0,
            frames: 0,
            started: false,
            skipped: Vec::new(),
            kept: 0,
            total: 0,
            starts: Vec::new(),
            checkpoints: None,
        }
    }

    /// Goes on from a checkpoint, which is where a frame begins.
    pub fn resume(limit: u64, checkpoint: &Checkpoint) -> Self {
        Self { offset: checkpoint.compressed, total: checkpoint.plain, ..Self::new(limit) }
    }

    /// Keeps checkpoints from now on, as far apart as these or as the frames are.
    pub fn keep_checkpoints(&mut self, checkpoints: Checkpoints) {
        self.checkpoints = Some(checkpoints);
    }

    /// The checkpoints so far. No more are kept.
    pub fn take_checkpoints(&mut self) -> Checkpoints {
        self.checkpoints.take().unwrap_or_default()
    }

    /// Where the frames begin, as far as they have been read; the first four million.
    pub fn take_starts(&mut self) -> Vec<MemberStart> {
        std::mem::take(&mut self.starts)
    }

    /// The contents of skippable frames, 16 MiB in sum.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.skipped)
    }

    /// What is odd about the stream, as codes.
    pub fn issues(&self) -> Vec<&'static str> {
        if self.started && self.frames == 0 { vec!["ZSTD_NO_FRAME"] } else { Vec::new() }
    }

    fn damaged(&self, what: &'static str) -> DecodeError {
        DecodeError::Damaged { format: "zstd", offset: self.offset, what }
    }

    /// Takes more compressed bytes; what comes out goes to `out` in pieces.
    ///
    /// # Errors
    /// [`DecodeError`], or what `out` returns.
    pub fn push<E: From<DecodeError>>(
        &mut self,
        mut bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.started |= !bytes.is_empty();
        while !bytes.is_empty() {
            if let State::Skip(left) = self.state {
                let take = (left as usize).min(bytes.len());
                let piece = bytes.get(..take.min(MAX_SKIPPED.saturating_sub(self.kept))).unwrap_or_default();
                if let Some(last) = self.skipped.last_mut() {
                    self.kept += piece.len();
                    last.bytes.extend_from_slice(piece);
                }
                let left = left - take as u32;
                self.state = if left == 0 { State::Magic } else { State::Skip(left) };
                self.offset += take as u64;
                bytes = bytes.get(take..).unwrap_or_default();
                continue;
            }
            // A block that lies whole in the input is decoded where it lies.
            if self.buffer.is_empty() && self.state == State::Block {
                let need = self.block_length(bytes)?;
                if need <= bytes.len() {
                    let (block, rest) = bytes.split_at(need);
                    self.block(block, out)?;
                    self.offset += need as u64;
                    bytes = rest;
                    continue;
                }
            }
            let need = self.need()?;
            let take = need.saturating_sub(self.buffer.len()).min(bytes.len());
            self.buffer.extend_from_slice(bytes.get(..take).unwrap_or_default());
            self.offset += take as u64;
            bytes = bytes.get(take..).unwrap_or_default();
            if self.buffer.len() >= self.need()? {
                let whole = std::mem::take(&mut self.buffer);
                self.complete(&whole, out)?;
                self.buffer = whole;
                self.buffer.clear();
            }
        }
        Ok(())
    }

    /// How many bytes the current part has, as far as can be told.
    fn need(&self) -> Result<usize, DecodeError> {
        Ok(match self.state {
            State::Magic | State::SkipLength => 4,
            State::Skip(_) => 0,
            State::Header => match self.buffer.first() {
                None => 1,
                Some(descriptor) => 1 + header_length(*descriptor),
            },
            State::Block => self.block_length(&self.buffer)?,
        })
    }

    /// The length of a block with its header (and checksum, if it is the last), or 3 if the header is not whole yet.
    fn block_length(&self, bytes: &[u8]) -> Result<usize, DecodeError> {
        let [a, b, c, ..] = bytes else { return Ok(3) };
        let header = u32::from_le_bytes([*a, *b, *c, 0]);
        let size = u64::from(header >> 3);
        let kind = header >> 1 & 3;
        if kind == 3 {
            return Err(self.damaged("a block of the reserved type"));
        }
        if size > self.window.min(BLOCK_MAX) {
            return Err(self.damaged("a block that is larger than its frame allows"));
        }
        let body = if kind == 1 { 1 } else { size as usize };
        let checksum = if header & 1 == 1 && self.checksum { 4 } else { 0 };
        Ok(3 + body + checksum)
    }

    fn complete<E: From<DecodeError>>(
        &mut self,
        part: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.state {
            State::Magic => match part {
                [0x28, 0xb5, 0x2f, 0xfd] => self.state = State::Header,
                [0x50..=0x5f, 0x2a, 0x4d, 0x18] => self.state = State::SkipLength,
                _ if self.offset > 4 => {
                    return Err(DecodeError::TrailingData { format: "zstd", offset: self.offset - 4 }.into());
                }
                _ => return Err(self.damaged("it does not begin with a magic number of zstd").into()),
            },
            State::SkipLength => {
                let length = part.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
                self.state = if length == 0 { State::Magic } else { State::Skip(length) };
                if length > 0 && self.skipped.len() < 1000 {
                    self.skipped.push(Skipped { offset: self.offset, bytes: Vec::new() });
                }
            }
            State::Header => self.header(part)?,
            State::Block => self.block(part, out)?,
            State::Skip(_) => {}
        }
        Ok(())
    }

    fn header(&mut self, header: &[u8]) -> Result<(), DecodeError> {
        let descriptor = header.first().copied().unwrap_or_default();
        if descriptor & 8 != 0 {
            return Err(self.damaged("the reserved bit of the frame header is set"));
        }
        let single = descriptor & 0x20 != 0;
        let mut rest = header.get(1..).unwrap_or_default();
        let mut take = |length: usize| {
            let (part, after) = rest.split_at_checked(length).unwrap_or_default();
            rest = after;
            part.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte))
        };
        let window = if single { 0 } else { take(1) };
        let dictionary = take([0, 1, 2, 4][usize::from(descriptor & 3)]);
        let size = match descriptor >> 6 {
            0 if single => Some(take(1)),
            0 => None,
            1 => Some(take(2) + 256),
            2 => Some(take(4)),
            _ => Some(take(8)),
        };
        if dictionary != 0 {
            return Err(DecodeError::Unsupported { what: "a zstd frame that needs a dictionary" });
        }
        self.window = match size {
            Some(size) if single => size,
            _ => {
                let base = 1u64 << (10 + (window >> 3));
                base + base / 8 * (window & 7)
            }
        };
        if self.window > self.limit {
            return Err(DecodeError::Window { offset: self.offset, window: self.window, limit: self.limit });
        }
        self.content_size = size;
        self.checksum = descriptor & 4 != 0;
        self.made = 0;
        // A decoder that is used again reserves the whole window at once; a new one grows with what it holds.
        if self.window > 8 << 20 {
            self.decoder = FrameDecoder::new();
        }
        self.decoder.set_max_window_size(self.limit);
        let whole = [&[0x28, 0xb5, 0x2f, 0xfd], header].concat();
        self.decoder.reset(whole.as_slice()).map_err(|_| self.damaged("the frame header is wrong"))?;
        self.state = State::Block;
        let start = self.offset.saturating_sub(whole.len() as u64);
        if self.starts.len() < MAX_STARTS {
            self.starts.push(MemberStart { compressed: start, plain: self.total });
        }
        if let Some(checkpoints) = &mut self.checkpoints
            && self.total >= checkpoints.next()
        {
            checkpoints.push(Checkpoint { compressed: start, plain: self.total, inside: None });
        }
        Ok(())
    }

    fn block<E: From<DecodeError>>(
        &mut self,
        block: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let last = self
            .decoder
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|_| self.damaged("a block that cannot be decoded"))?;
        let mut sink = Sink { out, made: 0, error: None };
        let drained = self.decoder.collect_to_writer(&mut sink);
        let (made, error) = (sink.made, sink.error);
        if let Some(error) = error {
            return Err(error);
        }
        drained.map_err(|_| self.damaged("a block that cannot be decoded"))?;
        self.made += made;
        self.total += made;
        if last {
            self.frames += 1;
            self.state = State::Magic;
            if self.content_size.is_some_and(|size| size != self.made) {
                return Err(self.mismatch("the size in the frame header").into());
            }
            if self.checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
                return Err(self.mismatch("the checksum").into());
            }
        }
        Ok(())
    }

    fn mismatch(&self, what: &'static str) -> DecodeError {
        DecodeError::Checksum { format: "zstd", offset: self.offset, what }
    }

    /// The compressed data end here. No bytes at all are no error.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        if self.state == State::Magic && self.buffer.is_empty() {
            return Ok(());
        }
        if self.state == State::Magic && self.frames > 0 {
            return Err(DecodeError::TrailingData { format: "zstd", offset: self.offset });
        }
        Err(DecodeError::Truncated { format: "zstd", offset: self.offset })
    }
}

/// The length of a frame header behind its descriptor byte.
fn header_length(descriptor: u8) -> usize {
    let single = descriptor & 0x20 != 0;
    let size = match descriptor >> 6 {
        0 => usize::from(single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    usize::from(!single) + [0, 1, 2, 4][usize::from(descriptor & 3)] + size
}

struct Sink<'a, E> {
    out: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
    made: u64,
    error: Option<E>,
}

impl<E> std::io::Write for Sink<'_, E> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Err(error) = (self.out)(bytes) {
            self.error = Some(error);
            return Err(std::io::ErrorKind::Other.into());
        }
        self.made += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], step: usize) -> Result<Vec<u8>, DecodeError> {
        let mut zstd = Zstd::new(8 << 20);
        let mut out = Vec::new();
        for chunk in bytes.chunks(step) {
            zstd.push::<DecodeError>(chunk, &mut |piece| {
                out.extend_from_slice(piece);
                Ok(())
            })?;
        }
        zstd.finish()?;
        Ok(out)
    }

    fn compress(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn frames_are_joined_however_they_are_cut() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let skip = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let all = [&skip[..], &compress(&text), &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], &compress(b"end")].concat();
        let want = [&text[..], b"end"].concat();
        for step in [1 << 20, 1000, 1] {
            assert!(decode(&all, step).unwrap() == want);
        }
    }

    #[test]
    fn frames_of_nothing() {
        // A single segment of no bytes, and a frame without a size, each with one empty raw block.
        let single = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];
        let plain = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1, 0, 0];
        let all = [&single[..], &compress(b"x"), &plain, &compress(b"y"), &single].concat();
        assert_eq!(decode(&all, 4).unwrap(), b"xy");
    }

    #[test]
    fn damage_is_seen() {
        let good = compress(b"hello hello hello");
        for cut in 1..good.len() {
            assert!(decode(&good[..cut], 100).is_err());
        }
        let tail = [&good[..], b"junk"].concat();
        assert_eq!(decode(&tail, 100).unwrap_err().code(), "COMPRESSION_TRAILING_DATA");
        let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8];
        assert_eq!(decode(&window, 100).unwrap_err().code(), "ZSTD_WINDOW_TOO_LARGE");
    }
}
