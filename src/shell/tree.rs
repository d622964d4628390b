//! The syntax tree: what a script is made of, each node with its bytes.

use crate::text::Span;

/// A whole script, or as much of it as could be read.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The text that was parsed; every span in the tree points into it.
    pub source: String,
    /// The interpreter line without `#!`, where the script starts with one.
    pub shebang: Option<String>,
    /// The commands.
    pub body: List,
    /// Comments, each from its `#` to the end of its line.
    pub comments: Vec<Span>,
    /// Bodies of here-documents; [`Redirection::heredoc`] is an index into them.
    pub heredocs: Vec<Heredoc>,
    /// What a shell would refuse, in the order in which it was met. The tree around it is a best guess.
    pub errors: Vec<SyntaxError>,
    /// Where the first error is one at which ShellCheck stops but keeps what it has read: how many commands that is.
    pub stopped: Option<usize>,
}

impl Script {
    /// ShellCheck has a tree of it, at least of its beginning.
    pub fn is_read(&self) -> bool {
        self.stopped.is_some() || !self.errors.iter().any(SyntaxError::is_fatal)
    }

    /// Drops what ShellCheck would not have read. False where it has no tree at all.
    pub fn cut(&mut self) -> bool {
        if let Some(items) = self.stopped {
            self.body.items.truncate(items);
        }
        self.is_read()
    }
}

/// A place where the text is not shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// Where: for [`SyntaxErrorKind::Unclosed`] and [`SyntaxErrorKind::Incomplete`] the opening.
    pub span: Span,
    /// Offset at which reading could not go on.
    pub stopped: u32,
    /// Offset of the command or group around it.
    pub enclosing: Option<u32>,
}

impl SyntaxError {
    /// Whether a shell refuses the script for it.
    pub fn is_fatal(&self) -> bool {
        use SyntaxErrorKind::{GluedBrace, GluedTest, GluedTestEnd, Parameters, Separator};
        !matches!(self.kind, GluedBrace | Parameters | GluedTest | GluedTestEnd | Separator)
    }
}

/// The ways in which a script can fail to parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// A quote, substitution, group or compound command is never closed; the span is its opening.
    Unclosed,
    /// A reserved word, `)` or `;;` that closes nothing.
    Unexpected,
    /// A separator or operator with no command where one must stand.
    MissingCommand,
    /// The same where ShellCheck stops reading and keeps what came before.
    Stray,
    /// A `;` after `&`.
    Separator,
    /// Words behind a compound command.
    AfterCompound,
    /// A compound command lacks its next word (`then`, `do`, `in`, a name, …).
    Incomplete,
    /// A `(` inside a command.
    Parenthesis,
    /// `{` with no space behind it.
    GluedBrace,
    /// A function with parameters in its parentheses.
    Parameters,
    /// `[` with no space behind it.
    GluedTest,
    /// `]` of a test with no space before it.
    GluedTestEnd,
    /// A redirection without a target.
    MissingTarget,
    /// Nested more than [`super::MAX_DEPTH`] levels deep.
    TooDeep,
}

/// Commands one after another.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// The commands in order.
    pub items: Vec<Item>,
    /// From the first to the last of them.
    pub span: Span,
}

/// One entry of a [`List`].
#[derive(Debug, Clone)]
pub struct Item {
    /// The command.
    pub and_or: AndOr,
    /// It ends in `&`.
    pub background: bool,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone)]
pub struct AndOr {
    /// The first one.
    pub first: Pipeline,
    /// The others, each with the operator before it.
    pub rest: Vec<(AndOrOperator, Pipeline)>,
    /// All of it.
    pub span: Span,
}

/// `&&` or `||`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AndOrOperator {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The `!` before it.
    pub bang: Option<Span>,
    /// The commands, at least one unless the text is wrong.
    pub commands: Vec<Command>,
    /// The `|` or `|&` between them.
    pub pipes: Vec<Span>,
    /// All of it.
    pub span: Span,
}

/// A simple or compound command with its redirections.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// Its redirections, in order.
    pub redirections: Vec<Redirection>,
    /// All of it.
    pub span: Span,
}

/// The kinds of command.
#[derive(Debug, Clone)]
pub enum CommandKind {
    /// Assignments and words.
    Simple(Simple),
    /// `{ …; }`
    Brace(List),
    /// `( … )`
    Subshell(List),
    /// `if … then … elif … else … fi`: condition and body of each branch, then the `else`.
    If {
        /// Condition and body, in order.
        branches: Vec<(List, List)>,
        /// What follows `else`.
        otherwise: Option<List>,
    },
    /// `for name in words; do … done`, also `select`.
    For {
        /// The loop's variable.
        name: String,
        /// Where the name stands.
        name_span: Span,
        /// The words after `in`; `None` loops over the arguments.
        words: Option<Vec<Word>>,
        /// What is repeated.
        body: List,
        /// `select` instead of `for`.
        select: bool,
    },
    /// `for ((…; …; …)); do … done`: the arithmetic and the body.
    ArithmeticFor(Vec<Part>, List),
    /// `while … do … done`
    While {
        /// `until` instead of `while`.
        until: bool,
        /// What is tested.
        condition: List,
        /// What is repeated.
        body: List,
    },
    /// `case … in … esac`
    Case {
        /// What is matched.
        subject: Word,
        /// The arms.
        arms: Vec<CaseArm>,
    },
    /// A function definition.
    Function {
        /// Its name.
        name: String,
        /// Where the name stands.
        name_span: Span,
        /// Written with the word `function`.
        keyword: bool,
        /// Its body, a compound command.
        body: Box<Command>,
    },
    /// `[[ … ]]`
    Test(Vec<TestToken>),
    /// `(( … ))`
    Arithmetic(Vec<Part>),
    /// Nothing that could be read.
    Missing,
}

/// One arm of a `case`.
#[derive(Debug, Clone)]
pub struct CaseArm {
    /// The patterns, any of which may match.
    pub patterns: Vec<Word>,
    /// What runs.
    pub body: List,
}

/// A piece of `[[ … ]]`.
#[derive(Debug, Clone)]
pub enum TestToken {
    /// An operand, or an operator spelled like a word (`-f`, `==`, `=~`).
    Word(Word),
    /// `&&`, `||`, `!`, `(`, `)`, `<` or `>`.
    Operator(Span),
}

/// A simple command.
#[derive(Debug, Clone, Default)]
pub struct Simple {
    /// `NAME=value` before the name.
    pub assignments: Vec<Assignment>,
    /// The name and the arguments; empty where there are only assignments or redirections.
    pub words: Vec<Word>,
}

/// `name=value`, `name+=value`, `name[index]=value`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Where its name stands.
    pub name_span: Span,
    /// What stands in `[…]` after the name.
    pub index: Option<Vec<Part>>,
    /// `+=` instead of `=`.
    pub append: bool,
    /// The value; one [`PartKind::Array`] where it is a list in parentheses. Empty parts for `name=`.
    pub value: Word,
    /// All of it.
    pub span: Span,
}

/// One word.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// What it is made of.
    pub parts: Vec<Part>,
    /// All of it.
    pub span: Span,
}

/// A piece of a word.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its bytes, quotes and delimiters included.
    pub span: Span,
}

/// The pieces of words.
#[derive(Debug, Clone)]
pub enum PartKind {
    /// Plain text.
    Literal,
    /// A backslash and the character that it protects.
    Escape,
    /// `'…'`
    SingleQuoted,
    /// `$'…'`
    AnsiQuoted,
    /// `"…"` or `$"…"`
    DoubleQuoted(Vec<Part>),
    /// `$name` or `${…}`
    Parameter(Parameter),
    /// `$(…)` or a pair of backticks.
    CommandSubstitution {
        /// What runs.
        body: List,
        /// Written with backticks.
        backticks: bool,
    },
    /// `$((…))` or `$[…]`: expansions and literal text inside.
    Arithmetic(Vec<Part>),
    /// `<(…)` or `>(…)`
    ProcessSubstitution(List),
    /// `*`, `?` or `[…]`
    Glob,
    /// `@(…)`, `!(…)`, `+(…)`, `?(…)`, `*(…)`
    ExtendedGlob(Vec<Part>),
    /// `{a,b}` or `{1..3}`
    Brace(Vec<Part>),
    /// `(…)` as the value of an assignment.
    Array(Vec<Word>),
}

/// A parameter expansion.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name, digits or the one special character; empty where it is none of them.
    pub name: String,
    /// Written with braces.
    pub braced: bool,
    /// `${#name}`
    pub length: bool,
    /// `${!name}`
    pub indirect: bool,
    /// What stands in `[…]`.
    pub index: Option<Vec<Part>>,
    /// The operator as written (`:-`, `%%`, `//`, …); empty where there is none.
    pub operator: &'static str,
    /// What follows the operator.
    pub argument: Vec<Part>,
}

/// A redirection.
#[derive(Debug, Clone)]
pub struct Redirection {
    /// The descriptor before the operator, as written.
    pub fd: Option<Span>,
    /// `<`, `>`, `>>`, `<<`, `<<-`, `<<<`, `<&`, `>&`, `<>`, `>|`, `&>`, `&>>`.
    pub operator: &'static str,
    /// What follows it: a file, a descriptor, a here-document's word.
    pub target: Word,
    /// Index of the here-document's body in [`Script::heredocs`].
    pub heredoc: Option<usize>,
    /// All of it, without a here-document's body.
    pub span: Span,
}

/// The body of a here-document.
#[derive(Debug, Clone, Default)]
pub struct Heredoc {
    /// The end word, quotes removed.
    pub delimiter: String,
    /// No part of the end word was quoted, so that expansions take place.
    pub expand: bool,
    /// The lines, without the one that ends it.
    pub span: Span,
    /// Expansions and text, where [`Heredoc::expand`].
    pub parts: Vec<Part>,
}

impl Word {
    /// The word's value where it is known without running anything: text and quotes only, no glob, no brace.
    pub fn literal<'t>(&self, source: &'t str) -> Option<std::borrow::Cow<'t, str>> {
        use std::borrow::Cow;
        match self.parts.as_slice() {
            [] => Some(Cow::Borrowed("")),
            [Part { kind: PartKind::Literal, span }] => Some(Cow::Borrowed(span.str_of(source))),
            parts => {
                let mut out = String::new();
                push_literal(parts, source, false, &mut out).then_some(Cow::Owned(out))
            }
        }
    }

    /// The word with each expansion replaced by `${VAR}`, quotes removed: enough to recognise flags and names.
    /// Globs stay as written; brace expansions and process substitutions vanish.
    pub fn rough(&self, source: &str) -> String {
        let mut out = String::new();
        push_rough(&self.parts, source, &mut out);
        out
    }

    /// Only plain characters: no quotes, escapes, globs or expansions.
    pub fn is_bare(&self) -> bool {
        self.parts.iter().all(|p| matches!(p.kind, PartKind::Literal))
    }
}

/// Appends the value of literal parts; false where one is not literal.
pub(crate) fn push_literal(parts: &[Part], source: &str, quoted: bool, out: &mut String) -> bool {
    parts.iter().all(|part| {
        let text = part.span.str_of(source);
        match &part.kind {
            PartKind::Literal => out.push_str(text),
            PartKind::Escape => push_escape(text, quoted, out),
            PartKind::SingleQuoted => out.push_str(inner(text, 1, "'")),
            PartKind::AnsiQuoted => out.push_str(inner(text, 2, "'")),
            PartKind::DoubleQuoted(parts) => return push_literal(parts, source, true, out),
            _ => return false,
        }
        true
    })
}

fn push_rough(parts: &[Part], source: &str, out: &mut String) {
    for part in parts {
        let text = part.span.str_of(source);
        match &part.kind {
            PartKind::Literal | PartKind::Glob => out.push_str(text),
            PartKind::Escape => push_escape(text, false, out),
            PartKind::SingleQuoted => out.push_str(inner(text, 1, "'")),
            PartKind::AnsiQuoted => out.push_str(inner(text, 2, "'")),
            PartKind::DoubleQuoted(parts) => push_rough(parts, source, out),
            PartKind::Parameter(_) | PartKind::CommandSubstitution { .. } | PartKind::Arithmetic(_) => {
                out.push_str("${VAR}");
            }
            _ => {}
        }
    }
}

/// A line continuation vanishes; in double quotes the backslash stays before most characters, and the parser only
/// makes an escape of those where it goes.
fn push_escape(text: &str, _quoted: bool, out: &mut String) {
    let rest = text.strip_prefix('\\').unwrap_or(text);
    if rest != "\n" {
        out.push_str(rest);
    }
}

/// The text between a delimiter of `open` bytes and `close`, which may be missing at the end of the input.
pub(crate) fn inner<'t>(text: &'t str, open: usize, close: &str) -> &'t str {
    let text = text.get(open..).unwrap_or("");
    text.strip_suffix(close).unwrap_or(text)
}

impl Command {
    /// The simple command, where it is one.
    pub fn simple(&self) -> Option<&Simple> {
        match &self.kind {
            CommandKind::Simple(simple) => Some(simple),
            _ => None,
        }
    }
}

impl Pipeline {
    /// The only command of a pipeline without `|`.
    pub fn single(&self) -> Option<&Command> {
        match self.commands.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl AndOr {
    /// All pipelines in order.
    pub fn pipelines(&self) -> impl Iterator<Item = &Pipeline> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|(_, p)| p))
    }
}
