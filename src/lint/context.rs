//! What rules look at: the file's instructions read once, its stages, the scripts of its `RUN`s.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::LintOptions;
use super::commands::Cmd;
use super::config::Config;
use super::flow::Flow;
use super::scope::Scopes;
use crate::dockerfile::instruction::{CommandLine, Instruction};
use crate::dockerfile::syntax::{Dockerfile, Heredoc, Keyword, Logical, Node, Segment};
use crate::shell::{self, PartKind, Script};
use crate::text::Span;

/// A Dockerfile as rules see it.
#[derive(Debug)]
pub struct Context<'a> {
    /// The bytes of the file.
    pub source: &'a [u8],
    /// Its tree.
    pub file: &'a Dockerfile<'a>,
    /// The instructions in order; the inner one of an `ONBUILD` follows it.
    pub instructions: Vec<Inst<'a>>,
    /// The stages in order.
    pub stages: Vec<Stage<'a>>,
    /// What the caller asked for.
    pub options: &'a LintOptions,
    /// The configuration file.
    pub config: &'a Config,
    /// hadolint's own gaps are wanted too (profile `hadolint`).
    pub exact: bool,
    /// BuildKit's answers are wanted even where they are a guess (profile `buildkit`).
    pub buildkit: bool,
    scopes: OnceCell<Scopes>,
    /// The stages of each name, in lower case.
    named: HashMap<String, Vec<usize>>,
    /// Where each name is first set in each stage.
    declared: OnceCell<HashMap<(Option<usize>, String), u32>>,
}

/// An instruction in its place.
#[derive(Debug)]
pub struct Inst<'a> {
    /// Its node.
    pub node: &'a Node<'a>,
    /// The node that stands in the file: the same, or the `ONBUILD` around it.
    pub outer: &'a Node<'a>,
    /// Its typed form.
    pub read: Instruction<'a>,
    /// Index of its stage; `None` before the first `FROM`.
    pub stage: Option<usize>,
    /// It stands inside an `ONBUILD`.
    pub onbuild: bool,
    /// The shell that runs it, words joined by a space.
    pub shell: String,
    run: OnceCell<Option<RunBody>>,
}

/// A build stage.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Index of its `FROM` among the instructions.
    pub from: usize,
    /// Its name as written.
    pub name: Option<&'a str>,
    /// The image or stage it starts from, as written.
    pub image: &'a str,
    /// The earlier stage it starts from.
    pub parent: Option<usize>,
    /// A later stage starts from it.
    pub is_base: bool,
    /// Its instructions, without the `FROM`.
    pub body: Range<usize>,
}

/// What a `RUN` runs.
#[derive(Debug)]
pub struct RunBody {
    /// Written as a JSON array: `bodies` then holds its words joined, for rules that look at programs only.
    pub exec: bool,
    /// The script, and those in here-documents that a shell reads.
    pub bodies: Vec<Body>,
    /// The simple commands of all bodies.
    pub commands: Vec<Cmd>,
}

/// A script and where its bytes came from.
#[derive(Debug)]
pub struct Body {
    /// The script.
    pub script: Script,
    /// Its place in the file.
    pub logical: Logical<'static>,
    /// What reads it, where that is not the stage's shell.
    pub interpreter: Option<String>,
}

impl Body {
    /// A span of the script in the source.
    pub fn source_span(&self, span: Span) -> Span {
        self.logical.source_span(span.start..span.end)
    }
}

impl<'a> Context<'a> {
    /// Reads the instructions of `file`.
    pub fn new(
        source: &'a [u8],
        file: &'a Dockerfile<'a>,
        options: &'a LintOptions,
        config: &'a Config,
        exact: bool,
    ) -> Self {
        let buildkit = matches!(options.profile, Some(super::Profile::Buildkit | super::Profile::All));
        let mut cx = Self {
            source,
            file,
            instructions: Vec::new(),
            stages: Vec::new(),
            options,
            config,
            exact,
            buildkit,
            scopes: OnceCell::new(),
            named: HashMap::new(),
            declared: OnceCell::new(),
        };
        for node in &file.nodes {
            cx.push(node, node, false);
            if let Some(child) = &node.child {
                cx.push(child, node, true);
            }
        }
        if let Some(last) = cx.stages.last_mut() {
            last.body.end = cx.instructions.len();
        }
        cx.set_shells();
        cx
    }

    fn push(&mut self, node: &'a Node<'a>, outer: &'a Node<'a>, onbuild: bool) {
        let read = node.read().instruction;
        let index = self.instructions.len();
        if let (Instruction::From(from), false) = (&read, onbuild) {
            if let Some(last) = self.stages.last_mut() {
                last.body.end = index;
            }
            let parent = self.stage_named(from.image.text);
            if let Some(stage) = parent.and_then(|i| self.stages.get_mut(i)) {
                stage.is_base = true;
            }
            if let Some(name) = from.name {
                self.named.entry(name.text.to_ascii_lowercase()).or_default().push(self.stages.len());
            }
            self.stages.push(Stage {
                from: index,
                name: from.name.map(|n| n.text),
                image: from.image.text,
                parent,
                is_base: false,
                body: index + 1..index + 1,
            });
        }
        let stage = self.stages.len().checked_sub(1);
        self.instructions.push(Inst { node, outer, read, stage, onbuild, shell: String::new(), run: OnceCell::new() });
    }

    /// The stages that have this name, in any case, in order.
    pub fn stages_named(&self, name: &str) -> &[usize] {
        self.named.get(&name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The last stage so far that has this name, in any case.
    pub fn stage_named(&self, name: &str) -> Option<usize> {
        self.stages_named(name).last().copied()
    }

    /// The last stage of this name, in any case, among the first `count`.
    pub fn stage_before(&self, name: &str, count: usize) -> Option<usize> {
        let named = self.stages_named(name);
        named.get(..named.partition_point(|&s| s < count))?.last().copied()
    }

    /// Whether one of the first `count` stages is written with exactly this name.
    pub fn is_stage_before(&self, name: &str, count: usize) -> bool {
        let mut named = self.stages_named(name).iter().take_while(|&&s| s < count);
        named.any(|&s| self.stages.get(s).is_some_and(|s| s.name == Some(name)))
    }

    /// Follows `SHELL`, `# hadolint shell=` and, for a base image of Windows, its default.
    fn set_shells(&mut self) {
        const DEFAULT: &str = "/bin/sh -c";
        let mut pragmas = self
            .file
            .comments
            .iter()
            .filter_map(|c| super::pragma::shell_pragma(&c.text).map(|s| (c.span.start, s.to_owned())))
            .peekable();
        let mut default = DEFAULT.to_owned();
        let mut current = default.clone();
        let mut at_end: Vec<String> = Vec::new();
        for inst in &mut self.instructions {
            while let Some((_, shell)) = pragmas.next_if(|(at, _)| *at < inst.node.keyword.span.start) {
                if inst.stage.is_none() || (at_end.is_empty() && matches!(inst.read, Instruction::From(_))) {
                    default = shell.clone();
                }
                current = shell;
            }
            match &inst.read {
                Instruction::From(_) if !inst.onbuild => {
                    if let Some(stage) = inst.stage {
                        if stage > 0 {
                            at_end.push(current.clone());
                        }
                        let info = &self.stages[stage];
                        current = match info.parent.and_then(|p| at_end.get(p)) {
                            Some(inherited) => inherited.clone(),
                            None if !self.exact && super::bases::is_windows(info.image) => "cmd /S /C".to_owned(),
                            None => default.clone(),
                        };
                    }
                }
                Instruction::Shell(words) if !words.is_empty() => {
                    let words: Vec<&str> = words.iter().map(|w| w.text).collect();
                    current = words.join(" ");
                }
                // hadolint 2.15.1 forgets the shell here.
                Instruction::Arg(_) | Instruction::Env(_) if self.exact => current = DEFAULT.to_owned(),
                _ => {}
            }
            inst.shell = current.clone();
        }
    }

    /// Whether an `ARG` or `ENV` of the same stage sets the name before this instruction.
    pub fn is_declared(&self, name: &str, inst: &Inst<'_>) -> bool {
        let declared = self.declared.get_or_init(|| {
            let mut first = HashMap::new();
            for inst in &self.instructions {
                if let Instruction::Env(pairs) | Instruction::Arg(pairs) = &inst.read {
                    for pair in pairs {
                        first.entry((inst.stage, pair.key.text.to_owned())).or_insert(inst.node.span.start);
                    }
                }
            }
            first
        });
        declared.get(&(inst.stage, name.to_owned())).is_some_and(|at| *at < inst.node.span.start)
    }

    /// The build's variables, followed once.
    pub fn scopes(&self) -> &Scopes {
        self.scopes.get_or_init(|| Scopes::new(self))
    }

    /// Instructions as the file has them: `ONBUILD` itself, not what is in it.
    pub fn top(&self) -> impl Iterator<Item = &Inst<'a>> {
        self.instructions.iter().filter(|i| !i.onbuild)
    }

    /// All instructions, also those inside `ONBUILD`.
    pub fn deep(&self) -> impl Iterator<Item = &Inst<'a>> {
        self.instructions.iter()
    }

    /// Every `RUN` with what it runs, also inside `ONBUILD`.
    pub fn runs(&self) -> impl Iterator<Item = (&Inst<'a>, &RunBody)> {
        self.instructions.iter().filter_map(|i| Some((i, i.run(self.exact)?)))
    }

    /// Every command of every `RUN`, also inside `ONBUILD`.
    pub fn commands(&self) -> impl Iterator<Item = (&Inst<'a>, &Cmd)> {
        self.runs().flat_map(|(i, r)| r.commands.iter().map(move |c| (i, c)))
    }

    /// The instructions of a stage, those inside `ONBUILD` left out.
    pub fn stage_body(&self, stage: &Stage<'a>) -> impl Iterator<Item = &Inst<'a>> {
        self.instructions.get(stage.body.clone()).unwrap_or(&[]).iter().filter(|i| !i.onbuild)
    }

    /// The `FROM` of a stage.
    pub fn from_of(&self, stage: &Stage<'a>) -> Option<&Inst<'a>> {
        self.instructions.get(stage.from)
    }

    /// The stage is the last one, or a later one starts from it; a file without `FROM` counts.
    pub fn is_shipped(&self, stage: Option<usize>) -> bool {
        match stage {
            None => self.stages.is_empty(),
            Some(i) => i + 1 == self.stages.len() || self.stages.get(i).is_some_and(|s| s.is_base),
        }
    }

    /// The stage and the stages it starts from, itself first.
    pub fn lineage(&self, stage: Option<usize>) -> impl Iterator<Item = &Stage<'a>> {
        std::iter::successors(stage.and_then(|i| self.stages.get(i)), |s| s.parent.and_then(|p| self.stages.get(p)))
    }
}

impl<'a> Inst<'a> {
    /// The keyword it is.
    pub fn kind(&self) -> Keyword {
        self.node.kind
    }

    /// What a `RUN` runs, parsed once; `None` for other instructions.
    pub fn run(&self, exact: bool) -> Option<&RunBody> {
        self.run.get_or_init(|| self.parse_run(exact)).as_ref()
    }

    fn parse_run(&self, exact: bool) -> Option<RunBody> {
        let Instruction::Run(run) = &self.read else { return None };
        let mut bodies = Vec::new();
        let exec = !run.command.shell;
        if exec {
            bodies.push(body(joined(&run.command), None));
        } else {
            let rest = self.node.logical.part(self.node.rest().to_owned(), self.node.rest.clone());
            match self.node.heredocs.as_slice() {
                [] => bodies.push(body(rest, None)),
                [first, ..] if exact => bodies.push(body(hadolint_heredoc(self, &rest, first), None)),
                [first, ..] => {
                    let outer = shell::parse(&rest.text);
                    let program = outer.simple_commands().find_map(|s| s.words.first().map(|w| w.rough(&outer.source)));
                    let reader = program.as_deref().map(|p| p.rsplit('/').next().unwrap_or(p).to_owned());
                    let is_shell = |s: &str| matches!(s, "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh");
                    match reader {
                        None => {
                            let mut inner = body(heredoc_text(first), None);
                            inner.interpreter = inner.script.shebang.as_deref().map(|s| interpreter(s).to_owned());
                            bodies.push(inner);
                        }
                        // The document is a script of its own.
                        Some(name) if is_shell(&name) => {
                            bodies.push(body(rest, None));
                            bodies.push(body(heredoc_text(first), Some(name)));
                        }
                        Some(_) => bodies.push(body(with_heredocs(self, rest), None)),
                    }
                }
            }
        }
        let mut commands = Vec::new();
        for body in &mut bodies {
            // hadolint sees no command in what ShellCheck cannot parse.
            if exact && !body.script.cut() {
                continue;
            }
            if body.interpreter.as_deref().is_some_and(|i| !Dialect::knows(i)) && !exact {
                continue;
            }
            commands.extend(
                body.script.simple_commands().filter_map(|s| Cmd::new(&body.script, s, &|x| body.source_span(x))),
            );
        }
        Some(RunBody { exec, bodies, commands })
    }
}

fn body(logical: Logical<'static>, interpreter: Option<String>) -> Body {
    Body { script: shell::parse(&logical.text), logical, interpreter }
}

/// The program of an interpreter line: `/usr/bin/env bash -e` gives `bash`.
pub fn interpreter(line: &str) -> &str {
    let mut words = line.split_whitespace();
    let base = |w: Option<&'_ str>| -> Option<usize> { w.map(|w| w.rfind('/').map_or(0, |i| i + 1)) };
    let first = words.next().unwrap_or("");
    let name = &first[base(Some(first)).unwrap_or(0)..];
    if name != "env" {
        return name;
    }
    words.find(|w| !w.starts_with('-') && !w.contains('=')).map_or("", |w| &w[base(Some(w)).unwrap_or(0)..])
}

/// The words of an exec form joined by spaces.
fn joined(command: &CommandLine<'_>) -> Logical<'static> {
    let mut text = String::new();
    let mut map = Vec::new();
    for word in &command.args {
        if !text.is_empty() {
            text.push(' ');
        }
        // Behind the opening quote of the JSON string.
        map.push(Segment { logical: text.len() as u32, source: word.span.start.saturating_add(1) });
        text.push_str(word.text);
    }
    Logical { text: text.into(), start: 0, map }
}

/// The body of a here-document as its reader sees it. Lines keep their places.
fn heredoc_text(heredoc: &Heredoc<'_>) -> Logical<'static> {
    let mut logical = Logical::default();
    append_heredoc(&mut logical, heredoc);
    logical
}

fn append_heredoc(logical: &mut Logical<'static>, heredoc: &Heredoc<'_>) {
    let mut source = heredoc.body.start;
    for line in heredoc.content.split_inclusive('\n') {
        let text = if heredoc.chomp { line.trim_start_matches('\t') } else { line };
        let dropped = (line.len() - text.len()) as u32;
        logical.map.push(Segment { logical: logical.text.len() as u32, source: source + dropped });
        logical.text.to_mut().push_str(text);
        source = source.saturating_add(line.len() as u32);
    }
}

/// What hadolint reads of a `RUN` with a here-document: the document after the rest of its line where it stands first,
/// otherwise what is before it.
fn hadolint_heredoc(inst: &Inst<'_>, rest: &Logical<'_>, heredoc: &Heredoc<'_>) -> Logical<'static> {
    let range = inst.node.rest.clone();
    let outer = shell::parse(&rest.text);
    let mut sign = None;
    shell::walk(&outer, &mut |node, _| {
        if let (shell::Node::Redirection(r), None) = (node, sign) {
            sign = r.heredoc.map(|_| r.span);
        }
    });
    let sign = sign.unwrap_or_default();
    let before = rest.text.get(..sign.range().start).unwrap_or("");
    let after = rest.text.get(sign.range().end..).unwrap_or("");
    if !before.trim().is_empty() {
        return inst.node.logical.part(before.to_owned(), range.start..range.start.saturating_add(sign.start));
    }
    let mut logical = inst.node.logical.part(after.to_owned(), range.start.saturating_add(sign.end)..range.end);
    if after.trim().is_empty() {
        logical = Logical::default();
    } else {
        logical.text.to_mut().push('\n');
    }
    append_heredoc(&mut logical, heredoc);
    logical
}

/// The command line followed by the here-documents, as a shell would be given it.
fn with_heredocs(inst: &Inst<'_>, mut logical: Logical<'static>) -> Logical<'static> {
    for heredoc in &inst.node.heredocs {
        if !logical.text.ends_with('\n') {
            logical.text.to_mut().push('\n');
        }
        append_heredoc(&mut logical, heredoc);
        if !logical.text.ends_with('\n') {
            logical.text.to_mut().push('\n');
        }
        logical.map.push(Segment { logical: logical.text.len() as u32, source: heredoc.terminator.start });
        logical.text.to_mut().push_str(&heredoc.name);
        logical.text.to_mut().push('\n');
    }
    logical
}

/// The language a script is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// POSIX.
    Sh,
    /// Debian's `/bin/sh`.
    Dash,
    /// BusyBox.
    Ash,
    /// bash.
    Bash,
    /// ksh.
    Ksh,
}

impl Dialect {
    /// The dialect of a shell given as a path or name, arguments allowed; `None` where it is not such a shell; zsh, which
    /// does not split what it expands, is none.
    pub fn of(shell: &str) -> Option<Self> {
        match interpreter(shell) {
            "sh" => Some(Self::Sh),
            "dash" => Some(Self::Dash),
            "ash" | "busybox" => Some(Self::Ash),
            "bash" => Some(Self::Bash),
            "ksh" | "ksh93" | "mksh" | "oksh" => Some(Self::Ksh),
            _ => None,
        }
    }

    fn knows(shell: &str) -> bool {
        Self::of(shell).is_some() || shell == "zsh"
    }

    /// Not bash and not ksh.
    pub fn is_posix(self) -> bool {
        !matches!(self, Self::Bash | Self::Ksh)
    }
}

/// A script as the `SC####` rules see it.
#[derive(Debug)]
pub struct ShellContext<'t> {
    /// The script.
    pub script: &'t Script,
    /// Its language.
    pub dialect: Dialect,
    /// Variables that are set before, and whether their values hold neither spaces nor globs.
    pub known: Rc<HashMap<&'t str, bool>>,
    flow: OnceCell<Flow>,
}

impl<'t> ShellContext<'t> {
    /// A context for `script`.
    pub fn new(script: &'t Script, dialect: Dialect, known: Rc<HashMap<&'t str, bool>>) -> Self {
        Self { script, dialect, known, flow: OnceCell::new() }
    }

    /// What is known about the script's variables.
    pub fn flow(&self) -> &Flow {
        self.flow.get_or_init(|| Flow::new(self))
    }

    /// The bytes under a span.
    pub fn text(&self, span: Span) -> &'t str {
        span.str_of(&self.script.source)
    }

    /// Whether a part is an expansion that the shell would split.
    pub fn splits(kind: &PartKind) -> bool {
        matches!(kind, PartKind::Parameter(_) | PartKind::CommandSubstitution { .. })
    }
}
