//! What each piece of text is, for colours.

use super::Document;
use super::references::{mount_options, stage_sites};
use super::variables::sites;
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::{Keyword, Text};
use crate::lint::context::{Dialect, Inst};
use crate::shell::{self, PartKind, Role, Script};
use crate::text::Span;

/// A piece of text, inside one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// It gives a stage or a variable its name.
    pub definition: bool,
}

/// What a [`Token`] is, in the words of the Language Server Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum TokenKind {
    /// An instruction, `AS`, `CMD` or `NONE` of a `HEALTHCHECK`.
    Keyword,
    /// A flag, of an instruction or of a command.
    Parameter,
    /// A variable.
    Variable,
    /// A quoted text, a path in JSON, the body of a here-document.
    String,
    /// An operator of the shell, the `=` of a pair, the signs around a here-document's name.
    Operator,
    /// A comment.
    Comment,
    /// A stage.
    Class,
    /// An image.
    Type,
    /// A number: a port, a mode, a duration.
    Number,
    /// A name that `LABEL` sets, an option of a mount.
    Property,
    /// A parser directive.
    Macro,
    /// The program that a command runs.
    Function,
}

/// The tokens of a file by place. They do not overlap, and none goes over the end of a line.
pub fn tokens(document: &Document<'_>) -> Vec<Token> {
    let mut painter = Painter { document, found: Vec::new() };
    for directive in &document.file.directives {
        painter.put(directive.span, TokenKind::Comment);
        painter.put(directive.name_span, TokenKind::Macro);
        painter.put(directive.value_span, TokenKind::String);
    }
    for comment in &document.file.comments {
        painter.put(comment.span, TokenKind::Comment);
    }
    for inst in &document.cx.instructions {
        painter.instruction(inst);
    }
    for site in stage_sites(document) {
        painter.name(site.reference.span, TokenKind::Class, site.reference.definition);
    }
    for site in sites(document) {
        painter.name(site.span, TokenKind::Variable, site.kind.is_definition());
    }
    flatten(document.source, painter.found)
}

struct Painter<'d, 'a> {
    document: &'d Document<'a>,
    found: Vec<Token>,
}

impl Painter<'_, '_> {
    fn put(&mut self, span: Span, kind: TokenKind) {
        self.name(span, kind, false);
    }

    fn name(&mut self, span: Span, kind: TokenKind, definition: bool) {
        if !span.is_empty() {
            self.found.push(Token { span, kind, definition });
        }
    }

    fn text(&mut self, text: Text<'_>, kind: TokenKind) {
        self.put(text.span, kind);
    }

    fn instruction(&mut self, inst: &Inst<'_>) {
        let node = inst.node;
        self.put(node.keyword.span, TokenKind::Keyword);
        for flag in &node.flags {
            self.put(flag.name_span, TokenKind::Parameter);
            self.value(flag.value_span);
            if flag.name() == "mount" {
                for option in mount_options(node, flag.value_text()) {
                    self.put(node.source_span(option.key_range()), TokenKind::Property);
                }
            }
        }
        if node.json {
            let skip = usize::from(node.kind == Keyword::Healthcheck);
            for word in node.args.iter().skip(skip) {
                self.put(word.span, TokenKind::String);
            }
        }
        match &inst.read {
            Instruction::From(from) => {
                self.text(from.image, TokenKind::Type);
                if let Some(keyword) = from.as_keyword {
                    self.text(keyword, TokenKind::Keyword);
                }
            }
            Instruction::Env(pairs) | Instruction::Label(pairs) | Instruction::Arg(pairs) => {
                let key = if node.kind == Keyword::Label { TokenKind::Property } else { TokenKind::Variable };
                for pair in pairs {
                    self.name(pair.key.span, key, node.kind != Keyword::Label);
                    if let Some(value) = pair.value {
                        if !pair.legacy && value.span.start > pair.key.span.end {
                            self.put(
                                Span { start: pair.key.span.end, end: pair.key.span.end + 1 },
                                TokenKind::Operator,
                            );
                        }
                        self.value(value.span);
                    }
                }
            }
            Instruction::Expose(ports) => {
                for port in ports {
                    self.text(*port, TokenKind::Number);
                }
            }
            Instruction::Stopsignal(signal) => {
                let number = signal.text.bytes().all(|b| b.is_ascii_digit());
                self.text(*signal, if number { TokenKind::Number } else { TokenKind::String });
            }
            Instruction::Healthcheck(health) => {
                self.text(health.kind_word, TokenKind::Keyword);
                self.command(inst, health.command.args.first().copied().filter(|_| health.command.shell));
            }
            Instruction::Cmd(command) | Instruction::Entrypoint(command) => {
                self.command(inst, command.args.first().copied().filter(|_| command.shell));
            }
            Instruction::Run(_) => self.run(inst),
            Instruction::Copy(copy) | Instruction::Add(copy) => {
                for inline in &copy.inline {
                    self.announcement(inline.word);
                }
            }
            _ => {}
        }
        // What the shell reads is coloured by it.
        let copies = matches!(node.kind, Keyword::Copy | Keyword::Add);
        for heredoc in &node.heredocs {
            if copies {
                self.put(heredoc.body, TokenKind::String);
            }
            self.put(heredoc.terminator, TokenKind::Operator);
        }
    }

    /// The value of a flag or a pair: a number, a quoted text, or nothing special.
    fn value(&mut self, span: Span) {
        let text = self.document.text(span);
        let quoted = text.starts_with(['"', '\'']);
        let number = text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if quoted {
            self.put(span, TokenKind::String);
        } else if number {
            self.put(span, TokenKind::Number);
        }
    }

    fn announcement(&mut self, word: Text<'_>) {
        self.text(word, TokenKind::Operator);
    }

    fn run(&mut self, inst: &Inst<'_>) {
        for heredoc in &inst.node.heredocs {
            self.put(heredoc.span, TokenKind::Operator);
        }
        let Some(run) = inst.run(false).filter(|r| !r.exec) else { return };
        for body in &run.bodies {
            let shell = body.interpreter.as_deref().unwrap_or(&inst.shell);
            if Dialect::of(shell).is_some() {
                self.script(&body.script, &|span| body.source_span(span));
            }
        }
    }

    fn command(&mut self, inst: &Inst<'_>, text: Option<Text<'_>>) {
        let Some(text) = text.filter(|_| Dialect::of(&inst.shell).is_some()) else { return };
        let (start, end) = text.logical;
        let Some(source) = inst.node.logical.text.get(start as usize..end as usize) else { return };
        let script = shell::parse(source);
        self.script(&script, &|s: Span| inst.node.source_span(start + s.start..start + s.end));
    }

    fn script(&mut self, script: &Script, place: &dyn Fn(Span) -> Span) {
        let source = script.source.as_str();
        let found = &mut self.found;
        let mut put = |span: Span, kind| {
            let span = place(span);
            if !span.is_empty() {
                found.push(Token { span, kind, definition: false });
            }
        };
        for comment in &script.comments {
            put(*comment, TokenKind::Comment);
        }
        shell::walk(script, &mut |node, _| match node {
            shell::Node::Word(word, Role::CommandName) if word.is_bare() => put(word.span, TokenKind::Function),
            shell::Node::Word(word, Role::Argument(_)) => {
                let text = word.span.str_of(source);
                if text.len() > 1 && text.starts_with('-') && word.is_bare() {
                    let name = text.find('=').unwrap_or(text.len());
                    put(Span { start: word.span.start, end: word.span.start + name as u32 }, TokenKind::Parameter);
                }
            }
            shell::Node::Assignment(assignment) => put(assignment.name_span, TokenKind::Variable),
            shell::Node::Redirection(redirection) => {
                let end = redirection.target.span.start.max(redirection.span.start);
                put(Span { start: redirection.span.start, end }, TokenKind::Operator);
            }
            shell::Node::AndOr(and_or) => {
                let mut before = and_or.first.span.end;
                for (_, pipeline) in &and_or.rest {
                    operator(source, before, pipeline.span.start, &mut put);
                    before = pipeline.span.end;
                }
            }
            shell::Node::Pipeline(pipeline) => {
                for pipe in &pipeline.pipes {
                    put(*pipe, TokenKind::Operator);
                }
            }
            shell::Node::Part(part, _) => match &part.kind {
                PartKind::SingleQuoted | PartKind::AnsiQuoted | PartKind::DoubleQuoted(_) => {
                    put(part.span, TokenKind::String);
                }
                PartKind::Parameter(_) => put(part.span, TokenKind::Variable),
                _ => {}
            },
            _ => {}
        });
    }
}

/// The `&&` or `||` between two pipelines.
fn operator(source: &str, from: u32, to: u32, put: &mut dyn FnMut(Span, TokenKind)) {
    let between = Span { start: from, end: to.max(from) };
    let text = between.str_of(source);
    if let Some(i) = text.find("&&").or_else(|| text.find("||")) {
        let start = from + i as u32;
        put(Span { start, end: start + 2 }, TokenKind::Operator);
    }
}

/// Cuts what overlaps so that the inner token shows, and splits at line ends.
fn flatten(source: &[u8], mut found: Vec<Token>) -> Vec<Token> {
    // Where two cover the same text, the later one shows.
    let mut order: Vec<usize> = (0..found.len()).collect();
    crate::order::sort_by(&mut order, |&a, &b| {
        let (x, y) = (found[a].span, found[b].span);
        x.start.cmp(&y.start).then(y.end.cmp(&x.end)).then(a.cmp(&b))
    });
    let mut out: Vec<Token> = Vec::with_capacity(found.len());
    let mut open: Vec<Token> = Vec::new();
    let mut at = 0u32;
    let mut emit = |token: &Token, from: u32, to: u32| {
        let mut start = from;
        let piece = Span { start: from, end: to.max(from) };
        for line in piece.of(source).split_inclusive(|&b| b == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let blank = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
            if blank < text.len() {
                let span = Span { start: start + blank as u32, end: start + text.len() as u32 };
                match out
                    .last_mut()
                    .filter(|l| l.span.end == span.start && (l.kind, l.definition) == (token.kind, token.definition))
                {
                    Some(last) => last.span.end = span.end,
                    None => out.push(Token { span, ..*token }),
                }
            }
            start += line.len() as u32;
        }
    };
    for index in order {
        let Some(token) = found.get_mut(index).map(|t| *t) else { continue };
        while let Some(top) = open.last().copied().filter(|t| t.span.end <= token.span.start) {
            open.pop();
            emit(&top, at.max(top.span.start), top.span.end);
            at = at.max(top.span.end);
        }
        if let Some(top) = open.last().copied() {
            emit(&top, at.max(top.span.start), token.span.start);
        }
        at = at.max(token.span.start);
        // An inner token ends with the outer one.
        let end = open.last().map_or(token.span.end, |o| o.span.end.min(token.span.end));
        open.push(Token { span: Span { start: token.span.start, end }, ..token });
    }
    while let Some(top) = open.pop() {
        emit(&top, at.max(top.span.start), top.span.end);
        at = at.max(top.span.end);
    }
    out
}
