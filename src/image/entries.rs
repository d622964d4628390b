//! The files of an image: by layer, merged, and their bytes.

use std::rc::Rc;

use super::known::Listed;
use super::open::{Image, LayerRef};
use super::read::{ReadError, Watch};
use super::store::CHUNK;
use crate::archive::checkpoint::{Checkpoint, Checkpoints};
use crate::archive::decode::Decoder;
use crate::archive::tar::{EntryKind, Segment};
use crate::archive::tar_write::TarWriteError;
use crate::layer::tree::{Resolved, TreeIssueKind};
use crate::layer::{IngestOptions, Layer, LayerError, Member, Name, Node, Tree, TreeIssue};
use crate::oci::{Algorithm, Compression};

/// Why files of an image cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The source could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such manifest or layer.
    #[error("there is no {what} with the number {number}")]
    NoSuch {
        /// `image` or `layer`.
        what: &'static str,
        /// The number asked for.
        number: usize,
    },
    /// The layer's blob is not there, or is encrypted.
    #[error("the layer {layer} {why}")]
    LayerUnavailable {
        /// The layer.
        layer: String,
        /// Why.
        why: &'static str,
    },
    /// The path names nothing.
    #[error("`{path}` is not in the image")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// The path names something that has no content.
    #[error("`{path}` is a {kind}, no file")]
    NotFile {
        /// The path as given.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Symbolic links on the way go round in a circle.
    #[error("symbolic links on the way to `{path}` go round in a circle")]
    SymlinkLoop {
        /// The path as given.
        path: String,
    },
    /// The file is larger than the caller allows.
    #[error("`{path}` has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The path as given.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The files of the image have more bytes than are exported.
    #[error("the files of the image have {size} bytes, more than the limit of {limit} that are exported")]
    ExportTooLarge {
        /// Their bytes.
        size: u64,
        /// The limit in bytes: that of an unpacked layer.
        limit: u64,
    },
    /// A path is longer than is exported.
    #[error("a path has more than {limit} bytes: no Linux takes it")]
    PathTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A name cannot be written in a tar.
    #[error(transparent)]
    Write(TarWriteError),
    /// A chunk of the layer is not what its table of contents says.
    #[error("a chunk of the layer {layer} is not what its table of contents says: read it without `lazy`")]
    Chunk {
        /// The layer.
        layer: String,
    },
    /// The layer does not go on as the checkpoints say that were handed in.
    #[error("the layer {layer} is not the one that the checkpoints were made of: open it without them")]
    Kept {
        /// The layer.
        layer: String,
    },
    /// The layer is damaged before the end of the file.
    #[error("the layer {layer} is damaged: {error}")]
    Damaged {
        /// The layer.
        layer: String,
        /// How.
        error: LayerError,
    },
}

impl FileError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "SOURCE_UNREADABLE",
            Self::NoSuch { .. } => "NO_SUCH_IMAGE",
            Self::LayerUnavailable { .. } => "LAYER_UNAVAILABLE",
            Self::NotFound { .. } => "FILE_NOT_FOUND",
            Self::NotFile { .. } => "FILE_NOT_REGULAR",
            Self::SymlinkLoop { .. } => "SYMLINK_LOOP",
            Self::TooLarge { .. } => "FILE_TOO_LARGE",
            Self::ExportTooLarge { .. } => "EXPORT_TOO_LARGE",
            Self::PathTooLong { .. } => "PATH_TOO_LONG",
            Self::Write(error) => error.code(),
            Self::Chunk { .. } => "CHUNK_DIGEST_MISMATCH",
            Self::Kept { .. } => "CHECKPOINTS_MISMATCH",
            Self::Damaged { error, .. } => error.code(),
        }
    }
}

/// The merged filesystem of an image.
pub struct MergedTree {
    /// The tree. Origins count layers from the base.
    pub tree: Tree,
    /// The layers that went into it, `None` for those that are absent or encrypted.
    pub layers: Vec<Option<Rc<Layer>>>,
    /// What could not be applied as it stands.
    pub issues: Vec<TreeIssue>,
}

/// A name of the merged tree with what it names.
pub struct FileView<'a> {
    /// The path from the root, without a leading slash.
    pub path: &'a [u8],
    /// The name.
    pub name: &'a Name,
    /// What it names.
    pub node: &'a Node,
    /// The digest of its content, where contents were hashed.
    pub sha256: Option<[u8; 32]>,
    /// Extended attributes.
    pub xattrs: &'a [(Vec<u8>, Vec<u8>)],
    /// The node has other names too.
    pub linked: bool,
}

impl MergedTree {
    /// What these layers make, the base first.
    pub(crate) fn of(layers: Vec<Option<Rc<Layer>>>) -> Self {
        let mut merged = Self { tree: Tree::new(), layers, issues: Vec::new() };
        for (number, layer) in merged.layers.iter().enumerate() {
            if let Some(layer) = layer {
                let mut issues = merged.tree.apply(u32::try_from(number).unwrap_or(u32::MAX), &layer.index);
                merged.issues.append(&mut issues);
            }
        }
        merged
    }

    /// Calls `visit` for every name below the root, parents before what lies in them.
    pub fn visit(&self, visit: &mut dyn FnMut(FileView<'_>)) {
        let mut names = vec![0u8; self.tree.nodes()];
        self.tree.visit(&mut |_, name, _| {
            if let Some(count) = names.get_mut(name.node.number()) {
                *count = count.saturating_add(1);
            }
        });
        self.tree.visit(&mut |path, name, node| {
            let layer = self.layers.get(node.source.layer as usize).and_then(Option::as_ref);
            let member = layer.and_then(|layer| layer.index.get(node.source.entry as usize));
            let member = member.filter(|_| !node.implicit);
            let sha256 = member.and_then(|member| member.sha256.copied());
            let xattrs = member.map(|member| member.xattrs).unwrap_or_default();
            let linked = names.get(name.node.number()).is_some_and(|count| *count > 1);
            visit(FileView { path, name, node, sha256, xattrs, linked });
        });
    }
}

impl Image {
    /// What to find out about a layer.
    pub(crate) fn ingest_options(&self, layer: &LayerRef, contents: Option<u64>) -> IngestOptions {
        let known = |algorithm| algorithm != Algorithm::Other;
        let blob = layer.digest.as_ref().map_or(Algorithm::Sha256, crate::oci::Digest::algorithm);
        let diff = layer.diff_id.as_ref().map_or(Algorithm::Sha256, crate::oci::Digest::algorithm);
        let mut diff_ids = vec![if known(diff) { diff } else { Algorithm::Sha256 }];
        if layer.digest.is_none() && !diff_ids.contains(&Algorithm::Sha256) {
            // In a Docker archive a layer is known by the sha256 of its tar.
            diff_ids.push(Algorithm::Sha256);
        }
        IngestOptions {
            blob: [blob].into_iter().filter(|name| known(*name)).collect(),
            diff: diff_ids,
            contents,
            elsewhere: false,
            limits: self.limits.layer,
        }
    }

    pub(crate) fn layer_ref(&self, manifest: usize, layer: usize) -> Result<&LayerRef, FileError> {
        let found = self.manifests.get(manifest).ok_or(FileError::NoSuch { what: "image", number: manifest })?;
        found.layers.get(layer).ok_or(FileError::NoSuch { what: "layer", number: layer })
    }

    /// One layer: its digests and entries, read when it is first asked for. `contents` hashes the contents of files up to
    /// that many bytes.
    ///
    /// # Errors
    /// [`FileError`] if the layer is not there. A damaged layer is no error: see [`Layer::error`].
    pub async fn layer(
        &self,
        manifest: usize,
        layer: usize,
        contents: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<Rc<Layer>, FileError> {
        let reference = self.layer_ref(manifest, layer)?;
        let unavailable = |why| FileError::LayerUnavailable { layer: reference.name().to_owned(), why };
        if reference.encrypted() {
            return Err(unavailable("is encrypted"));
        }
        let blob = reference.blob.ok_or_else(|| unavailable("is not in the archive"))?;
        let options = self.ingest_options(reference, contents);
        Ok(self.store.ingest(blob, &options, reference.name(), "read", watch).await?)
    }

    /// The merged filesystem of an image.
    ///
    /// # Errors
    /// [`FileError`]. Layers that are absent or encrypted are left out, and damaged ones end where they are damaged.
    pub async fn tree(
        &self,
        manifest: usize,
        contents: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<MergedTree, FileError> {
        self.tree_below(manifest, usize::MAX, contents, watch).await
    }

    /// The filesystem that the lowest `layers` layers of an image make.
    ///
    /// # Errors
    /// As [`Image::tree`].
    pub async fn tree_below(
        &self,
        manifest: usize,
        layers: usize,
        contents: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<MergedTree, FileError> {
        let layers = self.available(manifest, layers, contents, watch).await?;
        Ok(MergedTree::of(layers))
    }

    /// The lowest `most` layers of an image, `None` for those that are absent or encrypted.
    pub(crate) async fn available(
        &self,
        manifest: usize,
        most: usize,
        contents: Option<u64>,
        watch: &dyn Watch,
    ) -> Result<Vec<Option<Rc<Layer>>>, FileError> {
        let count =
            self.manifests.get(manifest).ok_or(FileError::NoSuch { what: "image", number: manifest })?.layers.len();
        let count = count.min(most);
        let mut layers = Vec::new();
        for number in 0..count {
            layers.push(match self.layer(manifest, number, contents, watch).await {
                Ok(layer) => Some(layer),
                Err(FileError::LayerUnavailable { .. }) => None,
                Err(error) => return Err(error),
            });
        }
        Ok(layers)
    }

    /// The merged filesystem, kept for the next call about the same image.
    pub(crate) async fn merged(&self, manifest: usize, watch: &dyn Watch) -> Result<Rc<MergedTree>, FileError> {
        let kept = self.last_tree.borrow().as_ref().filter(|(of, _)| *of == manifest).map(|(_, tree)| tree.clone());
        if let Some(merged) = kept {
            return Ok(merged);
        }
        let merged = Rc::new(self.tree(manifest, None, watch).await?);
        *self.last_tree.borrow_mut() = Some((manifest, merged.clone()));
        Ok(merged)
    }

    /// The bytes of a file of the merged filesystem, following symbolic links inside the root.
    ///
    /// # Errors
    /// [`FileError`]: nothing there, no file, larger than `limit` bytes, or damaged.
    pub async fn read_file(
        &self,
        manifest: usize,
        path: &[u8],
        limit: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        let merged = self.listed_tree(manifest, watch).await?;
        self.read_merged(&merged, manifest, path, limit, watch).await
    }

    /// As [`Image::read_file`], with a tree at hand.
    ///
    /// # Errors
    /// [`FileError`], as there.
    pub async fn read_merged(
        &self,
        merged: &MergedTree,
        manifest: usize,
        path: &[u8],
        limit: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        let shown = || String::from_utf8_lossy(path).into_owned();
        let node = match merged.tree.resolve(path) {
            Ok(Resolved { node: Some(id), .. }) => merged.tree.node(id),
            Err(TreeIssueKind::SymlinkLoop) => return Err(FileError::SymlinkLoop { path: shown() }),
            _ => return Err(FileError::NotFound { path: shown() }),
        };
        if node.attributes.kind != EntryKind::File {
            return Err(FileError::NotFile { path: shown(), kind: node.attributes.kind.name() });
        }
        let number = node.source.layer as usize;
        let layer = merged.layers.get(number).and_then(Option::as_ref);
        let layer = layer.ok_or(FileError::NoSuch { what: "layer", number })?;
        let member = layer.index.get(node.source.entry as usize);
        let member = member.ok_or_else(|| FileError::NotFound { path: shown() })?;
        let most = largest(&member);
        if most > limit {
            return Err(FileError::TooLarge { path: shown(), size: most, limit });
        }
        self.read_member(manifest, number, layer, node.source.entry, &member, watch).await
    }

    /// The bytes of a file as one layer has it: the entry with that number.
    ///
    /// # Errors
    /// [`FileError`], as for [`Image::read_file`].
    pub async fn read_entry(
        &self,
        manifest: usize,
        layer: usize,
        entry: usize,
        limit: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        let found = self.listing(manifest, layer, watch).await?;
        let member = found.index.get(entry).ok_or(FileError::NoSuch { what: "entry", number: entry })?;
        let path = || String::from_utf8_lossy(member.path).into_owned();
        if member.kind != EntryKind::File {
            return Err(FileError::NotFile { path: path(), kind: member.kind.name() });
        }
        let size = largest(&member);
        if size > limit {
            return Err(FileError::TooLarge { path: path(), size, limit });
        }
        let entry = u32::try_from(entry).map_err(|_| FileError::NoSuch { what: "entry", number: entry })?;
        self.read_member(manifest, layer, &found, entry, &member, watch).await
    }

    /// The content of a file of a layer.
    async fn read_member(
        &self,
        manifest: usize,
        number: usize,
        layer: &Rc<Layer>,
        entry: u32,
        member: &Member<'_>,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        // Entries count in the listing that they were found in: the layer may also have been walked.
        let known = self.known(manifest, number).await?.filter(|known| Rc::ptr_eq(&known.layer, layer));
        if let Some(known) = known.as_ref().filter(|known| known.listed == Listed::Table) {
            return self.read_chunks(self.layer_ref(manifest, number)?, known, entry, member.size, watch).await;
        }
        let place = (member.data_offset, member.stored);
        let stored = self.read_stored(manifest, number, layer, place, known.is_some(), watch).await?;
        Ok(match member.sparse {
            Some(map) => expand(map, &stored, member.size),
            None => stored,
        })
    }

    /// Bytes of a layer's uncompressed tar. Where its checkpoints come from elsewhere, it is read on until its state is
    /// seen to be that of the next one.
    async fn read_stored(
        &self,
        manifest: usize,
        number: usize,
        layer: &Layer,
        (offset, length): (u64, u64),
        kept: bool,
        watch: &dyn Watch,
    ) -> Result<Vec<u8>, FileError> {
        let reference = self.layer_ref(manifest, number)?;
        let name = reference.name().to_owned();
        let why = "is not in the archive";
        let blob = reference.blob.ok_or(FileError::LayerUnavailable { layer: name.clone(), why })?;
        let wanted = usize::try_from(length).map_err(|_| ReadError("the file is too large".to_owned()))?;
        let compression = layer.compression.unwrap_or(Compression::None);
        if compression == Compression::None {
            let bytes = self.store.read(blob, offset, wanted).await?;
            if bytes.len() < wanted {
                return Err(ReadError("the layer is cut off inside the file".to_owned()).into());
            }
            return Ok(bytes);
        }
        let unsupported =
            FileError::LayerUnavailable { layer: name.clone(), why: "has a compression that cannot be read" };
        // Not from the start of the layer, where a place nearer to the file is known.
        let limits = self.limits.layer.decode;
        let near = layer.checkpoints.before(offset);
        let decoder = match near {
            Some(checkpoint) => Decoder::resume(compression, limits, checkpoint),
            None => Decoder::new(compression, limits),
        };
        let mut decoder = decoder.ok_or(unsupported)?;
        let start = Checkpoint { compressed: 0, plain: 0, inside: None };
        let next = if kept { layer.checkpoints.after(offset.saturating_add(length)) } else { None };
        if let Some(next) = next {
            decoder.keep_checkpoints(Checkpoints::from_to(near.unwrap_or(&start), next));
        }
        let mut out = Vec::new();
        let mut at = near.map_or(0, |checkpoint| checkpoint.plain);
        let mut place = near.map_or(0, |checkpoint| checkpoint.compressed);
        let end = next.map_or(blob.size, |next| next.compressed);
        while (out.len() < wanted || kept && place < end) && place < blob.size {
            let length = CHUNK
                .min(usize::try_from(if kept { end.saturating_sub(place).max(1) } else { u64::MAX }).unwrap_or(CHUNK));
            let bytes = self.store.read(blob, place, length).await?;
            if bytes.is_empty() {
                break;
            }
            place += bytes.len() as u64;
            let mut keep = |piece: &[u8]| {
                let end = at + piece.len() as u64;
                if end > offset && out.len() < wanted {
                    let from = usize::try_from(offset.saturating_sub(at)).unwrap_or(usize::MAX);
                    let piece = piece.get(from..).unwrap_or_default();
                    let take = piece.len().min(wanted - out.len());
                    out.extend_from_slice(piece.get(..take).unwrap_or_default());
                }
                at = end;
                Ok(())
            };
            let result = decoder.push::<LayerError>(&bytes, &mut keep);
            if let Err(error) = result
                && (kept || out.len() < wanted)
            {
                return Err(FileError::Damaged { layer: name, error });
            }
            let step = super::Step { phase: "read", done: place, total: Some(blob.size), item: Some(&name) };
            watch.step(step).await;
        }
        if out.len() < wanted {
            return Err(ReadError("the layer is cut off inside the file".to_owned()).into());
        }
        if kept {
            let same = match next {
                Some(next) if next.inside.is_some() => decoder.take_checkpoints().last() == Some(next),
                // A member or frame ends here, with its own checksum.
                _ => decoder.finish::<LayerError>(&mut |_| Ok(())).is_ok(),
            };
            if !same {
                return Err(FileError::Kept { layer: name });
            }
        }
        Ok(out)
    }
}

/// What reading a file may take. A damaged sparse file can say that more of it is stored than it has.
fn largest(member: &Member<'_>) -> u64 {
    member.size.max(member.stored)
}

/// The content of a sparse file from its stored pieces.
fn expand(map: &[Segment], stored: &[u8], size: u64) -> Vec<u8> {
    let mut out = vec![0; usize::try_from(size).unwrap_or(0)];
    let mut from = 0usize;
    for segment in map {
        let [start, length] =
            [segment.offset, segment.length].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let piece = stored.get(from..from.saturating_add(length)).unwrap_or_default();
        if let Some(place) = out.get_mut(start..start.saturating_add(piece.len())) {
            place.copy_from_slice(piece);
        }
        from = from.saturating_add(length);
    }
    out
}
