//! Why a build fails.

use super::context::ContextError;
use super::copy::CopyError;
use super::execute::RunError;
use super::mode::ModeError;
use super::tree::TreeError;
use super::unpack::UnpackError;
use crate::archive::tar_write::TarWriteError;
use crate::dockerfile::patterns::PatternError;
use crate::oci::Digest;

/// Why an image is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An instruction cannot be carried out.
    #[error("line {line}: {cause} ({instruction}){}", tail(cause))]
    Step {
        /// The line of the instruction in the Dockerfile, from 1.
        line: u32,
        /// The instruction, shortened.
        instruction: String,
        /// What is wrong.
        cause: StepError,
    },
    /// The Dockerfile itself is wrong, or what it asks for does not exist.
    #[error("line {line}: {message}")]
    Plan {
        /// The line, from 1; 0 where it is about the whole file.
        line: u32,
        /// The stable code of the plan's finding.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// The list of files that is the context is no file system.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// A base image was not given.
    #[error("line {line}: the image `{name}` is not here; open it and pass it as a base under this name")]
    BaseMissing {
        /// The line, from 1.
        line: u32,
        /// The name in the Dockerfile.
        name: String,
    },
    /// A base image has nothing for the platform.
    #[error("the image `{name}` has no manifest for {platform}; it has {has}")]
    PlatformMissing {
        /// The name in the Dockerfile.
        name: String,
        /// The platform asked for.
        platform: String,
        /// Those there are.
        has: String,
    },
    /// A base image cannot be read.
    #[error("the image `{name}` cannot be read: {message}")]
    Base {
        /// The name in the Dockerfile.
        name: String,
        /// The opener's error.
        message: String,
    },
    /// An option of the build is wrong.
    #[error("{option}: {message}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

/// Why an instruction cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// `COPY` fails.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// An archive cannot be unpacked.
    #[error("`{path}`: {source}")]
    Unpack {
        /// The archive.
        path: String,
        /// What is wrong.
        source: UnpackError,
    },
    /// A path cannot be made or followed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// `--chmod`.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// `--exclude` or `--parents`.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A user or group by name where there is no file system to look it up in.
    #[error("`{0}` cannot be looked up: there is no /etc/passwd or /etc/group here yet; use numbers")]
    NoUsers(String),
    /// A source that has to be fetched where nobody fetches.
    #[error(
        "`{0}` has to be fetched, which this build may not do; allow it, or download it into the context and COPY it"
    )]
    Remote(String),
    /// What lies at an address cannot be had.
    #[error("`{address}` cannot be fetched: {message}")]
    Fetch {
        /// The address, without a password.
        address: String,
        /// Why, in the host's own words.
        message: String,
    },
    /// What lies at an address is not what `--checksum` says.
    #[error("`{address}` gave {found}, and --checksum says {wanted}; see what has changed there before you take it")]
    FetchedOther {
        /// The address, without a password.
        address: String,
        /// The digest that is wanted.
        wanted: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// A git repository.
    #[error(
        "`{0}` is a git repository, and none is cloned here; clone it and give it as a build context (COPY --from=NAME), or ADD the archive that its host offers, with --unpack"
    )]
    Git(String),
    /// `RUN` without an executor.
    #[error(
        "RUN needs an executor and there is none here; build this step elsewhere, or leave it out with run: \"skip\" (the image is marked as incomplete)"
    )]
    NoExecutor,
    /// An executor says so.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Bytes of the context or of an image cannot be read.
    #[error("`{path}` cannot be read: {message}")]
    Read {
        /// What was read.
        path: String,
        /// The host's own message.
        message: String,
    },
    /// A name that tar cannot hold.
    #[error(transparent)]
    Tar(#[from] TarWriteError),
    /// A stage or context that does not exist.
    #[error("there is no stage, image or context `{0}`")]
    NoSource(String),
}

/// The end of a command's output, on lines of its own.
fn tail(cause: &StepError) -> String {
    match cause {
        StepError::Run(error) if !error.output().is_empty() => format!("\n{}", error.output().trim_end()),
        _ => String::new(),
    }
}

impl BuildError {
    /// The stable code of the error.
    pub fn code(&self) -> &str {
        match self {
            Self::Step { cause, .. } => cause.code(),
            Self::Plan { code, .. } => code,
            Self::Context(error) => error.code(),
            Self::BaseMissing { .. } => "BUILD_BASE_MISSING",
            Self::PlatformMissing { .. } => "BUILD_PLATFORM_MISSING",
            Self::Base { .. } => "BUILD_BASE_UNREADABLE",
            Self::Option { .. } => "BUILD_OPTION_INVALID",
        }
    }

    /// The line of the Dockerfile, from 1, where there is one.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Step { line, .. } | Self::Plan { line, .. } | Self::BaseMissing { line, .. } => {
                Some(*line).filter(|line| *line > 0)
            }
            _ => None,
        }
    }
}

impl StepError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Copy(CopyError::NotFound(_)) => "COPY_SOURCE_NOT_FOUND",
            Self::Copy(CopyError::OntoNonDirectory(_)) => "COPY_ONTO_NON_DIRECTORY",
            Self::Copy(CopyError::OntoDirectory(_)) => "COPY_ONTO_DIRECTORY",
            Self::Copy(CopyError::Tree(_)) | Self::Tree(_) => "BUILD_PATH_INVALID",
            Self::Unpack { source: UnpackError::TooLarge { .. }, .. } => "ADD_ARCHIVE_TOO_LARGE",
            Self::Unpack { source: UnpackError::Outside(_), .. } => "ADD_ARCHIVE_ESCAPES",
            Self::Unpack { .. } => "ADD_ARCHIVE_INVALID",
            Self::Mode(_) => "CHMOD_INVALID",
            Self::Pattern(_) => "PATTERN_INVALID",
            Self::NoUsers(_) => "CHOWN_NO_USERS",
            Self::Remote(_) => "ADD_REMOTE_UNAVAILABLE",
            Self::Fetch { .. } => "ADD_FETCH_FAILED",
            Self::FetchedOther { .. } => "ADD_CHECKSUM_MISMATCH",
            Self::Git(_) => "ADD_GIT_UNSUPPORTED",
            Self::NoExecutor => "RUN_NEEDS_EXECUTOR",
            Self::Run(RunError::Status { .. }) => "RUN_FAILED",
            Self::Run(RunError::Other(_)) => "RUN_IMPOSSIBLE",
            Self::Read { .. } => "BUILD_READ_FAILED",
            Self::Tar(error) => error.code(),
            Self::NoSource(_) => "COPY_FROM_UNKNOWN",
        }
    }
}
