//! The ports through which an image is read: bytes at a place, and someone who watches.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// A future that stays on its thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A source could not be read. The text is the host's own message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source could not be read: {0}")]
pub struct ReadError(pub String);

/// Something of known size that can be read at any place.
pub trait ReadAt {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// The bytes at `offset`, `length` of them; fewer only where the source ends.
    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>>;

    /// The sha256 of all of it, where that is known without reading it here.
    fn sha256(&self) -> LocalFuture<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(None))
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let end = start.saturating_add(length).min(self.len());
        let bytes = self.get(start..end).unwrap_or_default().to_vec();
        Box::pin(std::future::ready(Ok(bytes)))
    }
}

/// How far long work has come.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// What is being done: `open`, `read`, `verify`.
    pub phase: &'a str,
    /// How much of it is done, in bytes.
    pub done: u64,
    /// How much there is, where it is known.
    pub total: Option<u64>,
    /// What is at hand: a layer's digest, a file.
    pub item: Option<&'a str>,
}

/// Is told how long work goes on, and may drop the work while it is being told.
pub trait Watch {
    /// Called at least once for each mebibyte.
    fn step<'a>(&'a self, step: Step<'a>) -> LocalFuture<'a, ()>;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn step<'a>(&'a self, _: Step<'a>) -> LocalFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A shared source.
pub type Source = Rc<dyn ReadAt>;
