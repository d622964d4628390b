//! Variables: where each is set and read, which of those places mean the same variable, and what it holds.
//!
//! A variable is a name in a scope. The scopes are what stands before the first stage, and each stage. A stage that
//! starts from another has its variables; an `ARG` in a stage takes the one before the first stage of its name. All of
//! these are one variable here.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::Document;
use super::document::MAX_VALUE;
use crate::dockerfile::instruction::{CommandLine, Instruction, Pair};
use crate::dockerfile::syntax::{Escape, Node, Text};
use crate::lint::context::{Dialect, Inst};
use crate::order;
use crate::shell::{self, Command, CommandKind, Part, PartKind, Simple};
use crate::text::Span;

/// A place where a variable is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// Index of the instruction.
    pub(super) inst: usize,
    pub(super) name: String,
    /// The name in the file.
    pub(super) span: Span,
    pub(super) kind: SiteKind,
}

/// What happens at a [`Site`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SiteKind {
    /// `ARG`, and whether it gives a default.
    Arg(bool),
    /// `ENV`
    Env,
    /// Read by the build, or by the shell of a `RUN`.
    Use,
    /// Read when a container runs: of the image's variables, `ARG`s are not there.
    Runtime,
}

impl SiteKind {
    pub(super) fn is_definition(self) -> bool {
        matches!(self, Self::Arg(_) | Self::Env)
    }
}

/// `ARG`s that need no declaration before the first stage.
pub(super) const PLATFORM_ARGS: [(&str, &str); 11] = [
    ("TARGETPLATFORM", "The platform that is built for, such as `linux/amd64`."),
    ("TARGETOS", "The operating system that is built for."),
    ("TARGETARCH", "The architecture that is built for."),
    ("TARGETVARIANT", "The variant of the architecture that is built for, such as `v7`."),
    ("TARGETOSVERSION", "The version of the operating system that is built for."),
    ("TARGETSTAGE", "The name of the stage that is built."),
    ("BUILDPLATFORM", "The platform of the machine that builds."),
    ("BUILDOS", "The operating system of the machine that builds."),
    ("BUILDARCH", "The architecture of the machine that builds."),
    ("BUILDVARIANT", "The variant of the architecture of the machine that builds."),
    ("BUILDOSVERSION", "The version of the operating system of the machine that builds."),
];

/// Variables that a build has without `ARG`: proxies, in both cases.
fn is_proxy(name: &str) -> bool {
    ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].iter().any(|p| p.eq_ignore_ascii_case(name))
}

fn is_platform_arg(name: &str) -> bool {
    PLATFORM_ARGS.iter().any(|(n, _)| *n == name)
}

/// Whether BuildKit knows the name and would not know another: it cannot be given to something else either.
pub(super) fn is_reserved(name: &str) -> bool {
    is_platform_arg(name)
        || is_proxy(name)
        || matches!(name, "PATH" | "SOURCE_DATE_EPOCH")
        || name.starts_with("BUILDKIT_")
}

/// Whether a text can name a variable that `$` reads.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Finds the names after `$` in a word, as the expander reads it: `quotes` say that quotes have a meaning.
pub(super) fn scan(text: &str, quotes: bool, escape: Option<char>, found: &mut dyn FnMut(Range<usize>)) {
    let mut open: Vec<char> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if Some(c) == escape {
            chars.next();
            continue;
        }
        match c {
            '\'' if quotes && open.last() != Some(&'"') => {
                chars.by_ref().find(|&(_, c)| c == '\'');
            }
            '"' if quotes => {
                if open.last() == Some(&'"') {
                    open.pop();
                } else {
                    open.push('"');
                }
            }
            '}' if open.last() == Some(&'{') => {
                open.pop();
            }
            '$' => {
                let mut start = at + 1;
                if chars.next_if(|&(_, c)| c == '{').is_some() {
                    open.push('{');
                    start += 1;
                }
                let mut end = start;
                while let Some((at, c)) = chars.next_if(|&(_, c)| c == '_' || c.is_alphanumeric()) {
                    end = at + c.len_utf8();
                }
                if text.get(start..end).is_some_and(is_name) {
                    found(start..end);
                }
            }
            _ => {}
        }
    }
}

/// All sites of a file, in the order in which the build comes to them.
pub(super) fn sites(document: &Document<'_>) -> Vec<Site> {
    let mut collector = Collector { document, inst: 0, sites: Vec::new() };
    for (index, inst) in document.cx.instructions.iter().enumerate() {
        collector.inst = index;
        collector.instruction(inst);
    }
    collector.sites
}

struct Collector<'d, 'a> {
    document: &'d Document<'a>,
    inst: usize,
    sites: Vec<Site>,
}

impl Collector<'_, '_> {
    fn push(&mut self, name: &str, span: Span, kind: SiteKind) {
        self.sites.push(Site { inst: self.inst, name: name.to_owned(), span, kind });
    }

    fn instruction(&mut self, inst: &Inst<'_>) {
        let node = inst.node;
        match &inst.read {
            Instruction::From(from) => {
                self.flag(node, "platform");
                self.word(node, from.image);
            }
            Instruction::Arg(pairs) => {
                for pair in pairs {
                    if let Some(value) = pair.value {
                        self.word(node, value);
                    }
                    self.define(pair, SiteKind::Arg(pair.value.is_some()));
                }
            }
            Instruction::Env(pairs) | Instruction::Label(pairs) => {
                for pair in pairs {
                    self.word(node, pair.key);
                    if let Some(value) = pair.value {
                        self.word(node, value);
                    }
                }
                if matches!(inst.read, Instruction::Env(_)) {
                    for pair in pairs {
                        self.define(pair, SiteKind::Env);
                    }
                }
            }
            Instruction::Copy(copy) | Instruction::Add(copy) => {
                for name in ["chown", "chmod", "checksum", "exclude"] {
                    self.flag(node, name);
                }
                for text in copy.sources.iter().chain([&copy.dest]) {
                    self.word(node, *text);
                }
                for inline in copy.inline.iter().filter(|i| i.expand) {
                    let heredocs = &inst.outer.heredocs;
                    if let Some(heredoc) = heredocs.iter().find(|h| h.name == inline.name) {
                        self.body(heredoc.body);
                    }
                }
            }
            Instruction::Expose(texts) | Instruction::Volume(texts) => {
                let mut texts = texts.clone();
                order::sort_by(&mut texts, |a, b| a.span.start.cmp(&b.span.start));
                for text in texts {
                    self.word(node, text);
                }
            }
            Instruction::User(text) | Instruction::Workdir(text) | Instruction::Stopsignal(text) => {
                self.word(node, *text);
            }
            Instruction::Run(_) => {
                self.flag(node, "mount");
                self.run(inst);
            }
            Instruction::Cmd(command) | Instruction::Entrypoint(command) => self.command(inst, command),
            Instruction::Healthcheck(health) => self.command(inst, &health.command),
            _ => {}
        }
    }

    fn define(&mut self, pair: &Pair<'_>, kind: SiteKind) {
        if is_name(pair.key.text) {
            self.push(pair.key.text, pair.key.span, kind);
        }
    }

    /// The variables of an argument.
    fn word(&mut self, node: &Node, text: Text<'_>) {
        let (mut start, mut end) = (text.logical.0 as usize, text.logical.1 as usize);
        let mut escape = self.document.file.escape.char();
        if node.json {
            // Inside the quotes of the JSON string.
            (start, end) = (start + 1, end.saturating_sub(1));
            escape = '\\';
        }
        self.logical(node, start..end, true, Some(escape));
    }

    /// The variables of the values of a flag. Its quotes and backslashes are gone before it is expanded.
    fn flag(&mut self, node: &Node, name: &str) {
        let escape = (self.document.file.escape == Escape::Backquote).then_some('`');
        for flag in node.flags.iter().filter(|f| f.name() == name) {
            self.logical(node, flag.logical.start as usize..flag.logical.end as usize, false, escape);
        }
    }

    fn logical(&mut self, node: &Node, range: Range<usize>, quotes: bool, escape: Option<char>) {
        let start = range.start;
        let Some(text) = node.logical.text.get(range) else { return };
        let at = |r: &Range<usize>| node.source_span((start + r.start) as u32..(start + r.end) as u32);
        scan(text, quotes, escape, &mut |r| {
            let name = text.get(r.clone()).unwrap_or("");
            self.push(name, at(&r), SiteKind::Use);
        });
    }

    /// The variables of the body of a here-document that is copied: quotes are text, and only a backslash escapes.
    fn body(&mut self, body: Span) {
        let text = self.document.text(body);
        let start = body.start as usize;
        scan(text, false, Some('\\'), &mut |r| {
            let name = text.get(r.clone()).unwrap_or("");
            self.push(name, Span::new(start + r.start, start + r.end), SiteKind::Use);
        });
    }

    fn run(&mut self, inst: &Inst<'_>) {
        let Some(run) = inst.run(false).filter(|r| !r.exec) else { return };
        for body in &run.bodies {
            let shell = body.interpreter.as_deref().unwrap_or(&inst.shell);
            let found = script_uses(&body.script, shell);
            for (name, span) in found {
                self.push(&name, body.source_span(span), SiteKind::Use);
            }
        }
    }

    /// A command that a container runs.
    fn command(&mut self, inst: &Inst<'_>, command: &CommandLine<'_>) {
        let (true, Some(text)) = (command.shell, command.args.first()) else { return };
        let (start, end) = text.logical;
        let Some(source) = inst.node.logical.text.get(start as usize..end as usize) else { return };
        for (name, span) in script_uses(&shell::parse(source), &inst.shell) {
            let span = inst.node.source_span(start + span.start..start + span.end);
            self.push(&name, span, SiteKind::Runtime);
        }
    }
}

/// The variables that a script takes from its environment, with the places of their names: those that it sets itself
/// are left out from there on.
fn script_uses(script: &shell::Script, shell: &str) -> Vec<(String, Span)> {
    if Dialect::of(shell).is_none() {
        return windows_uses(&script.source, shell);
    }
    let mut uses: Vec<(String, Span)> = Vec::new();
    let mut own: HashMap<String, Vec<Span>> = HashMap::new();
    let source = script.source.as_str();
    let end = source.len() as u32;
    shell::walk(script, &mut |node, parents| {
        let mut sets = |name: &str, from: u32| own.entry(name.to_owned()).or_default().push(reach(from, end, parents));
        match node {
            shell::Node::Part(part, _) => part_uses(part, source, &mut uses),
            shell::Node::Assignment(assignment) => {
                let alone = matches!(parents.last(),
                    Some(shell::Node::Command(Command { kind: CommandKind::Simple(s), .. })) if s.words.is_empty());
                if alone {
                    sets(&assignment.name, assignment.span.end);
                }
            }
            shell::Node::Command(Command { kind: CommandKind::For { name, name_span, .. }, .. }) => {
                sets(name, name_span.end);
            }
            shell::Node::Command(Command { kind: CommandKind::Simple(simple), .. }) => {
                builtin(simple, source, &mut sets, &mut uses);
            }
            _ => {}
        }
    });
    for spans in own.values_mut() {
        order::sort(spans);
        // Merged, so that one look finds the stretch a place may be in.
        spans.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
    }
    uses.retain(|(name, span)| {
        own.get(name).is_none_or(|spans| {
            let before = spans.partition_point(|s| s.start <= span.start);
            before.checked_sub(1).and_then(|i| spans.get(i)).is_none_or(|s| span.start >= s.end)
        })
    });
    order::sort_by(&mut uses, |(_, a), (_, b)| a.start.cmp(&b.start));
    uses
}

/// From where and how far an assignment counts: to the end of the subshell around it, and from the start of a loop.
fn reach(from: u32, end: u32, parents: &[shell::Node<'_>]) -> Span {
    let mut span = Span { start: from, end };
    for (i, parent) in parents.iter().enumerate().rev() {
        match parent {
            shell::Node::Command(command) => match &command.kind {
                CommandKind::Subshell(_) => return Span { end: command.span.end, ..span },
                CommandKind::While { .. } | CommandKind::For { .. } | CommandKind::Function { .. } => {
                    // The loop's own words are read before it runs.
                    let body = parents.get(i + 1).map_or(command.span.start, |p| p.span().start);
                    span.start = span.start.min(body);
                }
                _ => {}
            },
            shell::Node::Part(part, _)
                if matches!(part.kind, PartKind::CommandSubstitution { .. } | PartKind::ProcessSubstitution(_)) =>
            {
                return Span { end: part.span.end, ..span };
            }
            shell::Node::Pipeline(pipeline) if pipeline.commands.len() > 1 => {
                if let Some(command) = parents.get(i + 1) {
                    return Span { end: command.span().end, ..span };
                }
            }
            _ => {}
        }
    }
    span
}

/// Commands that take names of variables.
fn builtin(simple: &Simple, source: &str, sets: &mut dyn FnMut(&str, u32), uses: &mut Vec<(String, Span)>) {
    let Some(name) = simple.words.first().filter(|w| w.is_bare()) else { return };
    let name = name.span.str_of(source);
    if !matches!(name, "export" | "readonly" | "unset" | "read" | "local" | "declare" | "typeset") {
        return;
    }
    for word in simple.words.iter().skip(1) {
        let text = word.span.str_of(source);
        let variable = text.split(['=', '+']).next().unwrap_or("");
        if !is_name(variable) {
            continue;
        }
        let span = Span { start: word.span.start, end: word.span.start + variable.len() as u32 };
        if variable.len() < text.len() || !matches!(name, "export" | "readonly" | "unset") {
            sets(variable, word.span.end);
        } else {
            uses.push((variable.to_owned(), span));
            if name == "unset" {
                sets(variable, word.span.end);
            }
        }
    }
}

fn part_uses(part: &Part, source: &str, uses: &mut Vec<(String, Span)>) {
    let text = part.span.str_of(source);
    match &part.kind {
        PartKind::Parameter(parameter) if is_name(&parameter.name) => {
            let start = text.find(|c: char| c.is_ascii_alphabetic() || c == '_').unwrap_or(0) as u32 + part.span.start;
            let span = Span { start, end: start + parameter.name.len() as u32 };
            if span.str_of(source) == parameter.name {
                uses.push((parameter.name.clone(), span));
            }
        }
        // Names in arithmetic need no `$`.
        PartKind::Arithmetic(parts) => {
            for part in parts.iter().filter(|p| matches!(p.kind, PartKind::Literal)) {
                let text = part.span.str_of(source);
                let mut at = 0;
                for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
                    if is_name(word) {
                        let start = part.span.start + at as u32;
                        uses.push((word.to_owned(), Span { start, end: start + word.len() as u32 }));
                    }
                    at += word.len() + 1;
                }
            }
        }
        _ => {}
    }
}

/// `%NAME%` of `cmd`, `$env:NAME` of PowerShell.
fn windows_uses(source: &str, shell: &str) -> Vec<(String, Span)> {
    let program = shell.split_whitespace().next().unwrap_or("").rsplit(['/', '\\']).next().unwrap_or("");
    let program = program.to_ascii_lowercase();
    let mut uses = Vec::new();
    let mut push = |start: usize, name: &str| uses.push((name.to_owned(), Span::new(start, start + name.len())));
    let name_at = |at: usize| {
        let rest = source.get(at..).unwrap_or("");
        let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or("");
        is_name(name).then_some(name)
    };
    match program.strip_suffix(".exe").unwrap_or(&program) {
        "cmd" => {
            let mut from = 0;
            while let Some(i) = source.get(from..).and_then(|r| r.find('%')) {
                let at = from + i + 1;
                from = at;
                if let Some(name) = name_at(at)
                    && source.get(at + name.len()..).is_some_and(|r| r.starts_with(['%', ':']))
                {
                    push(at, name);
                    from = at + name.len() + 1;
                }
            }
        }
        "powershell" | "pwsh" => {
            let lower = source.to_ascii_lowercase();
            for (i, prefix) in lower.match_indices("env:") {
                let before = source.get(..i).unwrap_or("");
                if (before.ends_with('$') || before.ends_with("${"))
                    && let Some(name) = name_at(i + prefix.len())
                {
                    push(i + prefix.len(), name);
                }
            }
        }
        _ => {}
    }
    uses
}

/// A site and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Index of the site.
    pub(super) site: usize,
    /// Sites of one variable have the same number; `None` where nothing in the file sets it before.
    pub(super) group: Option<usize>,
    /// Index of the site that sets the value read here.
    pub(super) set_by: Option<usize>,
}

/// Says which sites of a name are one variable.
pub(super) fn resolve(document: &Document<'_>, sites: &[Site], name: &str) -> Vec<Resolved> {
    let parents = &document.graph().parents;
    let mut groups = Groups::new(parents.len() + 1);
    let mut out: Vec<Resolved> = Vec::new();
    let mine = sites.iter().enumerate().filter(|(_, s)| s.name == name);
    let stage_of = |site: &Site| match document.inst(site.inst) {
        // A FROM sees what stands before the first stage.
        Some(inst) if matches!(inst.read, Instruction::From(_)) => (None, false),
        Some(inst) => (inst.stage, inst.onbuild),
        None => (None, false),
    };
    let mut scopes: Vec<Scope> = vec![Scope::default(); parents.len() + 1];
    scopes[0].visible = is_platform_arg(name);
    let mut started = 0;
    for (index, site) in mine {
        let (stage, onbuild) = stage_of(site);
        let stage = stage.map_or(0, |s| s + 1);
        // Scopes begin in order: each takes what the stage under it has at its end.
        while started < stage {
            started += 1;
            begin(&mut scopes, &mut groups, started, parents);
        }
        let [global_visible, global_set] = [scopes[0].visible, scopes[0].set_by.is_some()];
        let global = scopes[0].set_by;
        let Some(scope) = scopes.get_mut(stage) else { continue };
        let mut resolved = Resolved { site: index, group: Some(stage), set_by: None };
        match site.kind {
            SiteKind::Arg(default) => {
                if stage > 0 && (global_visible || global_set) {
                    groups.join(stage, 0);
                }
                resolved.set_by = Some(if default { index } else { global.unwrap_or(index) });
                let layer = if onbuild { &mut scope.onbuild } else { &mut scope.set_by };
                *layer = Some(index);
                scope.visible |= !onbuild;
                scope.onbuild_visible = true;
            }
            SiteKind::Env => {
                resolved.set_by = Some(index);
                let layer = if onbuild { &mut scope.onbuild } else { &mut scope.set_by };
                *layer = Some(index);
                scope.visible |= !onbuild;
                scope.env |= !onbuild;
                scope.onbuild_visible = true;
            }
            SiteKind::Use | SiteKind::Runtime => {
                let seen = if onbuild { scope.visible || scope.onbuild_visible } else { scope.visible };
                resolved.set_by = scope.set_by;
                if onbuild && scope.onbuild.is_some() {
                    resolved.set_by = scope.onbuild;
                }
                if !seen && site.kind == SiteKind::Use {
                    resolved.group = None;
                }
            }
        }
        out.push(resolved);
    }
    while started < parents.len() {
        started += 1;
        begin(&mut scopes, &mut groups, started, parents);
    }
    for resolved in &mut out {
        // What a container reads is there at the end of the stage, whatever came first.
        if let Some(site) = sites.get(resolved.site).filter(|s| s.kind == SiteKind::Runtime) {
            let stage = stage_of(site).0.map_or(0, |s| s + 1);
            let scope = scopes.get(stage).filter(|s| s.env);
            resolved.group = scope.map(|_| stage);
            resolved.set_by = scope.and_then(|s| s.set_by);
        }
        resolved.group = resolved.group.map(|g| groups.find(g));
    }
    out
}

/// What a scope has of one name.
#[derive(Debug, Clone, Copy, Default)]
struct Scope {
    /// Something before this point sets it.
    visible: bool,
    /// An `ENV` does.
    env: bool,
    /// An `ONBUILD` sets it.
    onbuild_visible: bool,
    set_by: Option<usize>,
    onbuild: Option<usize>,
}

fn begin(scopes: &mut [Scope], groups: &mut Groups, scope: usize, parents: &[Option<usize>]) {
    let Some(parent) = parents.get(scope - 1).copied().flatten().map(|p| p + 1) else { return };
    if let Some(from) = scopes.get(parent).copied()
        && (from.visible || from.onbuild_visible)
        && let Some(to) = scopes.get_mut(scope)
    {
        *to = from;
        groups.join(scope, parent);
    }
}

/// Sets of scopes.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn find(&mut self, mut of: usize) -> usize {
        while let Some(&up) = self.0.get(of).filter(|&&up| up != of) {
            // Halves the way for the next one.
            let over = self.0.get(up).copied().unwrap_or(up);
            self.0[of] = over;
            of = up;
        }
        of
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// A variable at some place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Its value; `None` where it is declared without one, or cannot be known.
    pub(super) value: Option<String>,
    /// Set by `ENV`, so that the image has it.
    pub(super) env: bool,
    /// The name where it was set last; `None` for those that every build has.
    pub(super) set_at: Option<Span>,
    /// That stands before the first stage.
    pub(super) from_global: bool,
}

/// What a build is given.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) build_args: BTreeMap<String, String>,
    pub(super) platform: Option<String>,
}

/// The variables that an instruction sees, by name; `after` gives those that the next one would.
pub(super) fn visible_at(
    document: &Document<'_>,
    inst: usize,
    after: bool,
    given: &Given,
) -> BTreeMap<String, Variable> {
    let globals = global_variables(document, given);
    let Some(here) = document.inst(inst) else { return globals };
    let (Some(stage), false) = (here.stage, matches!(here.read, Instruction::From(_))) else {
        // Before the first stage each line sees those above it, a FROM all of them.
        let mut globals = globals;
        if here.stage.is_none() {
            let end = if after { here.node.span.end } else { here.node.span.start };
            globals.retain(|_, v| v.set_at.is_none_or(|s| s.start < end));
        }
        return globals;
    };
    let parents = &document.graph().parents;
    let mut lineage = vec![stage];
    while let Some(parent) = lineage.last().and_then(|&s| parents.get(s).copied().flatten()) {
        lineage.push(parent);
    }
    let mut scope = BTreeMap::new();
    for &of in lineage.iter().rev() {
        let Some(info) = document.cx.stages.get(of) else { continue };
        let here_end = inst + usize::from(after);
        let end = if of == stage { info.body.end.min(here_end) } else { info.body.end };
        for at in info.body.start..end {
            let Some(inst) = document.inst(at).filter(|i| !i.onbuild || here.onbuild) else { continue };
            step(document, inst, &globals, given, &mut scope);
        }
    }
    scope
}

struct Values<'v>(&'v BTreeMap<String, Variable>);

impl crate::dockerfile::expand::Env for Values<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value.as_deref()
    }
}

/// The value of a word; `None` where it cannot be known or is too long to keep.
fn value(document: &Document<'_>, text: &str, scope: &BTreeMap<String, Variable>) -> Option<String> {
    let expansion = document.expander().expand(text, &Values(scope)).ok()?;
    // What the file does not set may come from the base image.
    (expansion.unmatched.is_empty() && expansion.word.len() <= MAX_VALUE).then_some(expansion.word)
}

fn step(
    document: &Document<'_>,
    inst: &Inst<'_>,
    globals: &BTreeMap<String, Variable>,
    given: &Given,
    scope: &mut BTreeMap<String, Variable>,
) {
    match &inst.read {
        Instruction::Arg(pairs) => {
            for pair in pairs {
                let name = pair.key.text;
                let value = match (given.build_args.get(name), pair.value) {
                    (Some(given), _) => Some(given.clone()),
                    (None, Some(default)) => value(document, default.text, scope),
                    (None, None) => globals.get(name).and_then(|g| g.value.clone()),
                };
                // An ARG without a value leaves an earlier one as it was.
                let kept = scope.get(name).filter(|_| value.is_none() && pair.value.is_none()).cloned();
                let global = globals.get(name).filter(|_| pair.value.is_none());
                let set_at = global.and_then(|g| g.set_at).unwrap_or(pair.key.span);
                let from_global = global.is_some_and(|g| g.set_at.is_some());
                let new = Variable { value, env: false, set_at: Some(set_at), from_global };
                scope.insert(name.to_owned(), kept.unwrap_or(new));
            }
        }
        Instruction::Env(pairs) => {
            let values: Vec<_> = pairs
                .iter()
                .map(|p| (p.key, p.value.map_or(Some(String::new()), |v| value(document, v.text, scope))))
                .collect();
            for (key, value) in values {
                let new = Variable { value, env: true, set_at: Some(key.span), from_global: false };
                scope.insert(key.text.to_owned(), new);
            }
        }
        _ => {}
    }
}

/// What a `FROM` can use.
fn global_variables(document: &Document<'_>, given: &Given) -> BTreeMap<String, Variable> {
    let values = document.globals(&given.build_args, given.platform.as_deref());
    let set = |value| Variable { value: Some(value), env: false, set_at: None, from_global: true };
    let mut out = order::map(values.into_iter().map(|(name, value)| (name, set(value))));
    for inst in document.cx.top().take_while(|i| i.stage.is_none()) {
        let Instruction::Arg(pairs) = &inst.read else { continue };
        for pair in pairs {
            let none = Variable { value: None, env: false, set_at: None, from_global: true };
            out.entry(pair.key.text.to_owned()).or_insert(none).set_at = Some(pair.key.span);
        }
    }
    out
}
