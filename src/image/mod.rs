//! Open, verify, flatten, inspect, save.
//!
//! An [`Image`] is what an archive, a layout directory or a stream holds: its manifests, configurations and layers, with
//! what was found wrong about them. Documents are read and checked when it is opened; layers when they are asked for.

pub mod analyze;
mod clauses;
mod describe;
mod entries;
pub mod export;
mod finding;
pub mod flatten;
mod known;
mod open;
mod pass;
mod read;
pub mod save;
pub mod search;
mod store;
mod stream;
mod verify;

pub(crate) use describe::is_rfc3339;
pub use entries::{FileError, FileView, MergedTree};
pub use finding::{ImageFinding, Severity, Verdict};
pub use known::Listed;
pub use open::{Image, ImageForm, ImageManifest, LayerRef, ManifestKind};
pub use read::{LocalFuture, ReadAt, ReadError, Source, Step, Unwatched, Watch};
pub use store::{Blob, FindError, Store, read_layer};
pub use stream::StreamOpener;
pub use verify::{LayerReport, VerifyReport};

use crate::archive::decode::DecodeError;
use crate::archive::tar::{TarError, TarLimits};
use crate::layer::LayerLimits;
use crate::oci::JsonLimits;

/// Bounds of an image. Each has an error code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bounds of each JSON document: `JSON_TOO_LARGE`, `JSON_TOO_DEEP`.
    pub json: JsonLimits,
    /// Indexes inside each other. Default 8. `INDEX_TOO_DEEP`.
    pub index_depth: usize,
    /// Documents in all. Default 10,000. `TOO_MANY_DOCUMENTS`.
    pub documents: usize,
    /// Members of an archive. Default 100,000. `ARCHIVE_TOO_MANY_MEMBERS`.
    pub members: u64,
    /// Bounds of each layer: `LAYER_UNPACKED_TOO_LARGE`, `LAYER_COMPRESSION_RATIO`, `LAYER_INDEX_TOO_LARGE`,
    /// `ZSTD_WINDOW_TOO_LARGE`, `XZ_DICTIONARY_TOO_LARGE`, `TAR_METADATA_TOO_LONG`, `TAR_PATH_TOO_LONG`, `TAR_TOO_MANY_ENTRIES`.
    pub layer: LayerLimits,
    /// Bytes of a path that a layer may have. Default 4,096. `PATH_TOO_LONG`.
    pub path: usize,
    /// Names in a path that a layer may have. Default 2,048, as many as fit into 4,096 bytes. `PATH_TOO_DEEP`.
    pub path_depth: usize,
    /// Bytes that an archive compressed as a whole may have when it is decompressed. Default 512 MiB. `ARCHIVE_TOO_LARGE`.
    /// Of a stream, which is not held, [`LayerLimits::unpacked`] bounds the length, and [`LayerLimits::ratio`] how many
    /// times its size it may have: `ARCHIVE_COMPRESSION_RATIO`.
    pub outer_memory: usize,
    /// Bytes behind the end of an archive that are looked at. Default 16 MiB.
    pub behind_end: u64,
    /// Bytes of JSON that are kept of a stream, in sum. Default 32 MiB. `STREAM_DOCUMENTS_TOO_LARGE`.
    pub stream_documents: usize,
}

impl Limits {
    /// The bounds of the archive around the image.
    pub(crate) fn outer_tar(&self) -> TarLimits {
        TarLimits { entries: self.members, ..self.layer.tar }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json: JsonLimits::default(),
            index_depth: 8,
            documents: 10_000,
            members: 100_000,
            layer: LayerLimits::default(),
            path: 4096,
            path_depth: 2048,
            outer_memory: 512 << 20,
            behind_end: 16 << 20,
            stream_documents: 32 << 20,
        }
    }
}

/// Why something cannot be opened as an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The source could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is no tar archive.
    #[error("this is no image archive: {0}")]
    NotArchive(TarError),
    /// The archive is compressed as a whole, and damaged.
    #[error("the archive cannot be decompressed: {0}")]
    Compression(DecodeError),
    /// The archive is compressed as a whole and too large to be held decompressed.
    #[error("the archive has more than {limit} bytes when it is decompressed: decompress it first, or raise the limit")]
    OuterTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A streamed archive that decompresses to too many times its size.
    #[error("the archive decompresses to more than {limit} times its size: {output} bytes from {input}")]
    OuterRatio {
        /// The limit.
        limit: u64,
        /// Bytes taken.
        input: u64,
        /// Bytes made.
        output: u64,
    },
    /// The archive has more members than are looked at.
    #[error("the archive has more than {limit} members")]
    TooManyMembers {
        /// The limit.
        limit: u64,
    },
    /// A tar archive that describes no image.
    #[error(
        "the archive has no index.json, no manifest.json and no repositories file: it is no OCI layout and no Docker archive"
    )]
    NoImage,
    /// The one document that says what is in the archive cannot be read.
    #[error("`{file}` cannot be read: {message}")]
    Document {
        /// The file.
        file: String,
        /// The code of what is wrong with it.
        code: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The documents of a stream are too large to be kept.
    #[error("the documents of the stream have more than {limit} bytes in sum")]
    StreamDocuments {
        /// The limit in bytes.
        limit: u64,
    },
}

impl OpenError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "ARCHIVE_EMPTY",
            Self::Read(_) => "SOURCE_UNREADABLE",
            Self::NotArchive(_) => "ARCHIVE_INVALID",
            Self::Compression(error) => error.code(),
            Self::OuterTooLarge { .. } => "ARCHIVE_TOO_LARGE",
            Self::OuterRatio { .. } => "ARCHIVE_COMPRESSION_RATIO",
            Self::TooManyMembers { .. } => "ARCHIVE_TOO_MANY_MEMBERS",
            Self::NoImage => "ARCHIVE_WITHOUT_IMAGE",
            Self::Document { code, .. } => code,
            Self::StreamDocuments { .. } => "STREAM_DOCUMENTS_TOO_LARGE",
        }
    }
}
