//! Why an image cannot be changed.

use crate::archive::decode::DecodeError;
use crate::archive::tar::TarError;
use crate::archive::tar_write::TarWriteError;
use crate::build::copy::CopyError;
use crate::build::error::StepError;
use crate::image::save::SaveError;
use crate::image::{FileError, OpenError, ReadError};
use crate::layer::LayerError;

/// Why an image cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no image, or none for the platforms asked for.
    #[error("there is no image for this; look at its platforms with `inspect`")]
    NoImage,
    /// The image cannot be taken over whole.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// What was put together cannot be opened again.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A layer cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A source cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A document of the image is not what the specification asks for.
    #[error("the {document} of {image} cannot be changed: {message}")]
    Document {
        /// `manifest` or `configuration`.
        document: &'static str,
        /// The digest of the image.
        image: String,
        /// What is wrong.
        message: String,
    },
    /// A layer of the image is absent, encrypted, or otherwise closed to us.
    #[error("the layer {layer} {why}, so it cannot be rewritten")]
    Closed {
        /// The layer.
        layer: String,
        /// Why.
        why: &'static str,
    },
    /// A layer is damaged.
    #[error("the layer {layer} is damaged: {error}")]
    Damaged {
        /// The layer.
        layer: String,
        /// How.
        error: LayerError,
    },
    /// A base image or a layer for a squash cannot be read.
    #[error("{0}")]
    Base(String),
    /// The old base is not below the image.
    #[error(
        "the old base is not the base of {image}: its layer {layer} is not the image's; give the image it was built on"
    )]
    NotItsBase {
        /// The digest of the image.
        image: String,
        /// The place of the first layer that differs, from 1.
        layer: usize,
    },
    /// A base has no image for a platform.
    #[error("the {which} base has no image for {platform}")]
    BasePlatform {
        /// `old` or `new`.
        which: &'static str,
        /// The platform.
        platform: String,
    },
    /// More layers than there are.
    #[error("{asked} layers cannot be squashed: the image has {has}")]
    TooFewLayers {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        has: usize,
    },
    /// Docker's media types know no zstd.
    #[error("Docker's media types have none for zstd layers; compress them with gzip or keep OCI's")]
    DockerZstd,
    /// A file that is appended cannot be put where it belongs.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A layer cannot be written.
    #[error(transparent)]
    Write(#[from] StepError),
    /// A name that tar cannot hold.
    #[error(transparent)]
    Tar(#[from] TarWriteError),
    /// What was given as a layer is none.
    #[error("the layer to append is no tar that could be one: {0}")]
    NotALayer(String),
    /// A new value for the configuration that it cannot take.
    #[error("{field}: {message}")]
    Config {
        /// The field.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// An index names one image a platform.
    #[error("two of the images are for {0}; an index has one image for a platform")]
    SamePlatform(String),
    /// No layer holds a file that is to be edited.
    #[error("no layer has a file `{0}` to edit; look at the paths with `ls`, or append it")]
    NothingToEdit(String),
    /// Names for an outcome of several images without an index around them.
    #[error("there are {0} images side by side, so one name does not fit; choose one with its name or platform")]
    Names(usize),
}

impl ChangeError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoImage => "NO_SUCH_IMAGE",
            Self::Save(error) => error.code(),
            Self::Open(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Read(_) => "SOURCE_UNREADABLE",
            Self::Document { .. } => "CHANGE_DOCUMENT_INVALID",
            Self::Closed { .. } => "LAYER_UNAVAILABLE",
            Self::Damaged { error, .. } => error.code(),
            Self::Base(_) => "CHANGE_BASE_UNREADABLE",
            Self::NotItsBase { .. } => "REBASE_NOT_ITS_BASE",
            Self::BasePlatform { .. } => "REBASE_PLATFORM_MISSING",
            Self::TooFewLayers { .. } => "SQUASH_TOO_FEW_LAYERS",
            Self::DockerZstd => "CHANGE_DOCKER_ZSTD",
            Self::Copy(CopyError::OntoNonDirectory(_)) => "COPY_ONTO_NON_DIRECTORY",
            Self::Copy(CopyError::OntoDirectory(_)) => "COPY_ONTO_DIRECTORY",
            Self::Copy(_) => "BUILD_PATH_INVALID",
            Self::Write(error) => error.code(),
            Self::Tar(error) => error.code(),
            Self::NotALayer(_) => "APPEND_NOT_A_LAYER",
            Self::Config { .. } => "CHANGE_CONFIG_INVALID",
            Self::SamePlatform(_) => "INDEX_SAME_PLATFORM",
            Self::NothingToEdit(_) => "EDIT_NOT_FOUND",
            Self::Names(_) => "CHANGE_NAMES_AMBIGUOUS",
        }
    }
}

impl From<DecodeError> for ChangeError {
    fn from(error: DecodeError) -> Self {
        Self::Base(error.to_string())
    }
}

impl From<TarError> for ChangeError {
    fn from(error: TarError) -> Self {
        Self::Base(error.to_string())
    }
}
