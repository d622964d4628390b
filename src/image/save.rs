//! Writes images: an OCI layout in a tar, or an archive that `docker load`, `podman load` and skopeo read.
//!
//! Blobs keep their bytes. Nothing is put together in memory: what is written is a [`Rope`] of small new pieces (headers,
//! `index.json`) and of parts of sources, which can be read piece by piece, or opened again as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use serde_json::json;

use super::{LocalFuture, ReadAt, ReadError, Source};
use crate::archive::tar_write::{END, Member, MemberKind, TarWriteError, Time, padding};
use crate::oci::{Descriptor, Digest, Index};

/// A part of what is written.
#[derive(Clone)]
pub enum Piece {
    /// Bytes in memory.
    Bytes(Rc<[u8]>),
    /// A part of a source.
    Part {
        /// The source.
        source: Source,
        /// Where the part begins.
        offset: u64,
        /// Its length in bytes.
        size: u64,
    },
}

impl Piece {
    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Part { size, .. } => *size,
        }
    }

    /// Some of its bytes; fewer only at its end.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(length).min(bytes.len());
                Ok(bytes.get(start..end).unwrap_or_default().to_vec())
            }
            Self::Part { source, offset: start, size } => {
                let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
                source.read_at(start.saturating_add(offset), length.min(left)).await
            }
        }
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(out, "Bytes({})", bytes.len()),
            Self::Part { offset, size, .. } => write!(out, "Part({offset}, {size})"),
        }
    }
}

/// Pieces one behind the other. It is a source itself: an image can be opened from it.
#[derive(Clone, Debug, Default)]
pub struct Rope {
    /// Each piece with where it begins.
    pieces: Vec<(u64, Piece)>,
    size: u64,
}

impl Rope {
    /// Appends a piece.
    pub fn push(&mut self, piece: Piece) {
        let size = piece.size();
        if size > 0 {
            self.pieces.push((self.size, piece));
            self.size += size;
        }
    }

    fn bytes(&mut self, bytes: Vec<u8>) {
        self.push(Piece::Bytes(bytes.into()));
    }
}

impl ReadAt for Rope {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        Box::pin(async move {
            let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
            let length = length.min(left);
            let mut out = Vec::with_capacity(length);
            let first = self.pieces.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
            for (start, piece) in self.pieces.get(first..).unwrap_or_default() {
                if out.len() >= length {
                    break;
                }
                let mut within = (offset + out.len() as u64).saturating_sub(*start);
                while within < piece.size() && out.len() < length {
                    let bytes = piece.read(within, length - out.len()).await?;
                    if bytes.is_empty() {
                        return Err(ReadError("a blob is shorter than its source says".to_owned()));
                    }
                    within += bytes.len() as u64;
                    out.extend_from_slice(&bytes);
                }
            }
            Ok(out)
        })
    }
}

/// An image among those that are written, for Docker's `manifest.json`.
#[derive(Clone, Debug)]
pub struct SavedImage {
    /// The digest of its configuration.
    pub config: Digest,
    /// The digests of its layers' blobs, from the base up.
    pub layers: Vec<Digest>,
    /// Its names, as `name:tag`.
    pub tags: Vec<String>,
}

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// What `index.json` lists.
    pub manifests: Vec<Descriptor>,
    /// Every blob: manifests, configurations, layers.
    pub blobs: BTreeMap<Digest, Piece>,
    /// The images for Docker.
    pub images: Vec<SavedImage>,
}

/// Why an image cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// A blob that the image speaks of is not there (a partial layout, a foreign layer).
    #[error("the blob {0} is not here, so the image cannot be saved whole; save the platforms that are complete")]
    BlobMissing(Digest),
    /// The layers of a streamed image are gone when they have been looked at.
    #[error("the image was read from a stream and its layers were not kept; open it from a file to save it")]
    Streamed,
    /// There is no image to write.
    #[error("there is no image to save")]
    Nothing,
    /// A file name that tar cannot hold.
    #[error(transparent)]
    Tar(#[from] TarWriteError),
    /// A document cannot be written as JSON.
    #[error("a document cannot be written: {0}")]
    Json(String),
    /// A source could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl SaveError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BlobMissing(_) => "SAVE_BLOB_MISSING",
            Self::Streamed => "SAVE_STREAMED",
            Self::Nothing => "SAVE_NOTHING",
            Self::Tar(error) => error.code(),
            Self::Json(_) => "SAVE_JSON",
            Self::Read(_) => "READ_FAILED",
        }
    }
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveFormat {
    /// A tar with an OCI image layout (image-layout.md).
    OciLayout,
    /// A tar with Docker's `manifest.json`, the configurations and the layers, for `docker load`, `podman load` and
    /// skopeo. It has no manifests, so the digest of the image is made anew by whoever reads it.
    DockerArchive,
    /// Both in one: what `docker save` writes since version 25.
    Hybrid,
}

/// The files of a layout or archive by their paths, as they lie in a tar or a directory.
///
/// # Errors
/// [`SaveError`]: nothing to write, or a blob that an image names and that is not here.
pub fn files(contents: &Contents, format: SaveFormat) -> Result<BTreeMap<String, Piece>, SaveError> {
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|error| SaveError::Json(error.to_string()));
    if contents.manifests.is_empty() {
        return Err(SaveError::Nothing);
    }
    let mut files: BTreeMap<String, Piece> = BTreeMap::new();
    let mut text = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), Piece::Bytes(bytes.into()));
    if format != SaveFormat::DockerArchive {
        text("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        text("index.json", json(serde_json::to_vec(&Index::oci(contents.manifests.clone())))?);
    }
    let mut listed: BTreeSet<&Digest> = BTreeSet::new();
    if format != SaveFormat::OciLayout {
        if contents.images.is_empty() {
            return Err(SaveError::Nothing);
        }
        let mut items = Vec::new();
        for image in &contents.images {
            for digest in image.layers.iter().chain([&image.config]) {
                if !contents.blobs.contains_key(digest) {
                    return Err(SaveError::BlobMissing(digest.clone()));
                }
                listed.insert(digest);
            }
            let layers: Vec<String> = image.layers.iter().map(Digest::blob_path).collect();
            items.push(json!({ "Config": image.config.blob_path(), "RepoTags": image.tags, "Layers": layers }));
        }
        text("manifest.json", json(serde_json::to_vec(&items))?);
    }
    for (digest, piece) in &contents.blobs {
        if format != SaveFormat::DockerArchive || listed.contains(digest) {
            files.insert(digest.blob_path(), piece.clone());
        }
    }
    Ok(files)
}

/// The archive, its members sorted by name, without times and owners: the same contents give the same bytes.
///
/// # Errors
/// As [`files`].
pub fn save(contents: &Contents, format: SaveFormat) -> Result<Rope, SaveError> {
    let files = files(contents, format)?;
    let directories: BTreeSet<&str> = files
        .keys()
        .flat_map(|path| path.match_indices('/').filter_map(|(at, _)| path.get(..at)))
        .chain(["blobs"])
        .collect();
    let mut rope = Rope::default();
    let member = |path: &str, kind: MemberKind, mode| Member {
        path: path.into(),
        kind,
        mode,
        uid: 0,
        gid: 0,
        mtime: Time::default(),
        xattrs: BTreeMap::new(),
    };
    for directory in directories {
        rope.bytes(member(directory, MemberKind::Dir, 0o755).header()?);
    }
    for (path, piece) in files {
        let size = piece.size();
        rope.bytes(member(&path, MemberKind::File(size), 0o644).header()?);
        rope.push(piece);
        rope.bytes(vec![0; padding(size)]);
    }
    rope.bytes(END.to_vec());
    Ok(rope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rope_reads_across_its_pieces() {
        let mut rope = Rope::default();
        rope.bytes(b"abc".to_vec());
        rope.bytes(Vec::new());
        rope.push(Piece::Part { source: Rc::new(b"0123456789".to_vec()), offset: 2, size: 4 });
        rope.bytes(b"z".to_vec());
        let whole = b"abc2345z";
        assert_eq!(rope.size(), 8);
        for from in 0..=9 {
            for length in 0..10 {
                let got = pollster::block_on(rope.read_at(from as u64, length)).unwrap();
                let from = from.min(8);
                assert_eq!(got, whole[from..(from + length).min(8)], "{from} {length}");
            }
        }
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let mut rope = Rope::default();
        rope.push(Piece::Part { source: Rc::new(b"01".to_vec()), offset: 0, size: 4 });
        assert!(pollster::block_on(rope.read_at(0, 4)).is_err());
    }
}
