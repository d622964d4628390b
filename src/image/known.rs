//! Layers that are known without being walked: from what an earlier session has kept, and from tables of contents whose
//! digests the manifest names.
//!
//! What is listed and read in this way is verified piece by piece: a chunk of a table by its digest; a stretch between two
//! kept checkpoints by the state in which it ends, checksum and last 32 KiB included. Nothing here counts as a verified
//! layer: [`Image::verify`] and everything that needs a layer's digests walk it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::entries::{FileError, MergedTree};
use super::open::{Image, LayerRef};
use super::read::{ReadError, Watch};
use super::store::Blob;
use crate::archive::decode::Decoder;
use crate::layer::kept::{self, KeptError};
use crate::layer::toc::{self, Chunk};
use crate::layer::{Layer, LayerError};
use crate::oci::Compression;
use crate::oci::hash::{digest, sha256};

/// Bytes of a chunk that are read at once.
const PIECE: usize = 256 << 10;

/// How the entries of a layer came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The layer was walked, or will be when it is asked for.
    Walked,
    /// From checkpoints that were handed in.
    Kept,
    /// From its table of contents, whose digest is the one in the manifest.
    Table,
}

impl Listed {
    /// The name used in reports: `walked`, `checkpoints`, `table`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Walked => "walked",
            Self::Kept => "checkpoints",
            Self::Table => "table",
        }
    }
}

/// A layer that is known without being walked.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) layer: Rc<Layer>,
    pub(crate) listed: Listed,
    chunks: Rc<HashMap<u32, Vec<Chunk>>>,
}

/// What an image knows of its layers besides what it walks.
#[derive(Default)]
pub(crate) struct KnownLayers {
    /// By the numbers of blobs; `None` where the table is of no use.
    layers: RefCell<HashMap<u32, Option<Known>>>,
    tables: Cell<bool>,
    /// The merged tree that files were last read from.
    last_tree: RefCell<Option<(usize, Rc<MergedTree>)>>,
}

impl Image {
    /// What is to be kept of a layer, so that [`Image::take_checkpoints`] can do without walking it. Walks it now.
    ///
    /// # Errors
    /// [`FileError`]; also where the layer is damaged, not what its manifest names, or not compressed.
    pub async fn checkpoints(&self, manifest: usize, layer: usize, watch: &dyn Watch) -> Result<Vec<u8>, FileError> {
        let found = self.layer(manifest, layer, None, watch).await?;
        let reference = self.layer_ref(manifest, layer)?;
        let unavailable = |why| FileError::LayerUnavailable { layer: reference.name().to_owned(), why };
        if let Some(error) = found.error() {
            return Err(FileError::Damaged { layer: reference.name().to_owned(), error: error.clone() });
        }
        let declared = reference.digest.as_ref().ok_or_else(|| unavailable("has no digest in its manifest"))?;
        if found.digest(declared.algorithm()) != Some(declared) {
            return Err(unavailable("has another digest than its manifest says"));
        }
        if !matches!(found.compression, Some(Compression::Gzip | Compression::Zstd)) {
            return Err(unavailable("is not compressed: every place in it can be read"));
        }
        Ok(kept::write(&found, declared))
    }

    /// Uses what [`Image::checkpoints`] gave for a layer with the same digest, and answers for how many layers of this
    /// image it is: none, if it is for another image.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn take_checkpoints(&self, bytes: &[u8]) -> Result<usize, KeptError> {
        let (digest, layer) = kept::read(bytes, &self.limits.layer)?;
        let known = Known { layer: Rc::new(layer), listed: Listed::Kept, chunks: Rc::default() };
        let all = self.manifests.iter().flat_map(|manifest| &manifest.layers);
        let blobs = all.filter(|layer| layer.digest.as_ref() == Some(&digest)).filter_map(|layer| layer.blob);
        let mut layers = self.known.layers.borrow_mut();
        let mut count = 0;
        for blob in blobs.filter(|blob| blob.size == known.layer.size) {
            layers.insert(blob.number, Some(known.clone()));
            count += 1;
        }
        Ok(count)
    }

    /// Lists layers from their tables of contents from now on, where those have the digests that the manifest names.
    pub fn use_tables(&self) {
        self.known.tables.set(true);
    }

    /// How the entries of a layer are known; a table may be read for it.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn listed(&self, manifest: usize, layer: usize) -> Result<Listed, FileError> {
        Ok(self.known(manifest, layer).await?.map_or(Listed::Walked, |known| known.listed))
    }

    /// A layer that is known without being walked.
    pub(crate) async fn known(&self, manifest: usize, layer: usize) -> Result<Option<Known>, FileError> {
        let reference = self.layer_ref(manifest, layer)?;
        let Some(blob) = reference.blob.filter(|_| !reference.encrypted()) else { return Ok(None) };
        if let Some(known) = self.known.layers.borrow().get(&blob.number) {
            return Ok(known.clone());
        }
        if !self.known.tables.get() || !self.store.seekable() {
            return Ok(None);
        }
        let known = self.by_table(reference, blob).await?;
        self.known.layers.borrow_mut().insert(blob.number, known.clone());
        Ok(known)
    }

    async fn by_table(&self, reference: &LayerRef, blob: Blob) -> Result<Option<Known>, FileError> {
        let tail = self.store.read(blob, blob.size.saturating_sub(64), 64).await?;
        let Some((from, to)) = toc::place(&reference.annotations, blob.size, &tail) else { return Ok(None) };
        let bytes = self.store.read(blob, from, usize::try_from(to - from).unwrap_or(usize::MAX)).await?;
        let Some(listing) = toc::listing(&reference.annotations, &bytes, from) else { return Ok(None) };
        let start = self.store.read(blob, 0, 6).await?;
        let layer = Layer {
            size: blob.size,
            compression: Some(crate::archive::decode::sniff(&start)),
            index: listing.index,
            ..Layer::default()
        };
        let too_large = layer.index.memory() > self.limits.layer.index;
        let known = Known { layer: Rc::new(layer), listed: Listed::Table, chunks: Rc::new(listing.chunks) };
        Ok((!too_large).then_some(known))
    }

    /// A layer to list: known without being walked, or walked.
    ///
    /// # Errors
    /// As [`Image::layer`].
    pub async fn listing(&self, manifest: usize, layer: usize, watch: &dyn Watch) -> Result<Rc<Layer>, FileError> {
        match self.known(manifest, layer).await? {
            Some(known) => Ok(known.layer),
            None => self.layer(manifest, layer, None, watch).await,
        }
    }

    /// The merged filesystem without walking layers that are known; the last one is kept.
    ///
    /// # Errors
    /// As [`Image::tree`].
    pub async fn listed_tree(&self, manifest: usize, watch: &dyn Watch) -> Result<Rc<MergedTree>, FileError> {
        if self.known.layers.borrow().is_empty() && !self.known.tables.get() {
            return self.merged(manifest, watch).await;
        }
        let last =
            self.known.last_tree.borrow().as_ref().filter(|(of, _)| *of == manifest).map(|(_, tree)| tree.clone());
        if let Some(merged) = last {
            return Ok(merged);
        }
        let found = self.manifests.get(manifest).ok_or(FileError::NoSuch { what: "image", number: manifest })?;
        let mut layers = Vec::new();
        for number in 0..found.layers.len() {
            layers.push(match self.listing(manifest, number, watch).await {
                Ok(layer) => Some(layer),
                Err(FileError::LayerUnavailable { .. }) => None,
                Err(error) => return Err(error),
            });
        }
        let merged = Rc::new(MergedTree::of(layers));
        *self.known.last_tree.borrow_mut() = Some((manifest, merged.clone()));
        Ok(merged)
    }

    /// A file of a layer that is known by its table: its chunks, each verified by its digest.
    pub(crate) async fn read_chunks(
        &self,
        reference: &LayerRef,
        known: &Known,
        entry: u32,
        size: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        let name = reference.name();
        let why = "is not in the archive";
        let blob = reference.blob.ok_or(FileError::LayerUnavailable { layer: name.to_owned(), why })?;
        let format = known.layer.compression.unwrap_or(Compression::None);
        let damaged = || FileError::Chunk { layer: name.to_owned() };
        let mut out = Vec::new();
        let mut left = self.limits.layer.unpacked;
        for chunk in known.chunks.get(&entry).map(Vec::as_slice).unwrap_or_default() {
            let begin = out.len();
            let end = usize::try_from(chunk.size).ok().and_then(|size| begin.checked_add(size)).ok_or_else(damaged)?;
            match chunk.place {
                None => out.resize(end, 0),
                Some((from, to)) => {
                    // What stands before it is unpacked too. All of it together may cost no more than walking the layer.
                    let needed = chunk.skip.saturating_add(chunk.size);
                    left = left.checked_sub(needed).ok_or_else(|| FileError::Damaged {
                        layer: name.to_owned(),
                        error: LayerError::Unpacked { limit: self.limits.layer.unpacked },
                    })?;
                    let mut decoder = Decoder::new(format, self.limits.layer.decode).ok_or_else(damaged)?;
                    let (mut skip, mut at) = (chunk.skip, from);
                    while at < to && out.len() < end {
                        let length = usize::try_from(to - at).unwrap_or(usize::MAX).min(PIECE);
                        let bytes = self.store.read(blob, at, length).await?;
                        if bytes.is_empty() {
                            return Err(damaged());
                        }
                        at += bytes.len() as u64;
                        let pushed = decoder.push::<LayerError>(&bytes, &mut |piece| {
                            let skipped = skip.min(piece.len() as u64);
                            skip -= skipped;
                            let piece = piece.get(skipped as usize..).unwrap_or_default();
                            out.extend_from_slice(piece.get(..piece.len().min(end - out.len())).unwrap_or_default());
                            if out.len() < end { Ok(()) } else { Err(LayerError::Index { limit: 0 }) }
                        });
                        // What follows the chunk is no concern of this file, whole or not.
                        if pushed.is_err() {
                            break;
                        }
                    }
                }
            }
            let bytes = out.get(begin..end).ok_or_else(damaged)?;
            if digest(chunk.digest.algorithm(), bytes).unwrap_or_else(|| sha256(b"")) != chunk.digest {
                return Err(damaged());
            }
            let step = super::Step { phase: "read", done: out.len() as u64, total: Some(size), item: Some(name) };
            watch.step(step).await;
        }
        if out.len() as u64 == size { Ok(out) } else { Err(ReadError("the table lacks chunks".to_owned()).into()) }
    }
}
