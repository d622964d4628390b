//! Going through a tree: every node once, parents before children, in the order of the text.

use super::tree::*;
use crate::text::Span;

/// A node of the tree.
#[derive(Debug, Clone, Copy)]
pub enum Node<'t> {
    /// Commands one after another.
    List(&'t List),
    /// Pipelines joined by `&&` and `||`.
    AndOr(&'t AndOr),
    /// Commands joined by `|`.
    Pipeline(&'t Pipeline),
    /// A command.
    Command(&'t Command),
    /// `NAME=value` before a command.
    Assignment(&'t Assignment),
    /// A redirection.
    Redirection(&'t Redirection),
    /// A here-document's body.
    Heredoc(&'t Heredoc),
    /// A word and the place where it stands.
    Word(&'t Word, Role),
    /// A piece of a word, and whether it stands inside double quotes (or a here-document).
    Part(&'t Part, bool),
}

/// Which kind of [`Node`] one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// [`Node::List`]
    List,
    /// [`Node::AndOr`]
    AndOr,
    /// [`Node::Pipeline`]
    Pipeline,
    /// [`Node::Command`]
    Command,
    /// [`Node::Assignment`]
    Assignment,
    /// [`Node::Redirection`]
    Redirection,
    /// [`Node::Heredoc`]
    Heredoc,
    /// [`Node::Word`]
    Word,
    /// [`Node::Part`]
    Part,
}

impl NodeKind {
    /// How many there are.
    pub const COUNT: usize = Self::Part as usize + 1;
}

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The name of a simple command.
    CommandName,
    /// An argument of a simple command; its index, from 1.
    Argument(usize),
    /// The value of an assignment.
    Value,
    /// An element of an array.
    Element,
    /// A word of a `for` loop.
    Loop,
    /// What a `case` matches.
    Subject,
    /// A pattern of a `case`.
    Pattern,
    /// The target of a redirection.
    Target,
    /// An operand or operator inside `[[ … ]]`.
    Test,
}

impl Node<'_> {
    /// Its kind.
    pub const fn kind(&self) -> NodeKind {
        match self {
            Node::List(_) => NodeKind::List,
            Node::AndOr(_) => NodeKind::AndOr,
            Node::Pipeline(_) => NodeKind::Pipeline,
            Node::Command(_) => NodeKind::Command,
            Node::Assignment(_) => NodeKind::Assignment,
            Node::Redirection(_) => NodeKind::Redirection,
            Node::Heredoc(_) => NodeKind::Heredoc,
            Node::Word(..) => NodeKind::Word,
            Node::Part(..) => NodeKind::Part,
        }
    }

    /// The node's bytes.
    pub fn span(&self) -> Span {
        match self {
            Node::List(n) => n.span,
            Node::AndOr(n) => n.span,
            Node::Pipeline(n) => n.span,
            Node::Command(n) => n.span,
            Node::Assignment(n) => n.span,
            Node::Redirection(n) => n.span,
            Node::Heredoc(n) => n.span,
            Node::Word(n, _) => n.span,
            Node::Part(n, _) => n.span,
        }
    }
}

/// Calls `visit` with each node and the nodes around it, the outermost first.
pub fn walk<'t>(script: &'t Script, visit: &mut dyn FnMut(Node<'t>, &[Node<'t>])) {
    let mut walker = Walker { script, visit, parents: Vec::with_capacity(32) };
    walker.list(&script.body);
}

struct Walker<'t, 'v> {
    script: &'t Script,
    visit: &'v mut dyn FnMut(Node<'t>, &[Node<'t>]),
    parents: Vec<Node<'t>>,
}

impl<'t> Walker<'t, '_> {
    fn enter(&mut self, node: Node<'t>, children: impl FnOnce(&mut Self)) {
        (self.visit)(node, &self.parents);
        self.parents.push(node);
        children(self);
        self.parents.pop();
    }

    fn list(&mut self, list: &'t List) {
        self.enter(Node::List(list), |w| {
            for item in &list.items {
                w.enter(Node::AndOr(&item.and_or), |w| {
                    for pipeline in item.and_or.pipelines() {
                        w.enter(Node::Pipeline(pipeline), |w| {
                            for command in &pipeline.commands {
                                w.command(command);
                            }
                        });
                    }
                });
            }
        });
    }

    fn command(&mut self, command: &'t Command) {
        self.enter(Node::Command(command), |w| {
            match &command.kind {
                CommandKind::Simple(simple) => {
                    for assignment in &simple.assignments {
                        w.enter(Node::Assignment(assignment), |w| {
                            w.parts(assignment.index.as_deref().unwrap_or(&[]), true);
                            w.word(&assignment.value, Role::Value);
                        });
                    }
                    for (i, word) in simple.words.iter().enumerate() {
                        w.word(word, if i == 0 { Role::CommandName } else { Role::Argument(i) });
                    }
                }
                CommandKind::Brace(list) | CommandKind::Subshell(list) => w.list(list),
                CommandKind::If { branches, otherwise } => {
                    for (condition, body) in branches {
                        w.list(condition);
                        w.list(body);
                    }
                    if let Some(list) = otherwise {
                        w.list(list);
                    }
                }
                CommandKind::For { words, body, .. } => {
                    for word in words.iter().flatten() {
                        w.word(word, Role::Loop);
                    }
                    w.list(body);
                }
                CommandKind::ArithmeticFor(parts, body) => {
                    w.parts(parts, true);
                    w.list(body);
                }
                CommandKind::While { condition, body, .. } => {
                    w.list(condition);
                    w.list(body);
                }
                CommandKind::Case { subject, arms } => {
                    w.word(subject, Role::Subject);
                    for arm in arms {
                        for pattern in &arm.patterns {
                            w.word(pattern, Role::Pattern);
                        }
                        w.list(&arm.body);
                    }
                }
                CommandKind::Function { body, .. } => w.command(body),
                CommandKind::Test(tokens) => {
                    for token in tokens {
                        if let TestToken::Word(word) = token {
                            w.word(word, Role::Test);
                        }
                    }
                }
                CommandKind::Arithmetic(parts) => w.parts(parts, true),
                CommandKind::Missing => {}
            }
            for redirection in &command.redirections {
                w.enter(Node::Redirection(redirection), |w| {
                    w.word(&redirection.target, Role::Target);
                    if let Some(heredoc) = redirection.heredoc.and_then(|i| w.script.heredocs.get(i)) {
                        w.enter(Node::Heredoc(heredoc), |w| w.parts(&heredoc.parts, true));
                    }
                });
            }
        });
    }

    fn word(&mut self, word: &'t Word, role: Role) {
        self.enter(Node::Word(word, role), |w| w.parts(&word.parts, false));
    }

    fn parts(&mut self, parts: &'t [Part], quoted: bool) {
        for part in parts {
            self.enter(Node::Part(part, quoted), |w| match &part.kind {
                PartKind::DoubleQuoted(parts) | PartKind::Arithmetic(parts) => w.parts(parts, true),
                PartKind::ExtendedGlob(parts) | PartKind::Brace(parts) => w.parts(parts, quoted),
                PartKind::Parameter(parameter) => {
                    w.parts(parameter.index.as_deref().unwrap_or(&[]), true);
                    w.parts(&parameter.argument, quoted);
                }
                PartKind::CommandSubstitution { body, .. } | PartKind::ProcessSubstitution(body) => w.list(body),
                PartKind::Array(words) => {
                    for word in words {
                        w.word(word, Role::Element);
                    }
                }
                PartKind::Literal
                | PartKind::Escape
                | PartKind::SingleQuoted
                | PartKind::AnsiQuoted
                | PartKind::Glob => {}
            });
        }
    }
}

impl Script {
    /// Every simple command, those in substitutions and here-documents included, in the order of the text.
    pub fn simple_commands(&self) -> impl Iterator<Item = &Simple> {
        let mut found = Vec::new();
        walk(self, &mut |node, _| {
            if let Node::Command(Command { kind: CommandKind::Simple(simple), .. }) = node {
                found.push(simple);
            }
        });
        found.into_iter()
    }
}
