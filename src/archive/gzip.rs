//! gzip (RFC 1952): members, header checksums, trailers, and what follows them.

use super::checkpoint::{Checkpoint, Checkpoints, Inside};
use super::crc32::Crc32;
use super::decode::DecodeError;
use super::inflate::{Boundary, Inflate, Inflated, Inflater, Stop};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Collecting the ten fixed bytes of a header.
    Fixed,
    /// Collecting the length of the extra field.
    ExtraLength,
    /// Inside the extra field.
    Extra(u16),
    /// Inside the file name.
    Name,
    /// Inside the comment.
    Comment,
    /// Collecting the checksum of the header.
    HeaderCheck,
    /// Inside the deflate stream.
    Body,
    /// Collecting checksum and length.
    Trailer,
    /// Behind a member: another may follow.
    Between,
    /// Zeros follow the last member.
    Zeros,
}

/// Where a member of gzip or a frame of zstd begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberStart {
    /// In the compressed data, in bytes.
    pub compressed: u64,
    /// In the uncompressed data, in bytes.
    pub plain: u64,
}

/// Members whose places are kept: seekable layers have one for each file and chunk.
pub(crate) const MAX_STARTS: usize = 4 << 20;

/// A push decoder of gzip with any number of members.
pub struct Gzip<I = Inflater> {
    inflate: I,
    state: State,
    buffer: Vec<u8>,
    flags: u8,
    header_crc: Crc32,
    crc: Crc32,
    length: u32,
    offset: u64,
    members: u64,
    made: u64,
    begin: u64,
    /// Where the content of the current member begins.
    body: u64,
    starts: Vec<MemberStart>,
    checkpoints: Option<Checkpoints>,
    reserved_flags: bool,
    trailing_zeros: bool,
}

impl<I: Inflate + Default> Default for Gzip<I> {
    fn default() -> Self {
        Self {
            inflate: I::default(),
            state: State::Fixed,
            buffer: Vec::new(),
            flags: 0,
            header_crc: Crc32::default(),
            crc: Crc32::default(),
            length: 0,
            offset: 0,
            members: 0,
            made: 0,
            begin: 0,
            body: 0,
            starts: Vec::new(),
            checkpoints: None,
            reserved_flags: false,
            trailing_zeros: false,
        }
    }
}

const HEADER_CHECK: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

impl Gzip {
    /// Goes on from a checkpoint: the next byte to push is the one that it names.
    pub fn resume(checkpoint: &Checkpoint) -> Self {
        let places = Self { offset: checkpoint.compressed, made: checkpoint.plain, ..Self::default() };
        let Some(inside) = &checkpoint.inside else { return places };
        let Inside { bits, left, crc, length, ref window } = *inside;
        Self {
            inflate: Inflater::resume(Boundary { bits, left, window }),
            state: State::Body,
            crc: Crc32::from_value(crc),
            length,
            body: checkpoint.plain,
            ..places
        }
    }
}

impl<I: Inflate> Gzip<I> {
    /// Keeps checkpoints from now on, as far apart as these.
    pub fn keep_checkpoints(&mut self, checkpoints: Checkpoints) {
        self.checkpoints = Some(checkpoints);
    }

    /// The checkpoints so far. No more are kept.
    pub fn take_checkpoints(&mut self) -> Checkpoints {
        self.checkpoints.take().unwrap_or_default()
    }

    /// How many members have been read to their end.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// Where the members begin, as far as they have been read; the first four million.
    pub fn take_starts(&mut self) -> Vec<MemberStart> {
        std::mem::take(&mut self.starts)
    }

    /// What is odd about the stream, as codes.
    pub fn issues(&self) -> Vec<&'static str> {
        let mut issues = Vec::new();
        if self.trailing_zeros {
            issues.push("GZIP_TRAILING_ZEROS");
        }
        if self.reserved_flags {
            issues.push("GZIP_RESERVED_FLAGS");
        }
        issues
    }

    fn damaged(&self, what: &'static str) -> DecodeError {
        DecodeError::Damaged { format: "gzip", offset: self.offset, what }
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
        while let Some(first) = bytes.first().copied() {
            let taken = match self.state {
                State::Between => {
                    if first == 0 {
                        self.trailing_zeros = true;
                        self.state = State::Zeros;
                    } else if first == 0x1f {
                        self.state = State::Fixed;
                    } else {
                        return Err(DecodeError::TrailingData { format: "gzip", offset: self.offset }.into());
                    }
                    0
                }
                State::Zeros => {
                    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                    if zeros < bytes.len() {
                        let offset = self.offset + zeros as u64;
                        return Err(DecodeError::TrailingData { format: "gzip", offset }.into());
                    }
                    zeros
                }
                State::Body => self.body(bytes, out)?,
                State::Extra(left) => {
                    let take = usize::from(left).min(bytes.len());
                    self.header_crc.update(bytes.get(..take).unwrap_or_default());
                    // At most 65,535, as `left` is.
                    self.state = State::Extra(left - take as u16);
                    if usize::from(left) == take {
                        self.after(EXTRA);
                    }
                    take
                }
                State::Name | State::Comment => {
                    let end = memchr::memchr(0, bytes);
                    let take = end.map_or(bytes.len(), |at| at + 1);
                    self.header_crc.update(bytes.get(..take).unwrap_or_default());
                    if end.is_some() {
                        self.after(if self.state == State::Name { NAME } else { COMMENT });
                    }
                    take
                }
                State::Fixed | State::ExtraLength | State::HeaderCheck | State::Trailer => {
                    if self.state == State::Fixed && self.buffer.is_empty() {
                        self.begin = self.offset;
                    }
                    self.buffer.push(first);
                    self.field()?;
                    1
                }
            };
            self.offset += taken as u64;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Looks at a field of fixed length once it is complete.
    fn field(&mut self) -> Result<(), DecodeError> {
        match (self.state, self.buffer.as_slice()) {
            (State::Fixed, [first, ..]) if *first != 0x1f => return Err(self.magic()),
            (State::Fixed, [_, second, ..]) if *second != 0x8b => return Err(self.magic()),
            (State::Fixed, [_, _, method, ..]) if *method != 8 => return Err(self.damaged("its method is not deflate")),
            (State::Fixed, [_, _, _, flags, _, _, _, _, _, _]) => {
                self.flags = *flags;
                self.reserved_flags |= *flags & 0xe0 != 0;
                self.header_crc = Crc32::default();
                self.header_crc.update(&self.buffer);
                self.buffer.clear();
                self.after(0);
            }
            (State::ExtraLength, [low, high]) => {
                let length = u16::from_le_bytes([*low, *high]);
                self.header_crc.update(&self.buffer);
                self.buffer.clear();
                self.state = State::Extra(length);
                if length == 0 {
                    self.after(EXTRA);
                }
            }
            (State::HeaderCheck, [low, high]) => {
                if u16::from_le_bytes([*low, *high]) != self.header_crc.value() as u16 {
                    return Err(DecodeError::Checksum {
                        format: "gzip",
                        offset: self.offset,
                        what: "the header checksum",
                    });
                }
                self.buffer.clear();
                self.after(HEADER_CHECK);
            }
            (State::Trailer, [a, b, c, d, e, f, g, h]) => {
                let bad = |what| Err(DecodeError::Checksum { format: "gzip", offset: self.offset, what });
                if u32::from_le_bytes([*a, *b, *c, *d]) != self.crc.value() {
                    return bad("the CRC-32");
                }
                if u32::from_le_bytes([*e, *f, *g, *h]) != self.length {
                    return bad("the length in the trailer");
                }
                self.buffer.clear();
                self.members += 1;
                self.state = State::Between;
            }
            _ => {}
        }
        Ok(())
    }

    fn magic(&self) -> DecodeError {
        if self.members > 0 {
            DecodeError::TrailingData { format: "gzip", offset: self.offset }
        } else {
            self.damaged("it does not begin with 1f 8b")
        }
    }

    /// Goes on to the next optional part of a header behind the one with that flag.
    fn after(&mut self, part: u8) {
        let has = |flag: u8| self.flags & flag != 0;
        self.state = match part {
            0 if has(EXTRA) => State::ExtraLength,
            0 | EXTRA if has(NAME) => State::Name,
            0 | EXTRA | NAME if has(COMMENT) => State::Comment,
            0 | EXTRA | NAME | COMMENT if has(HEADER_CHECK) => State::HeaderCheck,
            _ => {
                if self.starts.len() < MAX_STARTS {
                    self.starts.push(MemberStart { compressed: self.begin, plain: self.made });
                }
                if let Some(checkpoints) = &mut self.checkpoints
                    && self.made >= checkpoints.next()
                {
                    checkpoints.push(Checkpoint { compressed: self.begin, plain: self.made, inside: None });
                }
                self.body = self.made;
                self.inflate.reset();
                self.crc = Crc32::default();
                self.length = 0;
                State::Body
            }
        };
    }

    fn body<E: From<DecodeError>>(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let (crc, length, made) = (&mut self.crc, &mut self.length, &mut self.made);
        let pause =
            self.checkpoints.as_ref().map_or(u64::MAX, |checkpoints| checkpoints.next().saturating_sub(self.body));
        let result = self.inflate.inflate(bytes, pause, &mut |piece: &[u8]| {
            crc.update(piece);
            *length = length.wrapping_add(piece.len() as u32);
            *made += piece.len() as u64;
            out(piece)
        });
        let Inflated { taken, stop } = result.map_err(|bad| {
            let offset = self.offset + bad.taken as u64;
            DecodeError::Damaged { format: "gzip", offset, what: bad.what }
        })??;
        match stop {
            Stop::Input => {}
            Stop::End => self.state = State::Trailer,
            Stop::Boundary => {
                if let (Some(boundary), Some(checkpoints)) = (self.inflate.boundary(), &mut self.checkpoints) {
                    checkpoints.push(Checkpoint {
                        compressed: self.offset + taken as u64,
                        plain: self.made,
                        inside: Some(Inside {
                            bits: boundary.bits,
                            left: boundary.left,
                            crc: self.crc.value(),
                            length: self.length,
                            window: boundary.window.to_vec(),
                        }),
                    });
                }
            }
        }
        Ok(taken)
    }

    /// The compressed data end here. No bytes at all are no error.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        match self.state {
            State::Between | State::Zeros => Ok(()),
            State::Fixed if self.offset == 0 => Ok(()),
            _ => Err(DecodeError::Truncated { format: "gzip", offset: self.offset }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::gzip_write::GzipWriter;

    fn compress(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = GzipWriter::new(6);
        writer.write(bytes, &mut out);
        writer.finish(&mut out);
        out
    }

    fn decode(bytes: &[u8], step: usize) -> Result<Vec<u8>, DecodeError> {
        let mut gzip: Gzip = Gzip::default();
        let mut out = Vec::new();
        for chunk in bytes.chunks(step.max(1)) {
            gzip.push::<DecodeError>(chunk, &mut |piece| {
                out.extend_from_slice(piece);
                Ok(())
            })?;
        }
        gzip.finish()?;
        Ok(out)
    }

    #[test]
    fn members_are_joined_however_they_are_cut() {
        let text: Vec<u8> = (0..600_000u32).flat_map(|n| n.to_le_bytes()).collect();
        let mut all = compress(b"");
        all.extend(compress(&text));
        all.extend(compress(b"end"));
        let mut want = text.clone();
        want.extend_from_slice(b"end");
        for step in [1 << 20, 1000, 7] {
            assert_eq!(decode(&all, step).unwrap(), want);
        }
    }

    #[test]
    fn optional_header_parts_and_their_checksum() {
        let plain = compress(b"x");
        let mut header = vec![0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9];
        header.extend_from_slice(b"name\0comment\0");
        let mut crc = Crc32::default();
        crc.update(&header);
        let check = (crc.value() as u16).to_le_bytes();
        let good = [&header[..], &check, &plain[10..]].concat();
        assert_eq!(decode(&good, 1).unwrap(), b"x");
        let bad = [&header[..], &[check[0] ^ 1, check[1]], &plain[10..]].concat();
        assert_eq!(decode(&bad, 5).unwrap_err().code(), "COMPRESSION_CHECKSUM_MISMATCH");
    }

    #[test]
    fn damage_is_seen() {
        let good = compress(b"hello hello hello hello");
        for cut in 1..good.len() {
            assert_eq!(decode(&good[..cut], 3).unwrap_err().code(), "COMPRESSION_TRUNCATED");
        }
        let mut crc = good.clone();
        let at = crc.len() - 8;
        crc[at] ^= 1;
        assert_eq!(decode(&crc, 64).unwrap_err().code(), "COMPRESSION_CHECKSUM_MISMATCH");
        let tail = [&good[..], b"junk"].concat();
        assert_eq!(decode(&tail, 64).unwrap_err().code(), "COMPRESSION_TRAILING_DATA");
        let zeros = [&good[..], &[0; 600]].concat();
        assert!(decode(&zeros, 64).is_ok());
    }

    #[test]
    fn a_distance_beyond_the_start_of_a_member_is_refused() {
        // A fixed-code block: a match of three bytes at distance one with nothing before it.
        let first = compress(&[b'a'; 100]);
        let second = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0x03, 0x02, 0x00], &[0; 8]].concat();
        let all = [first, second].concat();
        assert!(decode(&all, 1000).is_err());
    }
}
