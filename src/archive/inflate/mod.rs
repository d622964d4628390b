//! Raw deflate (RFC 1951) behind a small trait: [`Inflater`], which reads layers, and [`Miniz`], the reference that it is
//! tested against.

mod decoder;
mod miniz;
mod tables;

pub use decoder::Inflater;
pub use miniz::Miniz;

/// Bytes that a distance can reach back.
pub const WINDOW: usize = 32 << 10;

/// Why one call of [`Inflate::inflate`] has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All of the input is taken.
    Input,
    /// A block has ended where the caller wanted to look: see [`Inflate::boundary`].
    Boundary,
    /// The stream has ended. What follows in the input is no longer deflate.
    End,
}

/// How far one call of [`Inflate::inflate`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated {
    /// Bytes taken from the input.
    pub taken: usize,
    /// Why it ended.
    pub stop: Stop,
}

/// What it takes to go on in the middle of a stream: the state between two blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary<'a> {
    /// How many of the high bits of the last byte that was taken belong to what follows; 0 to 7.
    pub bits: u8,
    /// Those bits, the first one lowest.
    pub left: u8,
    /// The last 32 KiB of output, or all of it if it is less.
    pub window: &'a [u8],
}

/// A streaming decoder of raw deflate.
pub trait Inflate {
    /// Begins a new stream.
    fn reset(&mut self);

    /// Decodes some input and hands what comes out to `out`, in pieces. Takes all of the input unless the stream ends,
    /// or a block ends behind which the stream has made `pause` bytes or more, counted from its beginning. A decoder
    /// may not know of blocks: then it never stops between them.
    ///
    /// # Errors
    /// `Ok(Err(_))` is an error of `out`; [`BadDeflate`] says that the input is no deflate stream.
    fn inflate<E>(
        &mut self,
        input: &[u8],
        pause: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Result<Inflated, E>, BadDeflate>;

    /// The state after [`Stop::Boundary`].
    fn boundary(&self) -> Option<Boundary<'_>> {
        None
    }
}

/// The input is no deflate stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDeflate {
    /// Bytes of the input that were taken before it was seen.
    pub taken: usize,
    /// What is wrong.
    pub what: &'static str,
}

#[cfg(test)]
mod tests;
