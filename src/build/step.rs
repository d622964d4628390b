//! What a build has to do, with nothing left to expand: the plan's answer, ready to be carried out.

use crate::dockerfile::mount::Mount;

/// A build of one platform.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// The stages that the target needs, and only those; a stage needs none behind it.
    pub stages: Vec<Stage>,
    /// The stage whose image is made: an index into `stages`.
    pub target: usize,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it is called: its name, or `stage-` and its place in the Dockerfile.
    pub name: String,
    /// What it starts from.
    pub base: Base,
    /// The line of its `FROM`, from 1.
    pub line: u32,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// An image that the build was given, as a stage wants it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageKey {
    /// The name it is known under.
    pub name: String,
    /// The platform, as `linux/amd64`.
    pub platform: String,
}

/// What a stage starts from, or what a `COPY` reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// A stage before: an index into [`Recipe::stages`].
    Stage(usize),
    /// An image that the build was given.
    Image(ImageKey),
    /// The files of a context: `None` the main one.
    Context(Option<String>),
}

/// One instruction that touches the file system.
#[derive(Clone, Debug)]
pub struct Step {
    /// The first line of the instruction, from 1. That of the `ONBUILD` trigger's `FROM` where it came from a base image.
    pub line: u32,
    /// The instruction as the history tells it.
    pub text: String,
    /// What it does.
    pub action: Action,
}

/// What an instruction does to the file system.
#[derive(Clone, Debug)]
pub enum Action {
    /// `COPY` or `ADD`.
    Copy(CopyStep),
    /// `WORKDIR`: the absolute path, and the `USER` then in force (empty: root).
    Workdir {
        /// The directory to make.
        path: String,
        /// Whose it will be.
        user: String,
    },
    /// `RUN`.
    Run(RunStep),
}

/// A source of `COPY` or `ADD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopySource {
    /// A path, in which there may be wildcards.
    Path(String),
    /// An address to fetch from.
    Http(String),
    /// A git repository.
    Git(String),
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub struct CopyStep {
    /// It is `ADD`.
    pub add: bool,
    /// Where the sources are.
    pub from: Base,
    /// The sources as written, after expansion.
    pub sources: Vec<CopySource>,
    /// Here-documents: name and text.
    pub inline: Vec<(String, String)>,
    /// The destination: absolute, with its trailing slash if it has one.
    pub destination: String,
    /// `--chown`.
    pub chown: Option<String>,
    /// `--chmod`.
    pub chmod: Option<String>,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--checksum`.
    pub checksum: Option<String>,
    /// `--unpack`, where it is given.
    pub unpack: Option<bool>,
}

/// A `--mount` and where its source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMount {
    /// Its options.
    pub mount: Mount,
    /// What its `source` is a path in; `None` for what comes from nowhere: secrets, caches and the like.
    pub from: Option<Base>,
}

/// `RUN`: what an executor gets to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunStep {
    /// The arguments of the process, the shell included.
    pub arguments: Vec<String>,
    /// `NAME=value`, build arguments included.
    pub environment: Vec<String>,
    /// The working directory.
    pub directory: String,
    /// The user in force.
    pub user: String,
    /// `--network`, where it is given.
    pub network: Option<String>,
    /// `--security`, where it is given.
    pub security: Option<String>,
    /// `--mount`, in order.
    pub mounts: Vec<RunMount>,
    /// A script file that is there for the run only: its path and its text.
    pub file: Option<(String, String)>,
}
