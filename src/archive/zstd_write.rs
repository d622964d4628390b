//! Writes zstd (RFC 8878) in frames, the same bytes for the same input, level and version of the compressor.
//!
//! The compressor is `structured-zstd`, whose levels are those of the reference. Frames of [`FRAME`] bytes each let a
//! reader begin in the middle, and bound what the highest levels keep.

use std::io::Write;

use structured_zstd::encoding::{CompressionLevel, StreamingEncoder};

/// The bytes of a frame before they are compressed. Shorter ones cost size: of frames of 1 MiB, 2 %; of these, less than
/// half of that.
pub const FRAME: usize = 8 << 20;

/// The levels, from the fastest to the smallest.
pub const LEVELS: std::ops::RangeInclusive<u8> = 1..=19;

/// A streaming zstd compressor.
pub struct ZstdWriter {
    level: CompressionLevel,
    frame: Option<StreamingEncoder<Vec<u8>>>,
    /// How much more the frame takes.
    left: usize,
}

impl ZstdWriter {
    /// A writer at `level`: 3 is what `zstd` does by itself. Others than [`LEVELS`] are brought into that range.
    pub fn new(level: u8) -> Self {
        let level = level.clamp(*LEVELS.start(), *LEVELS.end());
        Self { level: CompressionLevel::from_level(i32::from(level)), frame: None, left: FRAME }
    }

    /// Takes in `input` and appends what is ready to `out`.
    pub fn write(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let (now, later) = input.split_at(input.len().min(self.left));
            let frame = self.frame.get_or_insert_with(|| StreamingEncoder::new(Vec::new(), self.level));
            // What it writes to is memory, so nothing can go wrong there.
            let written = frame.write_all(now);
            debug_assert!(written.is_ok());
            out.append(frame.get_mut());
            self.left -= now.len();
            input = later;
            if self.left == 0 {
                self.end(out);
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(frame) = self.frame.take() {
            let rest = frame.finish();
            debug_assert!(rest.is_ok());
            out.append(&mut rest.unwrap_or_default());
        }
        self.left = FRAME;
    }

    /// Ends the last frame and appends the rest to `out`. Nothing at all gives nothing.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.end(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::decode::{DecodeError, DecodeLimits, Decoder};
    use crate::oci::Compression;

    fn pack(level: u8, bytes: &[u8], step: usize) -> Vec<u8> {
        let mut writer = ZstdWriter::new(level);
        let mut out = Vec::new();
        bytes.chunks(step).for_each(|chunk| writer.write(chunk, &mut out));
        writer.finish(&mut out);
        out
    }

    fn unpack(packed: &[u8]) -> Vec<u8> {
        let mut decoder = Decoder::new(Compression::Zstd, DecodeLimits::default()).unwrap();
        let mut out = Vec::new();
        let mut take = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        decoder.push::<DecodeError>(packed, &mut take).unwrap();
        decoder.finish::<DecodeError>(&mut take).unwrap();
        out
    }

    #[test]
    fn every_level_comes_back_however_it_is_fed() {
        let random: Vec<u8> = (0..300_000u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51) as u8).collect();
        for bytes in [random, include_bytes!("tar.rs").repeat(4)] {
            for level in LEVELS {
                let whole = pack(level, &bytes, bytes.len());
                assert_eq!(unpack(&whole), bytes);
                for step in [997, 70_001] {
                    assert_eq!(pack(level, &bytes, step), whole, "level {level} in steps of {step}");
                }
            }
        }
    }

    #[test]
    fn what_is_long_has_several_frames() {
        let bytes: Vec<u8> = (0..2 * FRAME as u32 + 17).map(|n| (n / 7) as u8).collect();
        let packed = pack(3, &bytes, 77_777);
        assert_eq!(unpack(&packed), bytes);
        assert!(packed.windows(4).filter(|four| *four == [0x28, 0xb5, 0x2f, 0xfd]).count() >= 3);
        assert!(pack(3, &[], 1).is_empty());
    }
}
