//! The port for `RUN`: what an executor gets, and what it answers.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use super::run::Host;
use super::step::RunStep;
use super::tree::Tree;
use super::user::Identity;

/// Why a command did not run to a good end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It ran and ended with another status than 0.
    #[error("the command ended with status {status}")]
    Status {
        /// Its exit status; 128 and the signal's number where a signal ended it.
        status: i32,
        /// The end of what it printed.
        output: String,
    },
    /// It could not be run, or what it changed could not be taken over.
    #[error("the command could not be run: {0}")]
    Other(String),
}

impl RunError {
    /// The end of what the command printed, empty where there is nothing.
    pub fn output(&self) -> &str {
        match self {
            Self::Status { output, .. } => output,
            Self::Other(_) => "",
        }
    }
}

/// One `RUN` with all that belongs to it.
pub struct Call<'a> {
    /// The step.
    pub step: &'a RunStep,
    /// The line of its instruction, from 1.
    pub line: u32,
    /// The instruction as the history tells it.
    pub text: &'a str,
    /// The platform that is being built, as `linux/amd64`.
    pub platform: &'a str,
    /// Who the command runs as, looked up in the stage's own files.
    pub identity: Identity,
    /// The file system of the stage.
    pub tree: &'a Tree,
    /// For each of the step's mounts, the tree that its `source` is a path in: a stage, an image, or a context.
    pub mounts: Vec<Option<&'a Tree>>,
    /// Where the bytes of files are read from.
    pub host: &'a dyn Host,
}

impl Call<'_> {
    /// The variables of the command: the step's own, and `HOME` where they do not set it.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut variables: BTreeMap<String, String> = self
            .step
            .environment
            .iter()
            .map(|pair| pair.split_once('=').map_or((pair.as_str(), ""), |pair| pair))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        variables.entry("HOME".to_owned()).or_insert_with(|| self.identity.home.clone());
        variables
    }
}

/// The tree after a command; `None` where the executor does not run such a step.
pub type Ran<'a> = Pin<Box<dyn Future<Output = Result<Option<Tree>, RunError>> + 'a>>;

/// Runs the command of a `RUN` on a tree.
///
/// Trees share what they have in common, so an executor changes a clone and gives it back; the difference becomes the
/// layer. Several can stand in a row: the first that knows the step does it.
pub trait Executor {
    /// Runs the command.
    fn run<'a>(&'a self, call: &'a Call<'a>) -> Ran<'a>;
}
