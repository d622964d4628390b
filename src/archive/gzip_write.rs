//! Writes gzip (RFC 1952), one member, the same bytes for the same input, level and version of the compressor.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output, create_comp_flags_from_zip_params,
};

use super::crc32::Crc32;

/// A streaming gzip compressor: bytes in, bytes out, about 300 KB of state.
///
/// The header has no name, no time and no operating system (255), so nothing of the host gets into the output.
pub struct GzipWriter {
    compressor: Box<CompressorOxide>,
    crc: Crc32,
    length: u32,
    started: bool,
}

impl GzipWriter {
    /// A writer at `level`: 1 is fast, 9 is small, 6 is what gzip does by itself. Others are brought into that range.
    pub fn new(level: u8) -> Self {
        // A negative window tells the compressor to write deflate without zlib's own frame.
        let flags = create_comp_flags_from_zip_params(i32::from(level.clamp(1, 9)), -15, 0);
        Self { compressor: Box::new(CompressorOxide::new(flags)), crc: Crc32::default(), length: 0, started: false }
    }

    /// Takes in `input` and appends what is ready to `out`.
    pub fn write(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.start(out);
        self.crc.update(input);
        self.length = self.length.wrapping_add(input.len() as u32);
        self.deflate(input, TDEFLFlush::None, out);
    }

    /// Ends the member and appends the rest to `out`.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.start(out);
        self.deflate(&[], TDEFLFlush::Finish, out);
        out.extend_from_slice(&self.crc.value().to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !self.started {
            self.started = true;
            out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        }
    }

    fn deflate(&mut self, mut input: &[u8], flush: TDEFLFlush, out: &mut Vec<u8>) {
        loop {
            let (status, taken) = compress_to_output(&mut self.compressor, input, flush, |bytes| {
                out.extend_from_slice(bytes);
                true
            });
            input = input.get(taken..).unwrap_or_default();
            // The sink takes everything, so one call is enough but for a compressor that stopped in between.
            if status != TDEFLStatus::Okay || (input.is_empty() && flush == TDEFLFlush::None) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(level: u8, bytes: &[u8], step: usize) -> Vec<u8> {
        let mut writer = GzipWriter::new(level);
        let mut out = Vec::new();
        for chunk in bytes.chunks(step) {
            writer.write(chunk, &mut out);
        }
        writer.finish(&mut out);
        out
    }

    fn unpack(gzip: &[u8]) -> Vec<u8> {
        assert_eq!(gzip[..4], [0x1f, 0x8b, 8, 0]);
        miniz_oxide::inflate::decompress_to_vec(&gzip[10..gzip.len() - 8]).unwrap()
    }

    #[test]
    fn every_level_comes_back_however_it_is_fed() {
        let bytes: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        for level in 1..=9 {
            let whole = pack(level, &bytes, bytes.len());
            assert_eq!(unpack(&whole), bytes);
            assert_eq!(pack(level, &bytes, 997), whole, "level {level}");
        }
    }

    #[test]
    fn nothing_is_a_valid_member_too() {
        let out = pack(6, b"", 1);
        assert_eq!(unpack(&out), b"");
        assert_eq!(out[out.len() - 8..], [0; 8]);
    }
}
