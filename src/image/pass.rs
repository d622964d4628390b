//! One pass over the tar of a layer that has been read before: bytes are handed to a sink as they are decompressed, a
//! little at a time, so that whoever takes them need not hold much.

use super::entries::FileError;
use super::open::Image;
use super::store::{Blob, CHUNK};
use crate::archive::decode::Decoder;
use crate::archive::tar::{TarReader, TarSink};
use crate::layer::LayerError;
use crate::oci::Compression;

/// Compressed bytes that are handed to the decoder at once. They may become a thousand times as many.
const PIECE: usize = 8 << 10;

/// A running pass.
pub(crate) struct LayerPass {
    blob: Blob,
    name: String,
    decoder: Decoder,
    tar: TarReader,
    chunk: Vec<u8>,
    taken: usize,
    place: u64,
}

impl LayerPass {
    /// A pass over a layer of an image.
    ///
    /// # Errors
    /// [`FileError::LayerUnavailable`], [`FileError::NoSuch`].
    pub(crate) fn new(
        image: &Image,
        manifest: usize,
        number: usize,
        compression: Option<Compression>,
    ) -> Result<Self, FileError> {
        let reference = image.layer_ref(manifest, number)?;
        let unavailable = |why| FileError::LayerUnavailable { layer: reference.name().to_owned(), why };
        let blob = reference.blob.ok_or_else(|| unavailable("is not in the archive"))?;
        let decoder = Decoder::new(compression.unwrap_or(Compression::None), image.limits.layer.decode)
            .ok_or_else(|| unavailable("has a compression that cannot be read"))?;
        let tar = TarReader::new(image.limits.layer.tar);
        Ok(Self { blob, name: reference.name().to_owned(), decoder, tar, chunk: Vec::new(), taken: 0, place: 0 })
    }

    /// The layer's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the blob that have been taken.
    pub(crate) fn place(&self) -> u64 {
        self.place
    }

    /// Hands on some more. `false` when the blob or the tar is at its end.
    ///
    /// # Errors
    /// [`FileError::Damaged`], [`FileError::Read`].
    pub(crate) async fn next(&mut self, image: &Image, sink: &mut impl TarSink) -> Result<bool, FileError> {
        if self.tar.ended() {
            return Ok(false);
        }
        if self.taken >= self.chunk.len() {
            self.chunk = image.store.read(self.blob, self.place, CHUNK).await?;
            self.taken = 0;
            self.place += self.chunk.len() as u64;
            if self.chunk.is_empty() {
                return Ok(false);
            }
        }
        let end = self.chunk.len().min(self.taken + PIECE);
        let piece = self.chunk.get(self.taken..end).unwrap_or_default();
        self.taken = end;
        let tar = &mut self.tar;
        let result = self.decoder.push::<LayerError>(piece, &mut |bytes| Ok(tar.push(bytes, sink)?));
        result.map_err(|error| FileError::Damaged { layer: self.name.clone(), error })?;
        Ok(true)
    }
}
