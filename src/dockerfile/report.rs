//! The tree and the typed instructions as plain data, for JavaScript and JSON.

use serde::Serialize;

use super::instruction::{CommandLine, Instruction, Pair};
use super::mount::Device;
use super::syntax::{Diagnostic, Dockerfile, Escape, Keyword, Lines, Node, Text};
use crate::text::{LineIndex, Range, Span};

/// A parsed Dockerfile. Positions count from 1 and in UTF-16 units.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedDockerfile {
    /// The escape character, `\` or a backquote.
    #[cfg_attr(feature = "js", tsify(type = "\"\\\\\" | \"`\""))]
    pub escape: Escape,
    /// Parser directives that count.
    pub directives: Vec<ParsedDirective>,
    /// All other comments.
    pub comments: Vec<ParsedComment>,
    /// The instructions in order.
    pub instructions: Vec<ParsedInstruction>,
    /// Stages in order: each begins at a `FROM`.
    pub stages: Vec<ParsedStage>,
    /// Indices of the `ARG` instructions before the first `FROM`.
    pub global_args: Vec<usize>,
    /// Everything BuildKit would refuse.
    pub diagnostics: Vec<ParsedDiagnostic>,
    /// The error at which BuildKit's parser stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syntax_error: Option<ParsedDiagnostic>,
    /// The first error at which BuildKit stops, while parsing or reading instructions; absent where it accepts the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ParsedDiagnostic>,
}

/// A parser directive.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedDirective {
    /// `syntax`, `escape` or `check`.
    pub name: String,
    /// The value.
    pub value: String,
    /// Where it is.
    pub range: Range,
}

/// A comment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedComment {
    /// The text after `#`.
    pub text: String,
    /// Whether it stands between the lines of one instruction.
    pub inside: bool,
    /// Where it is.
    pub range: Range,
}

/// A build stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedStage {
    /// The name in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The base as written.
    pub base: String,
    /// The platform as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Indices of its instructions, `FROM` first.
    pub instructions: Vec<usize>,
}

/// A diagnostic.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedDiagnostic {
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where it is.
    pub range: Range,
    /// The lines BuildKit names for it.
    pub lines: Lines,
}

impl ParsedDiagnostic {
    /// With positions in the text of `index`.
    pub fn new(diagnostic: &Diagnostic, index: &LineIndex<'_>) -> Self {
        Self {
            code: diagnostic.code.to_owned(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            range: index.range(diagnostic.span),
            lines: diagnostic.lines,
        }
    }
}

/// An instruction: as written, and typed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedInstruction {
    /// The name in upper case; `UNKNOWN` where there is no such instruction.
    pub name: String,
    /// The keyword as written.
    pub keyword: String,
    /// Flags.
    pub flags: Vec<ParsedFlag>,
    /// Arguments as BuildKit's parser has them.
    pub args: Vec<ParsedWord>,
    /// Written as a JSON array.
    pub json: bool,
    /// Here-documents.
    pub heredocs: Vec<ParsedHeredoc>,
    /// The inner instruction of `ONBUILD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(type = "ParsedInstruction"))]
    pub child: Option<Box<ParsedInstruction>>,
    /// Physical lines, 1-based.
    pub lines: Lines,
    /// Where it is.
    pub range: Range,
    /// What it means.
    pub value: InstructionValue,
    /// Why BuildKit would refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ParsedDiagnostic>,
}

/// A flag.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedFlag {
    /// As BuildKit reads it, dashes included.
    pub text: String,
    /// The name without dashes.
    pub name: String,
    /// The value, where a `=` was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where it is.
    pub range: Range,
}

/// An argument.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedWord {
    /// The text: quotes kept, JSON strings decoded.
    pub text: String,
    /// Where it is.
    pub range: Range,
}

/// A here-document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedHeredoc {
    /// The delimiter.
    pub name: String,
    /// The body as written.
    pub content: String,
    /// Whether variables in it are expanded.
    pub expand: bool,
    /// Written `<<-`.
    pub chomp: bool,
    /// The file descriptor before `<<`.
    pub fd: u32,
    /// Where the body is.
    pub range: Range,
}

/// A name and a value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedPair {
    /// The name.
    pub key: String,
    /// The value; absent for `ARG name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Written `name value`, without `=`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub legacy: bool,
    /// What a comment before an `ARG` says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A file given as a here-document to `RUN`, `COPY` or `ADD`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedFile {
    /// Its name.
    pub name: String,
    /// The content.
    pub data: String,
    /// Whether variables in it are expanded (`COPY` and `ADD`).
    pub expand: bool,
    /// Written `<<-` (`RUN`: tabs are still in `data`).
    pub chomp: bool,
}

/// A `--device`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct ParsedDevice {
    /// The device's name.
    pub name: String,
    /// Whether it is required.
    pub required: bool,
}

/// What an instruction means, by kind. Values are as written, not expanded.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[allow(missing_docs)] // the fields are those of `instruction`
pub enum InstructionValue {
    From {
        image: String,
        name: Option<String>,
        platform: Option<String>,
    },
    Run {
        command: Vec<String>,
        shell: bool,
        files: Vec<ParsedFile>,
        mounts: Vec<String>,
        network: Option<String>,
        security: Option<String>,
        devices: Vec<ParsedDevice>,
    },
    Cmd {
        command: Vec<String>,
        shell: bool,
    },
    Entrypoint {
        command: Vec<String>,
        shell: bool,
    },
    Copy {
        sources: Vec<String>,
        dest: String,
        inline: Vec<ParsedFile>,
        from: Option<String>,
        chown: Option<String>,
        chmod: Option<String>,
        link: bool,
        parents: bool,
        exclude: Vec<String>,
    },
    Add {
        sources: Vec<String>,
        dest: String,
        inline: Vec<ParsedFile>,
        chown: Option<String>,
        chmod: Option<String>,
        link: bool,
        exclude: Vec<String>,
        checksum: Option<String>,
        keep_git_dir: Option<bool>,
        unpack: Option<bool>,
    },
    Env {
        pairs: Vec<ParsedPair>,
    },
    Label {
        pairs: Vec<ParsedPair>,
    },
    Arg {
        pairs: Vec<ParsedPair>,
    },
    Expose {
        ports: Vec<String>,
    },
    Volume {
        paths: Vec<String>,
    },
    User {
        user: String,
    },
    Workdir {
        path: String,
    },
    Stopsignal {
        signal: String,
    },
    Shell {
        command: Vec<String>,
    },
    Healthcheck {
        test: Vec<String>,
        interval: i64,
        timeout: i64,
        start_period: i64,
        start_interval: i64,
        retries: i64,
    },
    Onbuild {
        expression: String,
    },
    Maintainer {
        author: String,
    },
    Unknown,
}

/// The whole file as plain data. `source` is what was parsed.
pub fn report(file: &Dockerfile<'_>, source: &[u8]) -> ParsedDockerfile {
    let index = LineIndex::new(source);
    let at = |span: Span| index.range(span);
    let mut stages: Vec<ParsedStage> = Vec::new();
    let mut global_args = Vec::new();
    let instructions: Vec<ParsedInstruction> = file
        .nodes
        .iter()
        .map(|node| {
            let mut parsed = instruction(node, &index);
            if let InstructionValue::Arg { pairs } = &mut parsed.value {
                pairs.iter_mut().for_each(|p| p.doc = file.doc(node, &p.key).map(str::to_owned));
            }
            parsed
        })
        .collect();
    for (i, parsed) in instructions.iter().enumerate() {
        if let InstructionValue::From { image, name, platform } = &parsed.value {
            stages.push(ParsedStage {
                name: name.as_ref().map(|n| n.to_lowercase()),
                base: image.clone(),
                platform: platform.clone(),
                instructions: vec![i],
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(i);
        } else if file.nodes.get(i).is_some_and(|n| n.kind == Keyword::Arg) {
            global_args.push(i);
        }
    }
    ParsedDockerfile {
        escape: file.escape,
        directives: file
            .directives
            .iter()
            .map(|d| ParsedDirective { name: d.name.to_owned(), value: d.value.to_string(), range: at(d.span) })
            .collect(),
        comments: file
            .comments
            .iter()
            .map(|c| ParsedComment { text: c.text.to_string(), inside: c.inside, range: at(c.span) })
            .collect(),
        instructions,
        stages,
        global_args,
        diagnostics: file.diagnostics.iter().map(|d| ParsedDiagnostic::new(d, &index)).collect(),
        syntax_error: file.parse_error().map(|d| ParsedDiagnostic::new(d, &index)),
        error: file.fatal().map(|d| ParsedDiagnostic::new(d, &index)),
    }
}

fn instruction(node: &Node, index: &LineIndex<'_>) -> ParsedInstruction {
    let reading = node.read();
    let error = node.error.as_deref().or(reading.error.as_ref());
    ParsedInstruction {
        name: node.kind.name().to_owned(),
        keyword: node.keyword.text.to_string(),
        flags: node
            .flags
            .iter()
            .map(|f| ParsedFlag {
                text: f.text.to_string(),
                name: f.name().to_owned(),
                value: f.value().map(str::to_owned),
                range: index.range(f.span),
            })
            .collect(),
        args: node.args.iter().map(|w| ParsedWord { text: w.text.to_string(), range: index.range(w.span) }).collect(),
        json: node.json,
        heredocs: node
            .heredocs
            .iter()
            .map(|h| ParsedHeredoc {
                name: h.name.to_string(),
                content: h.content.to_string(),
                expand: h.expand,
                chomp: h.chomp,
                fd: h.fd,
                range: index.range(h.body),
            })
            .collect(),
        child: node.child.as_ref().map(|c| Box::new(instruction(c, index))),
        lines: node.lines,
        range: index.range(node.span),
        value: value(&reading.instruction),
        error: error.map(|e| ParsedDiagnostic::new(e, index)),
    }
}

fn value(instruction: &Instruction<'_>) -> InstructionValue {
    let own = |t: &Text<'_>| t.text.to_owned();
    let maybe = |t: &Option<Text<'_>>| t.map(|t| t.text.to_owned());
    let list = |l: &[Text<'_>]| l.iter().map(own).collect::<Vec<_>>();
    let command = |c: &CommandLine<'_>| list(&c.args);
    let pairs = |p: &[Pair<'_>]| {
        p.iter().map(|p| ParsedPair { key: own(&p.key), value: maybe(&p.value), legacy: p.legacy, doc: None }).collect()
    };
    match instruction {
        Instruction::From(f) => {
            InstructionValue::From { image: own(&f.image), name: maybe(&f.name), platform: maybe(&f.platform) }
        }
        Instruction::Run(r) => InstructionValue::Run {
            command: command(&r.command),
            shell: r.command.shell,
            files: r
                .command
                .files
                .iter()
                .map(|h| ParsedFile {
                    name: h.name.to_string(),
                    data: h.content.to_string(),
                    expand: h.expand,
                    chomp: h.chomp,
                })
                .collect(),
            mounts: list(&r.mounts),
            network: maybe(&r.network),
            security: maybe(&r.security),
            devices: r
                .devices
                .iter()
                .filter_map(|d| Device::read(d.text).ok())
                .map(|d| ParsedDevice { name: d.name, required: d.required })
                .collect(),
        },
        Instruction::Cmd(c) => InstructionValue::Cmd { command: command(c), shell: c.shell },
        Instruction::Entrypoint(c) => InstructionValue::Entrypoint { command: command(c), shell: c.shell },
        Instruction::Copy(c) | Instruction::Add(c) => {
            let inline = c
                .inline
                .iter()
                .map(|f| ParsedFile { name: f.name.clone(), data: f.data.clone(), expand: f.expand, chomp: false })
                .collect();
            let (sources, dest, exclude) = (list(&c.sources), own(&c.dest), list(&c.exclude));
            let (chown, chmod, link) = (maybe(&c.chown), maybe(&c.chmod), c.link);
            if matches!(instruction, Instruction::Add(_)) {
                let (checksum, keep_git_dir, unpack) = (maybe(&c.checksum), c.keep_git_dir, c.unpack);
                InstructionValue::Add {
                    sources,
                    dest,
                    inline,
                    chown,
                    chmod,
                    link,
                    exclude,
                    checksum,
                    keep_git_dir,
                    unpack,
                }
            } else {
                let (from, parents) = (maybe(&c.from), c.parents);
                InstructionValue::Copy { sources, dest, inline, from, chown, chmod, link, parents, exclude }
            }
        }
        Instruction::Env(p) => InstructionValue::Env { pairs: pairs(p) },
        Instruction::Label(p) => InstructionValue::Label { pairs: pairs(p) },
        Instruction::Arg(p) => InstructionValue::Arg { pairs: pairs(p) },
        Instruction::Expose(p) => InstructionValue::Expose { ports: list(p) },
        Instruction::Volume(v) => InstructionValue::Volume { paths: list(v) },
        Instruction::User(t) => InstructionValue::User { user: own(t) },
        Instruction::Workdir(t) => InstructionValue::Workdir { path: own(t) },
        Instruction::Stopsignal(t) => InstructionValue::Stopsignal { signal: own(t) },
        Instruction::Shell(s) => InstructionValue::Shell { command: list(s) },
        Instruction::Healthcheck(h) => InstructionValue::Healthcheck {
            test: h.test(),
            interval: h.interval,
            timeout: h.timeout,
            start_period: h.start_period,
            start_interval: h.start_interval,
            retries: h.retries,
        },
        Instruction::Onbuild(o) => InstructionValue::Onbuild { expression: o.expression.clone() },
        Instruction::Maintainer(t) => InstructionValue::Maintainer { author: own(t) },
        Instruction::Unknown => InstructionValue::Unknown,
    }
}
