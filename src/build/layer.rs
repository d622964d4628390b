//! Writes a layer: members to tar to compressor to blob, with both digests on the way.

use crate::archive::gzip_write::GzipWriter;
use crate::archive::tar_write::{END, Member, TarWriteError, padding};
use crate::archive::zstd_write::ZstdWriter;
use crate::oci::hash::{Hashing, running_sha256};
use crate::oci::{Digest, MediaType};

/// How a layer's blob is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerCompression {
    /// gzip at this level, 1 to 9.
    Gzip(u8),
    /// zstd at this level, 1 to 19.
    Zstd(u8),
    /// Not at all.
    None,
}

impl Default for LayerCompression {
    fn default() -> Self {
        Self::Gzip(6)
    }
}

impl LayerCompression {
    /// The media type of such a layer, among OCI's or Docker's names.
    pub fn media_type(self, docker: bool) -> &'static str {
        match (self, docker) {
            (Self::Gzip(_), false) => MediaType::OCI_LAYER_GZIP,
            // Docker's schema 2 knows no zstd.
            (Self::Zstd(_), _) => MediaType::OCI_LAYER_ZSTD,
            (Self::None, false) => MediaType::OCI_LAYER,
            (Self::Gzip(_), true) => MediaType::DOCKER_LAYER_GZIP,
            (Self::None, true) => MediaType::DOCKER_LAYER,
        }
    }
}

/// A finished layer.
#[derive(Clone, Debug)]
pub struct LayerBlob {
    /// The digest of the blob.
    pub digest: Digest,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
    /// The size of the uncompressed tar in bytes.
    pub uncompressed: u64,
    /// The blob.
    pub bytes: Vec<u8>,
}

enum Packer {
    Gzip(Box<GzipWriter>),
    Zstd(Box<ZstdWriter>),
    None,
}

/// Writes one layer. Only the compressed blob is held.
pub struct LayerWriter {
    packer: Packer,
    plain: Hashing,
    packed: Hashing,
    uncompressed: u64,
    out: Vec<u8>,
    /// How much of `out` is hashed.
    hashed: usize,
}

impl LayerWriter {
    /// An empty layer.
    pub fn new(compression: LayerCompression) -> Self {
        let packer = match compression {
            LayerCompression::Gzip(level) => Packer::Gzip(Box::new(GzipWriter::new(level))),
            LayerCompression::Zstd(level) => Packer::Zstd(Box::new(ZstdWriter::new(level))),
            LayerCompression::None => Packer::None,
        };
        Self { packer, plain: running_sha256(), packed: running_sha256(), uncompressed: 0, out: Vec::new(), hashed: 0 }
    }

    /// Begins a member. A file's bytes follow with [`LayerWriter::data`], all of them, and then [`LayerWriter::end`].
    pub fn member(&mut self, member: &Member) -> Result<(), TarWriteError> {
        let header = member.header()?;
        self.write(&header);
        Ok(())
    }

    /// Bytes of the member's body.
    pub fn data(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    /// Ends a body of `size` bytes.
    pub fn end(&mut self, size: u64) {
        let zeros = [0; 512];
        self.write(zeros.get(..padding(size)).unwrap_or_default());
    }

    fn write(&mut self, bytes: &[u8]) {
        self.plain.update(bytes);
        self.uncompressed += bytes.len() as u64;
        match &mut self.packer {
            Packer::Gzip(gzip) => gzip.write(bytes, &mut self.out),
            Packer::Zstd(zstd) => zstd.write(bytes, &mut self.out),
            Packer::None => self.out.extend_from_slice(bytes),
        }
        self.hash();
    }

    fn hash(&mut self) {
        self.packed.update(self.out.get(self.hashed..).unwrap_or_default());
        self.hashed = self.out.len();
    }

    /// Ends the archive and the blob.
    pub fn finish(mut self) -> LayerBlob {
        self.write(&END);
        self.close()
    }

    /// Ends the blob alone: what was written is a whole archive already, copied with [`LayerWriter::data`].
    pub fn close(mut self) -> LayerBlob {
        match std::mem::replace(&mut self.packer, Packer::None) {
            Packer::Gzip(gzip) => gzip.finish(&mut self.out),
            Packer::Zstd(zstd) => zstd.finish(&mut self.out),
            Packer::None => {}
        }
        self.hash();
        self.out.shrink_to_fit();
        LayerBlob {
            digest: self.packed.finish(),
            diff_id: self.plain.finish(),
            uncompressed: self.uncompressed,
            bytes: self.out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_comes_back() {
        let bytes: Vec<u8> = (0..2_500_000u32).map(|n| (n / 7) as u8).collect();
        let mut writer = LayerWriter::new(LayerCompression::Zstd(3));
        bytes.chunks(77_777).for_each(|chunk| writer.data(chunk));
        let layer = writer.finish();
        let mut ingest = crate::layer::Ingest::new(&crate::layer::IngestOptions {
            diff: vec![crate::oci::Algorithm::Sha256],
            ..Default::default()
        });
        ingest.push(&layer.bytes);
        let read = ingest.finish();
        assert!(read.decode_error.is_none());
        assert_eq!(read.diff_ids, [layer.diff_id]);
        assert!(layer.bytes.len() < bytes.len() / 2);
    }

    #[test]
    fn an_empty_layer_is_two_blocks_of_zeros() {
        let layer = LayerWriter::new(LayerCompression::None).finish();
        assert_eq!(layer.bytes, END);
        assert_eq!(layer.digest, layer.diff_id);
        // What every builder gives for it.
        assert_eq!(layer.diff_id.as_str(), "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
        assert_eq!(LayerWriter::new(LayerCompression::Gzip(9)).finish().diff_id, layer.diff_id);
    }
}
