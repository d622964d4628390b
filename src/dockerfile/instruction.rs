//! Typed instructions, as `frontend/dockerfile/instructions` of BuildKit reads them.
//!
//! `Node::read` gives the typed form of one node whatever else is wrong in the file, so that fragments without `FROM`
//! and files with errors can still be looked at. Values borrow from the node and are not expanded.

use super::syntax::{Diagnostic, Flag, Heredoc, Node, Text};

/// A node read as an instruction.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// The instruction, as complete as could be read.
    pub instruction: Instruction<'a>,
    /// What BuildKit refuses in it, the first problem it would stop at.
    pub error: Option<Diagnostic>,
}

/// An instruction with its parts.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // each is its struct
pub enum Instruction<'a> {
    From(From<'a>),
    Run(Run<'a>),
    Cmd(CommandLine<'a>),
    Entrypoint(CommandLine<'a>),
    Copy(Copy<'a>),
    Add(Copy<'a>),
    Env(Vec<Pair<'a>>),
    Label(Vec<Pair<'a>>),
    Arg(Vec<Pair<'a>>),
    /// Ports as written, sorted as strings (BuildKit sorts them when reading).
    Expose(Vec<Text<'a>>),
    Volume(Vec<Text<'a>>),
    User(Text<'a>),
    Workdir(Text<'a>),
    Stopsignal(Text<'a>),
    /// The words of the shell; empty where it was not written as a JSON array.
    Shell(Vec<Text<'a>>),
    Healthcheck(Healthcheck<'a>),
    Onbuild(Onbuild<'a>),
    Maintainer(Text<'a>),
    /// No instruction of this name, or too little was written to read it.
    Unknown,
}

/// `FROM [--platform=P] image [AS name]`
#[derive(Debug, Clone, Default)]
pub struct From<'a> {
    /// `--platform`.
    pub platform: Option<Text<'a>>,
    /// The base: an image reference, a stage name or `scratch`.
    pub image: Text<'a>,
    /// The `AS` keyword as written.
    pub as_keyword: Option<Text<'a>>,
    /// The stage's name as written; names are compared in lower case.
    pub name: Option<Text<'a>>,
}

/// The command of `RUN`, `CMD`, `ENTRYPOINT`: a shell's script or a list of words.
#[derive(Debug, Clone, Default)]
pub struct CommandLine<'a> {
    /// Shell form: at most one element, the script. Exec form: the words.
    pub args: Vec<Text<'a>>,
    /// Whether the shell is put in front.
    pub shell: bool,
    /// Here-documents (`RUN` only).
    pub files: &'a [Heredoc<'a>],
}

/// `RUN [flags] command`
#[derive(Debug, Clone, Default)]
pub struct Run<'a> {
    /// What is run.
    pub command: CommandLine<'a>,
    /// `--mount`, each with its text; see `Mount::read` for the fields.
    pub mounts: Vec<Text<'a>>,
    /// `--network`: `default`, `none` or `host`.
    pub network: Option<Text<'a>>,
    /// `--security`: `sandbox` or `insecure`.
    pub security: Option<Text<'a>>,
    /// `--device`.
    pub devices: Vec<Text<'a>>,
}

/// `COPY` and `ADD`.
#[derive(Debug, Clone, Default)]
pub struct Copy<'a> {
    /// Paths (and URLs of `ADD`), in order, without here-documents.
    pub sources: Vec<Text<'a>>,
    /// Files given as here-documents, with their announcement words.
    pub inline: Vec<Inline<'a>>,
    /// The destination.
    pub dest: Text<'a>,
    /// `--from` of `COPY`.
    pub from: Option<Text<'a>>,
    /// `--chown`.
    pub chown: Option<Text<'a>>,
    /// `--chmod`.
    pub chmod: Option<Text<'a>>,
    /// `--link`.
    pub link: bool,
    /// `--parents` of `COPY`.
    pub parents: bool,
    /// `--exclude`, each.
    pub exclude: Vec<Text<'a>>,
    /// `--checksum` of `ADD`.
    pub checksum: Option<Text<'a>>,
    /// `--keep-git-dir` of `ADD`, where written.
    pub keep_git_dir: Option<bool>,
    /// `--unpack` of `ADD`, where written.
    pub unpack: Option<bool>,
}

/// A source of `COPY` or `ADD` given as a here-document.
#[derive(Debug, Clone)]
pub struct Inline<'a> {
    /// The word `<<NAME`.
    pub word: Text<'a>,
    /// Its name, which is the name of the file.
    pub name: String,
    /// The content, tabs taken off where `<<-` was written.
    pub data: String,
    /// Whether variables in it are expanded.
    pub expand: bool,
}

/// A name and a value of `ENV`, `LABEL`, `ARG`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pair<'a> {
    /// The name.
    pub key: Text<'a>,
    /// The value; `None` for `ARG name`.
    pub value: Option<Text<'a>>,
    /// Written `name value`, without `=`.
    pub legacy: bool,
}

/// `HEALTHCHECK`
#[derive(Debug, Clone, Default)]
pub struct Healthcheck<'a> {
    /// `NONE`, `CMD` or `CMD-SHELL`; empty where the kind is unknown.
    pub kind: &'static str,
    /// The kind as written.
    pub kind_word: Text<'a>,
    /// The command.
    pub command: CommandLine<'a>,
    /// `--interval` in nanoseconds, 0 where not written.
    pub interval: i64,
    /// `--timeout` in nanoseconds.
    pub timeout: i64,
    /// `--start-period` in nanoseconds.
    pub start_period: i64,
    /// `--start-interval` in nanoseconds.
    pub start_interval: i64,
    /// `--retries`.
    pub retries: i64,
    /// The flags as written.
    pub flags: &'a [Flag<'a>],
}

impl Healthcheck<'_> {
    /// The `Test` of the image's configuration: the kind, then the command.
    pub fn test(&self) -> Vec<String> {
        let command = self.command.args.iter().map(|a| a.text.to_owned());
        std::iter::once(self.kind.to_owned()).filter(|k| !k.is_empty()).chain(command).collect()
    }
}

/// `ONBUILD instruction`
#[derive(Debug, Clone)]
pub struct Onbuild<'a> {
    /// The text BuildKit stores, here-documents included.
    pub expression: String,
    /// The inner instruction.
    pub child: &'a Node<'a>,
}
