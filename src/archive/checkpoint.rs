//! Places inside a compressed stream from which it can be read on, so that a file late in a layer is not reached by
//! decompressing all before it (what zran does for zlib).

use super::inflate::WINDOW;

/// A place from which a stream can be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// In the compressed data, in bytes.
    pub compressed: u64,
    /// In the uncompressed data, in bytes.
    pub plain: u64,
    /// The state inside a gzip member; `None` where a member or frame begins, and nothing needs to be known.
    pub inside: Option<Inside>,
}

/// The state between two blocks of a gzip member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// How many bits of the byte before `compressed` are still to be read; 0 to 7.
    pub bits: u8,
    /// Those bits, the first one lowest.
    pub left: u8,
    /// The CRC-32 of the member's content so far.
    pub crc: u32,
    /// The length of the member's content so far, modulo 2^32.
    pub length: u32,
    /// The last 32 KiB of content, or all of it.
    pub window: Vec<u8>,
}

/// Checkpoints in the order of the stream, no closer to each other than they need to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    list: Vec<Checkpoint>,
    every: u64,
}

/// How many are kept: 4 MiB of windows. A longer stream has them further apart.
const MOST: usize = 128;

impl Checkpoints {
    /// None yet; one for every so many bytes of content.
    pub fn every(bytes: u64) -> Self {
        Self { list: Vec::new(), every: bytes.max(WINDOW as u64) }
    }

    /// Where the next one is wanted, in the uncompressed data.
    pub(crate) fn next(&self) -> u64 {
        self.list.last().map_or(0, |last| last.plain).saturating_add(self.every)
    }

    /// Adds one behind all others.
    pub(crate) fn push(&mut self, checkpoint: Checkpoint) {
        self.list.push(checkpoint);
        if self.list.len() > MOST {
            self.every = self.every.saturating_mul(2);
            let mut odd = false;
            self.list.retain(|_| {
                odd = !odd;
                !odd
            });
        }
    }

    /// The last one at or before a place in the uncompressed data; `None` where it is best to read from the start.
    pub fn before(&self, plain: u64) -> Option<&Checkpoint> {
        let behind = self.list.partition_point(|checkpoint| checkpoint.plain <= plain);
        self.list.get(behind.checked_sub(1)?)
    }

    /// The first one at or behind a place in the uncompressed data.
    pub fn after(&self, plain: u64) -> Option<&Checkpoint> {
        self.list.get(self.list.partition_point(|checkpoint| checkpoint.plain < plain))
    }

    /// None yet; the first where `from` and `to` are apart, for a decoder that goes on from `from`.
    pub(crate) fn from_to(from: &Checkpoint, to: &Checkpoint) -> Self {
        Self { list: vec![from.clone()], every: to.plain.saturating_sub(from.plain).max(1) }
    }

    /// The last one.
    pub(crate) fn last(&self) -> Option<&Checkpoint> {
        self.list.last()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Checkpoint> {
        self.list.iter()
    }

    /// Bytes of memory that they take, about.
    pub fn memory(&self) -> usize {
        let window = |checkpoint: &Checkpoint| checkpoint.inside.as_ref().map_or(0, |inside| inside.window.len());
        self.list.iter().map(|checkpoint| size_of::<Checkpoint>() + window(checkpoint)).sum()
    }
}

impl Default for Checkpoints {
    /// One for every 4 MiB.
    fn default() -> Self {
        Self::every(4 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::decode::{DecodeError, DecodeLimits, Decoder};
    use crate::archive::gzip_write::GzipWriter;
    use crate::oci::Compression;
    use proptest::prelude::*;

    fn read(decoder: &mut Decoder, bytes: &[u8], step: usize) -> Result<Vec<u8>, DecodeError> {
        let mut out = Vec::new();
        for chunk in bytes.chunks(step) {
            decoder.push::<DecodeError>(chunk, &mut |piece| {
                out.extend_from_slice(piece);
                Ok(())
            })?;
        }
        decoder.finish::<DecodeError>(&mut |_| Ok(()))?;
        Ok(out)
    }

    fn gzip(content: &[u8], level: u8) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = GzipWriter::new(level);
        writer.write(content, &mut out);
        writer.finish(&mut out);
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_one_leads_to_the_same_bytes(
            words in prop::collection::vec("[a-z]{1,9}", 1..40),
            picks in prop::collection::vec(any::<u16>(), 50_000..150_000),
            cut in any::<prop::sample::Index>(),
            level in 1u8..=9,
            step in 1000usize..100_000,
        ) {
            let content: Vec<u8> = picks.iter().flat_map(|pick| {
                let word = words[usize::from(*pick) % words.len()].bytes();
                word.chain([pick.to_le_bytes()[1]])
            }).collect();
            let (one, two) = content.split_at(cut.index(content.len()));
            let blob = [gzip(one, level), gzip(two, level)].concat();
            let mut decoder = Decoder::new(Compression::Gzip, DecodeLimits::default()).unwrap();
            decoder.keep_checkpoints(Checkpoints::every(64 << 10));
            prop_assert!(read(&mut decoder, &blob, step).unwrap() == content);
            let checkpoints = decoder.take_checkpoints();
            // Level 1 makes one block of all, and only blocks and members have places to go on from.
            prop_assert!(level == 1 || content.len() < 400_000 || checkpoints.iter().count() > 1);
            for checkpoint in checkpoints.iter() {
                let mut decoder =
                    Decoder::resume(Compression::Gzip, DecodeLimits::default(), checkpoint).unwrap();
                let rest = read(&mut decoder, &blob[checkpoint.compressed as usize..], step).unwrap();
                prop_assert!(rest == content[checkpoint.plain as usize..]);
            }
            for plain in [0, 64 << 10, content.len() as u64 / 2, content.len() as u64] {
                prop_assert!(checkpoints.before(plain).is_none_or(|found| found.plain <= plain));
            }
        }
    }

    #[test]
    fn there_are_never_too_many() {
        let mut all = Checkpoints::every(32 << 10);
        for at in 0..10_000u64 {
            let plain = at << 15;
            if plain >= all.next() {
                all.push(Checkpoint { compressed: at, plain, inside: None });
            }
        }
        let places: Vec<u64> = all.iter().map(|checkpoint| checkpoint.plain).collect();
        assert!(places.len() > MOST / 4 && places.len() <= MOST && places.is_sorted(), "{places:?}");
        let gap = places.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(gap.is_some_and(|gap| gap <= 2 * all.every), "{places:?}");
    }
}
