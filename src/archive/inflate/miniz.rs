//! `miniz_oxide` as the reference.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::{BadDeflate, Inflate, Inflated, Stop, WINDOW};

const BUFFER: usize = 256 << 10;

/// `miniz_oxide`: slower than [`super::Inflater`], and what that one is tested against.
pub struct Miniz {
    decompressor: Box<DecompressorOxide>,
    /// The last 32 KiB and what comes behind them. A buffer that does not wrap lets the decoder see that a distance
    /// reaches back beyond the start of the stream.
    buffer: Vec<u8>,
    at: usize,
}

impl Default for Miniz {
    fn default() -> Self {
        Self { decompressor: Box::default(), buffer: vec![0; WINDOW], at: 0 }
    }
}

impl std::fmt::Debug for Miniz {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Miniz").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Inflate for Miniz {
    fn reset(&mut self) {
        self.decompressor.init();
        self.at = 0;
    }

    fn inflate<E>(
        &mut self,
        input: &[u8],
        _: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Result<Inflated, E>, BadDeflate> {
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut taken = 0;
        loop {
            if self.at == self.buffer.len() {
                if self.buffer.len() < BUFFER {
                    // Small streams stay in a small buffer.
                    self.buffer.resize(BUFFER, 0);
                } else {
                    self.buffer.copy_within(self.at - WINDOW.., 0);
                    self.at = WINDOW;
                }
            }
            let rest = input.get(taken..).unwrap_or_default();
            let (status, read, written) = decompress(&mut self.decompressor, rest, &mut self.buffer, self.at, flags);
            taken += read;
            let end = self.at + written;
            if written > 0
                && let Err(error) = out(self.buffer.get(self.at..end).unwrap_or_default())
            {
                return Ok(Err(error));
            }
            self.at = end;
            match status {
                TINFLStatus::Done => return Ok(Ok(Inflated { taken, stop: Stop::End })),
                TINFLStatus::NeedsMoreInput => return Ok(Ok(Inflated { taken, stop: Stop::Input })),
                TINFLStatus::HasMoreOutput => {}
                _ => return Err(BadDeflate { taken, what: "the deflate data cannot be decoded" }),
            }
        }
    }
}
