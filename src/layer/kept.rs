//! What a pass over a compressed layer has found, as bytes that can be kept: its entries, its diffID and the places that it
//! can be read on from. A later session reads a file near the layer's end without passing over the layer again.
//!
//! Eight bytes `LWLAYER` and the version, the sha256 of what follows, then gzip of: the digest and size of the blob, the
//! compression, the diffID, the unpacked size, the entries, the checkpoints. Numbers are LEB128, signed ones in zigzag.
//!
//! The bytes are bound to the blob's digest and show damage. They are no proof: whoever may write them can say anything
//! about the layer, so they belong where the image itself could be kept.

use super::index::Member;
use super::ingest::{Layer, LayerLimits};
use crate::archive::checkpoint::{Checkpoint, Inside};
use crate::archive::decode::{DecodeError, DecodeLimits, Decoder};
use crate::archive::gzip_write::GzipWriter;
use crate::archive::inflate::WINDOW;
use crate::archive::tar::{Ambiguity, Entry, EntryKind, Segment, Timestamp};
use crate::oci::hash::hasher;
use crate::oci::{Algorithm, Compression, Digest};

const MAGIC: &[u8; 8] = b"LWLAYER\x01";

/// Why kept bytes cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    /// They are something else, or of another version.
    #[error("these are no checkpoints of this version: make them again")]
    Version,
    /// They are damaged.
    #[error("the checkpoints are damaged: make them again")]
    Damaged,
}

impl KeptError {
    /// The stable code of the error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Version => "CHECKPOINTS_VERSION",
            Self::Damaged => "CHECKPOINTS_DAMAGED",
        }
    }
}

/// The bytes of a layer that was read whole. `digest` is that of its blob.
pub fn write(layer: &Layer, digest: &Digest) -> Vec<u8> {
    let mut out = Writer { gzip: GzipWriter::new(6), pending: Vec::new(), out: Vec::new() };
    out.bytes(digest.as_str().as_bytes());
    out.number(layer.size);
    out.number(if layer.compression == Some(Compression::Zstd) { 1 } else { 0 });
    out.number(layer.diff_ids.len() as u64);
    layer.diff_ids.iter().for_each(|digest| out.bytes(digest.as_str().as_bytes()));
    out.number(layer.unpacked);
    out.number(layer.index.len() as u64);
    layer.index.iter().for_each(|member| out.member(&member));
    out.number(layer.checkpoints.iter().count() as u64);
    layer.checkpoints.iter().for_each(|checkpoint| out.checkpoint(checkpoint));
    let body = out.finish();
    [MAGIC.as_slice(), &seal(&body), &body].concat()
}

/// The layer that was written, and the digest of its blob.
///
/// # Errors
/// [`KeptError`].
pub fn read(bytes: &[u8], limits: &LayerLimits) -> Result<(Digest, Layer), KeptError> {
    let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(KeptError::Version)?;
    let (sealed, body) = rest.split_at_checked(32).ok_or(KeptError::Damaged)?;
    if seal(body) != sealed {
        return Err(KeptError::Damaged);
    }
    let plain = unpack(body, limits.index).map_err(|_| KeptError::Damaged)?;
    let mut input = Reader(&plain);
    let read = input.layer().filter(|(_, layer)| input.0.is_empty() && layer.index.memory() <= limits.index);
    read.ok_or(KeptError::Damaged)
}

fn seal(body: &[u8]) -> Vec<u8> {
    let mut hashing = hasher(Algorithm::Sha256);
    hashing.iter_mut().for_each(|hashing| hashing.update(body));
    hashing.map(|hashing| hashing.raw()).unwrap_or_default()
}

fn unpack(body: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let what = "anything but gzip";
    let mut decoder =
        Decoder::new(Compression::Gzip, DecodeLimits::default()).ok_or(DecodeError::Unsupported { what })?;
    let mut plain = Vec::new();
    let mut keep = |piece: &[u8]| {
        if plain.len().saturating_add(piece.len()) > limit {
            return Err(DecodeError::Unsupported { what: "more than the limit of an index" });
        }
        plain.extend_from_slice(piece);
        Ok(())
    };
    decoder.push::<DecodeError>(body, &mut keep)?;
    decoder.finish::<DecodeError>(&mut keep)?;
    Ok(plain)
}

struct Writer {
    gzip: GzipWriter,
    pending: Vec<u8>,
    out: Vec<u8>,
}

impl Writer {
    fn number(&mut self, mut value: u64) {
        while value > 127 {
            self.pending.push(value as u8 | 128);
            value >>= 7;
        }
        self.pending.push(value as u8);
        if self.pending.len() > 64 << 10 {
            self.gzip.write(&self.pending, &mut self.out);
            self.pending.clear();
        }
    }

    fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.pending.extend_from_slice(bytes);
    }

    fn member(&mut self, member: &Member<'_>) {
        self.bytes(member.path);
        self.number(u64::from(member.flag));
        self.number(KINDS.iter().position(|kind| *kind == member.kind).unwrap_or(0) as u64);
        for value in [member.mode, member.uid, member.gid, member.mtime.seconds, member.device.0, member.device.1] {
            self.signed(value);
        }
        self.number(u64::from(member.mtime.nanos));
        for bytes in [member.mtime_text, member.link, member.uname, member.gname] {
            self.bytes(bytes);
        }
        for value in [member.size, member.stored, member.data_offset, u64::from(member.ambiguity.bits())] {
            self.number(value);
        }
        self.number(member.xattrs.len() as u64);
        for (name, value) in member.xattrs {
            self.bytes(name);
            self.bytes(value);
        }
        self.number(member.sparse.map_or(0, |map| map.len() as u64 + 1));
        for segment in member.sparse.unwrap_or_default() {
            self.number(segment.offset);
            self.number(segment.length);
        }
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.number(checkpoint.compressed);
        self.number(checkpoint.plain);
        self.number(u64::from(checkpoint.inside.is_some()));
        if let Some(inside) = &checkpoint.inside {
            let Inside { bits, left, crc, length, window } = inside;
            for value in [u32::from(*bits), u32::from(*left), *crc, *length] {
                self.number(u64::from(value));
            }
            self.bytes(window);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.gzip.write(&self.pending, &mut self.out);
        self.gzip.finish(&mut self.out);
        self.out
    }
}

const KINDS: [EntryKind; 8] = [
    EntryKind::File,
    EntryKind::Dir,
    EntryKind::Symlink,
    EntryKind::Hardlink,
    EntryKind::Char,
    EntryKind::Block,
    EntryKind::Fifo,
    EntryKind::Unknown,
];

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 127).checked_shl(shift)?;
            if byte & 128 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.small()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn digest(&mut self) -> Option<Digest> {
        String::from_utf8(self.bytes()?).ok()?.parse().ok()
    }

    fn layer(&mut self) -> Option<(Digest, Layer)> {
        let digest = self.digest()?;
        let mut layer = Layer { digests: vec![digest.clone()], size: self.number()?, ..Layer::default() };
        layer.compression = match self.number()? {
            0 => Some(Compression::Gzip),
            1 => Some(Compression::Zstd),
            _ => return None,
        };
        for _ in 0..self.number()? {
            layer.diff_ids.push(self.digest()?);
        }
        layer.unpacked = self.number()?;
        for _ in 0..self.number()? {
            let entry = self.entry()?;
            let inside = entry.data_offset.checked_add(entry.stored).is_some_and(|end| end <= layer.unpacked);
            if entry.kind == EntryKind::File && !inside {
                return None;
            }
            layer.index.push(&entry);
        }
        let mut last = 0;
        for _ in 0..self.number()? {
            let checkpoint = self.checkpoint()?;
            if checkpoint.plain < last || checkpoint.plain > layer.unpacked || checkpoint.compressed > layer.size {
                return None;
            }
            last = checkpoint.plain;
            layer.checkpoints.push(checkpoint);
        }
        Some((digest, layer))
    }

    fn entry(&mut self) -> Option<Entry> {
        let mut entry = Entry { path: self.bytes()?, flag: self.small()?, ..Entry::default() };
        entry.kind = *KINDS.get(self.small::<usize>()?)?;
        entry.mode = self.signed()?;
        entry.uid = self.signed()?;
        entry.gid = self.signed()?;
        let seconds = self.signed()?;
        entry.device = (self.signed()?, self.signed()?);
        entry.mtime = Timestamp { seconds, nanos: self.small()? };
        entry.mtime_text = self.bytes()?;
        entry.link = self.bytes()?;
        entry.uname = self.bytes()?;
        entry.gname = self.bytes()?;
        entry.size = self.number()?;
        entry.stored = self.number()?;
        entry.data_offset = self.number()?;
        entry.ambiguity = Ambiguity::from_bits(self.small()?);
        for _ in 0..self.number()? {
            entry.xattrs.push((self.bytes()?, self.bytes()?));
        }
        if let Some(count) = self.number()?.checked_sub(1) {
            let mut map = Vec::new();
            for _ in 0..count {
                map.push(Segment { offset: self.number()?, length: self.number()? });
            }
            entry.sparse = Some(map);
        }
        Some(entry)
    }

    fn checkpoint(&mut self) -> Option<Checkpoint> {
        let (compressed, plain) = (self.number()?, self.number()?);
        let inside = match self.number()? {
            0 => None,
            _ => Some(Inside {
                bits: self.small()?,
                left: self.small()?,
                crc: self.small()?,
                length: self.small()?,
                window: self.bytes().filter(|window| window.len() <= WINDOW)?,
            }),
        };
        Some(Checkpoint { compressed, plain, inside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::hash::sha256;
    use proptest::prelude::*;

    fn layer() -> (Digest, Layer) {
        let digest = sha256(b"blob");
        let mut layer = Layer {
            digests: vec![digest.clone()],
            size: 1000,
            compression: Some(Compression::Gzip),
            diff_ids: vec![sha256(b"tar")],
            unpacked: 9 << 20,
            ..Layer::default()
        };
        layer.index.push(&Entry {
            path: b"a/\xff".to_vec(),
            mode: 0o755,
            uid: -1,
            mtime: Timestamp { seconds: -5, nanos: 7 },
            size: 1 << 20,
            stored: 512,
            data_offset: 1024,
            sparse: Some(vec![Segment { offset: 9, length: 512 }]),
            xattrs: vec![(b"user.x".to_vec(), vec![0, 255])],
            ..Entry::default()
        });
        layer.index.push(&Entry {
            path: b"l".to_vec(),
            kind: EntryKind::Symlink,
            link: b"a".to_vec(),
            ..Entry::default()
        });
        let inside = Inside { bits: 3, left: 5, crc: u32::MAX, length: 7, window: vec![1; WINDOW] };
        layer.checkpoints.push(Checkpoint { compressed: 400, plain: 4 << 20, inside: Some(inside) });
        layer.checkpoints.push(Checkpoint { compressed: 900, plain: 8 << 20, inside: None });
        (digest, layer)
    }

    #[test]
    fn gives_back_what_was_kept() {
        let (digest, layer) = layer();
        let bytes = write(&layer, &digest);
        let (same, read) = read(&bytes, &LayerLimits::default()).unwrap();
        assert_eq!(
            (same, &read.diff_ids, read.size, read.unpacked),
            (digest, &layer.diff_ids, layer.size, layer.unpacked)
        );
        let shown = |layer: &Layer| layer.index.iter().map(|member| format!("{member:?}")).collect::<Vec<_>>();
        assert_eq!(shown(&read), shown(&layer));
        assert!(read.checkpoints == layer.checkpoints);
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let (digest, layer) = layer();
        let mut bytes = write(&layer, &digest);
        bytes[7] = 2;
        assert_eq!(read(&bytes, &LayerLimits::default()).unwrap_err().code(), "CHECKPOINTS_VERSION");
        let small = LayerLimits { index: 10, ..LayerLimits::default() };
        assert_eq!(read(&write(&layer, &digest), &small).unwrap_err().code(), "CHECKPOINTS_DAMAGED");
    }

    proptest! {
        #[test]
        fn damage_is_seen(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in any::<prop::sample::Index>()) {
            let (digest, layer) = layer();
            let bytes = write(&layer, &digest);
            let mut changed = bytes.clone();
            let at = at.index(bytes.len());
            changed[at] ^= 1u8 << bit;
            prop_assert!(read(&changed, &LayerLimits::default()).is_err());
            prop_assert!(read(&bytes[..cut.index(bytes.len())], &LayerLimits::default()).is_err());
        }

        /// Whatever bears a right seal is read without a panic.
        #[test]
        fn anything_sealed_is_read_in_bounds(plain in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let (digest, layer) = layer();
            let whole = unpack(&write(&layer, &digest)[40..], usize::MAX).unwrap();
            let mut changed = whole.clone();
            let at = at.index(whole.len());
            changed.splice(at..(at + plain.len()).min(whole.len()), plain);
            let _ = Reader(&changed).layer();
        }
    }
}
