//! Hash functions behind a small trait, so that a host's own can take the place of the default ones.

use sha2::digest::Output;
use sha2::{Digest as _, Sha256, Sha512};

use super::{Algorithm, Digest};

/// A running hash.
pub trait Hasher {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The digest of all bytes.
    fn finish(self: Box<Self>) -> Digest;
}

struct Sha2<H>(H, fn(Output<H>) -> Digest)
where
    H: sha2::digest::OutputSizeUser;

impl<H: sha2::Digest> Hasher for Sha2<H> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> Digest {
        (self.1)(self.0.finalize())
    }
}

/// The default hash for an algorithm, or `None` for one that we cannot compute.
pub fn hasher(algorithm: Algorithm) -> Option<Box<dyn Hasher>> {
    match algorithm {
        Algorithm::Sha256 => Some(Box::new(Sha2(Sha256::new(), |hash| Digest::sha256(hash.as_ref())))),
        Algorithm::Sha512 => Some(Box::new(Sha2(Sha512::new(), |hash| Digest::sha512(hash.as_ref())))),
        Algorithm::Other => None,
    }
}

/// The digest of bytes at hand, or `None` for an algorithm that we cannot compute.
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Option<Digest> {
    let mut hasher = hasher(algorithm)?;
    hasher.update(bytes);
    Some(hasher.finish())
}

/// The sha256 of bytes at hand.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// A running sha256 that gives the raw hash.
#[derive(Clone, Default)]
pub(crate) struct RawSha256(Sha256);

impl RawSha256 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(Algorithm::Sha256, b"").unwrap().encoded(), empty);
        assert_eq!(sha256(b"").encoded(), empty);
        assert!(digest(Algorithm::Sha512, b"abc").unwrap().encoded().starts_with("ddaf35a193617aba"));
        assert_eq!(digest(Algorithm::Other, b""), None);
    }
}
