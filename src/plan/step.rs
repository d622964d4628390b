//! Steps: instructions after expansion.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dockerfile::mount::Mount;
use crate::dockerfile::syntax::Lines;
use crate::text::Span;

/// An instruction of a stage as the build carries it out.
#[derive(Debug, Clone)]
pub struct Step {
    /// The instruction's name in upper case.
    pub name: &'static str,
    /// The instruction as one line, as written.
    pub text: String,
    /// What it does.
    pub action: Action,
    /// `created_by` of the history entry; `None` for `ONBUILD`, which has none.
    pub created_by: Option<String>,
    /// Whether the history entry stands for a layer.
    pub creates_layer: bool,
    /// Whether it comes from an `ONBUILD` of the base.
    pub onbuild: bool,
    /// Index in [`Dockerfile::nodes`](crate::dockerfile::Dockerfile::nodes); `None` for an `ONBUILD` of the base.
    pub node: Option<usize>,
    /// Its place; that of the `FROM` for an `ONBUILD` of the base.
    pub span: Span,
    /// Its lines.
    pub lines: Lines,
}

impl Step {
    /// Paths of the build context that it reads, each with a leading `/`, sorted.
    pub fn context_paths(&self) -> Vec<String> {
        let mut paths = match &self.action {
            Action::Copy(copy) if copy.from.is_none() => {
                let local = copy.sources.iter().filter_map(|source| match source {
                    Source::Path(path) => Some(path),
                    // BuildKit reads a repository without a web address as a path too.
                    Source::Git(url) if !url.starts_with("http") => Some(url),
                    _ => None,
                });
                local.map(|path| super::path::join(&["/", path])).collect()
            }
            Action::Run(run) => {
                let binds = run.mounts.iter().filter(|(mount, _)| mount.reads_context());
                binds.map(|(mount, _)| super::path::join(&["/", &mount.source])).collect()
            }
            _ => Vec::new(),
        };
        crate::order::sort(&mut paths);
        paths.dedup();
        paths
    }
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Runs a command, whose effect only a run can tell.
    Run(Box<Run>),
    /// Brings files into the stage.
    Copy(Box<Copy>),
    /// Makes a directory, where `path` is not `/`, and goes there.
    Workdir {
        /// The absolute path, with `/` on every platform.
        path: String,
        /// `USER` at this place, who owns the directory; empty for root.
        user: String,
    },
    /// Changes the configuration only.
    Config,
}

/// A `RUN`.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The command line, shell included.
    pub args: Vec<String>,
    /// The script that the shell gets; `None` for the exec form.
    pub script: Option<String>,
    /// A script file put at this path for the run: here-documents that begin with `#!`.
    pub file: Option<(String, String)>,
    /// Variables: `ENV` and `ARG`.
    pub env: Arc<BTreeMap<String, String>>,
    /// The working directory.
    pub cwd: String,
    /// `USER`; empty for root.
    pub user: String,
    /// `--mount`, each with the stage it reads (`None`: the build context, or nothing).
    pub mounts: Vec<(Mount, Option<usize>)>,
    /// `--network`.
    pub network: Option<String>,
    /// `--security`.
    pub security: Option<String>,
}

/// A `COPY` or `ADD`.
#[derive(Debug, Clone, Default)]
pub struct Copy {
    /// Whether this is `ADD`.
    pub add: bool,
    /// Sources in order, here-documents last.
    pub sources: Vec<Source>,
    /// The absolute destination; it ends in `/` or `/.` where that was written.
    pub dest: String,
    /// The stage read from; `None` for the build context.
    pub from: Option<usize>,
    /// `--chown`, expanded.
    pub chown: Option<String>,
    /// `--chmod`, expanded: octal digits or symbols.
    pub chmod: Option<String>,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--exclude`, each, expanded.
    pub exclude: Vec<String>,
    /// `--checksum`, expanded.
    pub checksum: Option<String>,
    /// `--keep-git-dir`, where written.
    pub keep_git_dir: Option<bool>,
    /// `--unpack`, where written.
    pub unpack: Option<bool>,
}

/// One source of a `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path, with wildcards, in the context or stage.
    Path(String),
    /// A file to download.
    Http(String),
    /// A git repository.
    Git(String),
    /// A here-document: file name and content.
    Inline(String, String),
}
