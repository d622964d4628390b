//! Hash functions behind a small trait, so that a host's own can take the place of the default ones.
//!
//! The default is `sha2`. In wasm it is what a layer waits for: Node's hash is five times as fast, since it uses the
//! processor's own instructions. So the boundary sets a [`Factory`] where the host has a hash that can be fed step by step
//! and asked at once; everything that is long enough goes there. A browser has no such hash, but it has threads: what is
//! long is hashed [`Elsewhere`], while this thread inflates, and the digest comes later.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use sha2::{Digest as _, Sha256, Sha512};

use super::{Algorithm, Digest};

/// A running hash.
pub trait Hasher {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// Writes the hash of all bytes to `out`, which has the hash's length.
    fn finish(self: Box<Self>, out: &mut [u8]);
}

struct Sha2<H>(H);

impl<H: sha2::Digest> Hasher for Sha2<H> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>, out: &mut [u8]) {
        let hash = self.0.finalize();
        if out.len() == hash.len() {
            out.copy_from_slice(&hash);
        }
    }
}

/// Begins a running hash, or gives `None` for an algorithm that it cannot compute.
pub type Factory = fn(Algorithm) -> Option<Box<dyn Hasher>>;

thread_local! {
    static HOST: Cell<Option<Factory>> = const { Cell::new(None) };
}

/// Sets whose hashes this thread uses for what is long; `None` for our own.
pub fn use_host(factory: Option<Factory>) {
    HOST.set(factory);
}

fn own(algorithm: Algorithm) -> Option<Box<dyn Hasher>> {
    match algorithm {
        Algorithm::Sha256 => Some(Box::new(Sha2(Sha256::new()))),
        Algorithm::Sha512 => Some(Box::new(Sha2(Sha512::new()))),
        Algorithm::Other => None,
    }
}

fn any(algorithm: Algorithm) -> Option<Box<dyn Hasher>> {
    HOST.get().and_then(|host| host(algorithm)).or_else(|| own(algorithm))
}

/// A running hash that gives a digest.
pub struct Hashing {
    algorithm: Algorithm,
    hasher: Box<dyn Hasher>,
}

impl Hashing {
    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The hash of all bytes.
    pub fn raw(self) -> Vec<u8> {
        let mut out = vec![0; if self.algorithm == Algorithm::Sha512 { 64 } else { 32 }];
        self.hasher.finish(&mut out);
        out
    }

    /// The digest of all bytes.
    pub fn finish(self) -> Digest {
        let mut out = [0; 64];
        if self.algorithm == Algorithm::Sha512 {
            self.hasher.finish(&mut out);
            return Digest::sha512(&out);
        }
        let mut out = [0; 32];
        self.hasher.finish(&mut out);
        Digest::sha256(&out)
    }
}

/// A hash that comes later, of the algorithm's length, or why it does not come.
pub type Later = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>>>>;

/// A running hash on another thread.
pub trait Elsewhere {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The hash of all bytes.
    fn finish(self: Box<Self>) -> Later;
}

/// Begins a running hash on another thread, or gives `None` where there is none now.
pub type ElsewhereFactory = fn(Algorithm) -> Option<Box<dyn Elsewhere>>;

thread_local! {
    static ELSEWHERE: Cell<Option<ElsewhereFactory>> = const { Cell::new(None) };
}

/// Sets who hashes on other threads for this one.
pub fn use_elsewhere(factory: Option<ElsewhereFactory>) {
    ELSEWHERE.set(factory);
}

/// A running hash here or elsewhere.
pub(crate) enum Running {
    Here(Hashing),
    There(Algorithm, Box<dyn Elsewhere>),
}

/// A digest that may come later.
pub(crate) enum Finished {
    Now(Digest),
    Later(Algorithm, Later),
}

impl Running {
    /// A running hash; elsewhere, if the caller can wait for the digest and there is an elsewhere.
    pub(crate) fn new(algorithm: Algorithm, can_wait: bool) -> Option<Self> {
        let elsewhere = if can_wait { ELSEWHERE.get() } else { None };
        match elsewhere.and_then(|factory| factory(algorithm)) {
            Some(there) => Some(Self::There(algorithm, there)),
            None => hasher(algorithm).map(Self::Here),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Here(hashing) => hashing.algorithm(),
            Self::There(algorithm, _) => *algorithm,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Here(hashing) => hashing.update(bytes),
            Self::There(_, there) => there.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Finished {
        match self {
            Self::Here(hashing) => Finished::Now(hashing.finish()),
            Self::There(algorithm, there) => Finished::Later(algorithm, there.finish()),
        }
    }
}

impl Finished {
    /// The digest, if it is there already.
    pub(crate) fn now(self) -> Option<Digest> {
        if let Self::Now(digest) = self { Some(digest) } else { None }
    }

    /// The digest, or why it cannot be told.
    pub(crate) async fn wait(self) -> Result<Digest, String> {
        let (algorithm, later) = match self {
            Self::Now(digest) => return Ok(digest),
            Self::Later(algorithm, later) => (algorithm, later),
        };
        let hash = later.await?;
        let digest = match algorithm {
            Algorithm::Sha512 => hash.first_chunk::<64>().map(Digest::sha512),
            _ => hash.first_chunk::<32>().map(Digest::sha256),
        };
        digest.ok_or_else(|| "the hash is too short".to_owned())
    }
}

/// A running hash of something long, or `None` for an algorithm that we cannot compute.
pub fn hasher(algorithm: Algorithm) -> Option<Hashing> {
    Some(Hashing { algorithm, hasher: any(algorithm)? })
}

/// A running sha256 of something long.
pub fn running_sha256() -> Hashing {
    let algorithm = Algorithm::Sha256;
    Hashing { algorithm, hasher: any(algorithm).unwrap_or_else(|| Box::new(Sha2(Sha256::new()))) }
}

/// The digest of bytes at hand, or `None` for an algorithm that we cannot compute.
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Option<Digest> {
    let small = bytes.len() < HOST_FROM as usize;
    let mut hashing = Hashing { algorithm, hasher: if small { own(algorithm)? } else { any(algorithm)? } };
    hashing.update(bytes);
    Some(hashing.finish())
}

/// The sha256 of bytes at hand.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// Bytes from which on beginning a hash of the host is worth its while.
const HOST_FROM: u64 = 16 << 10;

/// A running sha256 of a file's content that gives the raw hash.
pub(crate) enum ContentHash {
    Own(Sha256),
    Host(Box<dyn Hasher>),
}

impl ContentHash {
    /// For a content of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        let host = if size < HOST_FROM { None } else { HOST.get() };
        match host.and_then(|host| host(Algorithm::Sha256)) {
            Some(hasher) => Self::Host(hasher),
            None => Self::Own(Sha256::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Own(hash) => hash.update(bytes),
            Self::Host(hash) => hash.update(bytes),
        }
    }

    /// Takes in that many zeros.
    pub(crate) fn zeros(&mut self, mut length: u64) {
        static ZEROS: [u8; 4096] = [0; 4096];
        while length > 0 {
            let take = length.min(ZEROS.len() as u64);
            self.update(ZEROS.get(..take as usize).unwrap_or_default());
            length -= take;
        }
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        match self {
            Self::Own(hash) => hash.finalize().into(),
            Self::Host(hash) => {
                let mut out = [0; 32];
                hash.finish(&mut out);
                out
            }
        }
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

    /// Another implementation of the trait: it keeps all bytes.
    struct Keeping(Algorithm, Vec<u8>);

    impl Hasher for Keeping {
        fn update(&mut self, bytes: &[u8]) {
            self.1.extend_from_slice(bytes);
        }

        fn finish(self: Box<Self>, out: &mut [u8]) {
            if let Some(mut own) = own(self.0) {
                own.update(&self.1);
                own.finish(out);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_host_gives_the_same_however_the_bytes_come(
            pieces in proptest::collection::vec(proptest::collection::vec(0u8.., 0..3000), 0..20),
            zeros in 0u64..20_000,
        ) {
            let run = || {
                let digests = [Algorithm::Sha256, Algorithm::Sha512].map(|algorithm| {
                    let mut hashing = hasher(algorithm).unwrap();
                    pieces.iter().for_each(|piece| hashing.update(piece));
                    hashing.finish()
                });
                let mut content = ContentHash::new(HOST_FROM);
                pieces.iter().for_each(|piece| content.update(piece));
                content.zeros(zeros);
                (digests, content.finish())
            };
            let own = run();
            use_host(Some(|algorithm| Some(Box::new(Keeping(algorithm, Vec::new())))));
            let host = run();
            use_host(None);
            proptest::prop_assert_eq!(own, host);
        }
    }
}
