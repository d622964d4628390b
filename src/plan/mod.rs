//! What a build would make, without building: stage graph, steps, layers, image config and history.
//!
//! [`plan`] follows BuildKit's `dockerfile2llb`: the same stages are reached, the same variables are seen, the same
//! history is written, and what BuildKit refuses is refused at the same place. What only a run can tell, the plan says
//! it does not know.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`image`] | the image configuration document |
//! | [`platform`] | platform names |
//! | [`reference`] | image references as a `FROM` writes them |
//! | [`report`] | the plan as plain data |
//! | [`step`] | steps after expansion, ready to be carried out |

mod check;
mod go;
mod graph;
pub mod image;
mod path;
pub mod platform;
pub mod reference;
#[cfg(feature = "plan")]
pub mod report;
pub mod step;

use std::collections::BTreeMap;

pub use graph::plan;
pub use image::Image;
pub use platform::Platform;
pub use step::{Action, Step};

use crate::dockerfile::check::CheckOptions;
use crate::dockerfile::syntax::{Diagnostic, Lines};
use crate::text::Span;

/// What to plan for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--target`: a stage's name, in any case. The last stage where not given.
    pub target: Option<String>,
    /// `--platform`; the build platform where not given.
    pub platform: Option<Platform>,
    /// The platform that builds, for `BUILDPLATFORM`; `linux/amd64` where not given.
    pub build_platform: Option<Platform>,
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// `--label`: set on the target's image.
    pub labels: BTreeMap<String, String>,
    /// Configurations of base images by full reference (`docker.io/library/alpine:latest`).
    ///
    /// A base that is not here is unknown: it is planned as an empty configuration of the platform asked for, and
    /// [`Stage::base_known`] says so.
    pub base_configs: BTreeMap<String, Image>,
    /// Configurations of base images and of contexts that have several platforms: by reference or name, then by platform
    /// in normal form (`linux/arm64`). They come before those of [`Options::base_configs`] and [`Options::contexts`].
    pub platform_configs: BTreeMap<String, BTreeMap<String, Image>>,
    /// `--build-context`: names that stand for something else. They replace stages and images of that name.
    pub contexts: BTreeMap<String, Context>,
    /// Takes the place of the file's `# check=` directive; the build argument `BUILDKIT_DOCKERFILE_CHECK` does the same
    /// where this is not given.
    pub check: Option<String>,
}

/// What a named build context is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Context {
    /// Files.
    #[default]
    Files,
    /// An image, with its configuration where that is known.
    Image(Option<Box<Image>>),
}

impl Context {
    /// Whether all is known that a stage on it starts with.
    fn known(&self) -> bool {
        !matches!(self, Self::Image(None))
    }

    fn config(&self) -> Option<&Image> {
        match self {
            Self::Image(Some(image)) => Some(image),
            _ => None,
        }
    }
}

impl Options {
    /// What takes the place of the `# check=` directive.
    pub fn check(&self) -> Option<&str> {
        self.check.as_ref().or_else(|| self.build_args.get(CheckOptions::BUILD_ARG)).map(String::as_str)
    }

    /// The configuration of an image of several platforms.
    fn platform_config(&self, name: &str, platform: &Platform) -> Option<&Image> {
        self.platform_configs.get(name)?.get(&platform.normalized().full())
    }
}

/// The plan of a build.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Stages in order: those of the file, then those that `COPY --from` and `RUN --mount` bring in.
    pub stages: Vec<Stage>,
    /// Index of the target.
    pub target: usize,
    /// The image configuration of the target.
    pub image: Image,
    /// Paths of the build context that will be read, each with a leading `/`, sorted.
    pub context_paths: Vec<String>,
    /// Where BuildKit stops, if it does. The rest of the plan is then what is known without it.
    pub error: Option<Diagnostic>,
    /// All that would stop the build, of every stage that is reached.
    pub diagnostics: Vec<Diagnostic>,
}

/// A stage.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// Its name in lower case.
    pub name: Option<String>,
    /// What it is built on.
    pub base: Base,
    /// Whether the configuration of the base image is known (or there is none to know).
    pub base_known: bool,
    /// Its platform; `None` where that depends on a base that is not reached.
    pub platform: Option<Platform>,
    /// Whether the target needs it.
    pub reachable: bool,
    /// Whether it is no stage of the file but an image or context named by `--from` or `from=`.
    pub implicit: bool,
    /// Stages that its steps read from, ascending.
    pub deps: Vec<usize>,
    /// Its instructions after expansion, in order. Empty for stages that are not reached.
    pub steps: Vec<Step>,
    /// The image configuration after its last step.
    pub image: Image,
    /// Paths of the build context its steps read, each with a leading `/`, sorted.
    pub context_paths: Vec<String>,
    /// Index of the `FROM` in [`Dockerfile::nodes`](crate::dockerfile::Dockerfile::nodes); `None` for implicit ones.
    pub node: Option<usize>,
    /// The `FROM`.
    pub span: Span,
    /// The lines of the `FROM`.
    pub lines: Lines,
}

/// What a stage is built on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Base {
    /// Nothing.
    #[default]
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image, by its full reference.
    Image(String),
    /// A named build context.
    Context(String),
}
