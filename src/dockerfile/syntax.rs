//! The syntax tree: every byte of a Dockerfile, with spans.
//!
//! The tree follows BuildKit's parser (`frontend/dockerfile/parser`): the words it finds are the words here. Unlike
//! BuildKit's it keeps comments, blank lines, here-documents and every position, and it goes on after an error.
//!
//! Texts borrow from the source wherever they stand in it as they are. Only what is put together (words that go on over
//! lines, decoded JSON strings, quoted flags, bytes that are not UTF-8) is owned.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// A parsed Dockerfile, which borrows from its source. Made by `parse`, which never fails: see [`Dockerfile::fatal`].
#[derive(Debug, Clone, Default)]
pub struct Dockerfile<'a> {
    /// What the file consists of, in order. The spans tile the input: whole lines, line ends included.
    pub items: Vec<Item>,
    /// Parser directives (`# syntax=`, `# escape=`, `# check=`) that stand where they count.
    pub directives: Vec<Directive<'a>>,
    /// All other comments, those between the lines of one instruction included.
    pub comments: Vec<Comment<'a>>,
    /// The instructions in order, unknown ones included.
    pub nodes: Vec<Node<'a>>,
    /// Everything BuildKit's parser or instruction reader would refuse, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// The escape character: `\` or, after `# escape=`, a backquote.
    pub escape: Escape,
    /// Number of lines, the last one counted where it is not empty.
    pub line_count: u32,
    /// Index into `diagnostics` of the first error at which BuildKit's parser stops.
    pub(crate) parse_fatal: Option<usize>,
    /// Index into `diagnostics` of the first error at which BuildKit's instruction reader stops.
    pub(crate) instruction_fatal: Option<usize>,
}

impl<'a> Dockerfile<'a> {
    /// The error at which BuildKit stops reading this file, parser first; `None` where it accepts it.
    ///
    /// A fragment without `FROM` is refused with `DOCKERFILE_NO_STAGE`.
    pub fn fatal(&self) -> Option<&Diagnostic> {
        self.parse_error().or_else(|| self.instruction_fatal.and_then(|i| self.diagnostics.get(i)))
    }

    /// The error at which BuildKit's parser stops, before it looks at what instructions mean.
    pub fn parse_error(&self) -> Option<&Diagnostic> {
        self.parse_fatal.and_then(|i| self.diagnostics.get(i))
    }

    /// The value of a directive by its lower-case name: `syntax`, `escape` or `check`.
    pub fn directive(&self, name: &str) -> Option<&Directive<'a>> {
        self.directives.iter().find(|d| d.name == name)
    }

    /// What the comments before a node say about a stage or an argument: the rest of the first one that begins with its
    /// name.
    pub fn doc(&self, node: &Node, name: &str) -> Option<&str> {
        if name.is_empty() {
            return None;
        }
        let comments = self.comments.get(node.comments.start as usize..node.comments.end as usize)?;
        let mut about = comments.iter().filter(|c| !c.indented);
        about.find_map(|c| c.text.strip_prefix(name)?.strip_prefix(' '))
    }

    /// The first line of the first node and the last line of the last, 1-based; `None` without instructions.
    pub fn lines(&self) -> Option<Lines> {
        Some(Lines { from: self.nodes.first()?.lines.from, to: self.nodes.last()?.lines.to })
    }
}

/// The escape character of a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Escape {
    /// `\`, the default.
    #[default]
    #[serde(rename = "\\")]
    Backslash,
    /// A backquote, for Windows paths.
    #[serde(rename = "`")]
    Backquote,
}

impl Escape {
    /// As a character.
    pub const fn char(self) -> char {
        self.byte() as char
    }

    /// As a byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Backslash => b'\\',
            Self::Backquote => b'`',
        }
    }
}

/// Physical lines, 1-based, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct Lines {
    /// The first line.
    pub from: u32,
    /// The last line.
    pub to: u32,
}

/// A stretch of whole lines of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its bytes, line ends included.
    pub span: Span,
}

/// What an [`Item`] is; the numbers are indices into the lists of [`Dockerfile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// A line of white space.
    Blank,
    /// A comment between instructions: index into [`Dockerfile::comments`].
    Comment(u32),
    /// A parser directive: index into [`Dockerfile::directives`].
    Directive(u32),
    /// An instruction with its continuation lines and here-documents: index into [`Dockerfile::nodes`].
    Instruction(u32),
}

/// A parser directive such as `# syntax=docker/dockerfile:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive<'a> {
    /// Lower-case name: `syntax`, `escape` or `check`.
    pub name: &'static str,
    /// The value without surrounding white space.
    pub value: Cow<'a, str>,
    /// The whole comment, from `#`, without the line end.
    pub span: Span,
    /// The name as written.
    pub name_span: Span,
    /// The value.
    pub value_span: Span,
    /// Its line, 1-based.
    pub line: u32,
}

/// A comment line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment<'a> {
    /// What follows the `#`, without surrounding white space.
    pub text: Cow<'a, str>,
    /// From `#` to the end of the line, line end not included.
    pub span: Span,
    /// Its line, 1-based.
    pub line: u32,
    /// Whether it stands between the lines of one instruction.
    pub inside: bool,
    /// Whether white space stands before the `#`.
    pub indented: bool,
}

/// One instruction as BuildKit's parser sees it.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// Which instruction; [`Keyword::Unknown`] where there is none of this name.
    pub kind: Keyword,
    /// The keyword as written.
    pub keyword: Word<'a>,
    /// Flags (`--name=value`) before the arguments.
    pub flags: Vec<Flag<'a>>,
    /// Arguments, in BuildKit's form: `ENV` and `LABEL` give three for a pair (name, value, and `=` or nothing).
    ///
    /// Words keep their quotes, since expansion takes them off. JSON forms give the decoded strings. `ONBUILD` has
    /// none: see `child`.
    pub args: Vec<Word<'a>>,
    /// Whether the arguments were written as a JSON array.
    pub json: bool,
    /// The logical line: continuations joined, comments and blank lines inside dropped, keyword included.
    pub logical: Logical<'a>,
    /// Where in the logical line the text after keyword and flags is, without surrounding white space.
    pub rest: Range<u32>,
    /// Here-documents in the order of their bodies.
    pub heredocs: Vec<Heredoc<'a>>,
    /// The inner instruction of `ONBUILD`.
    pub child: Option<Box<Node<'a>>>,
    /// The comments that stand directly before (no instruction, directive or empty comment between): indices into
    /// [`Dockerfile::comments`], a range.
    pub comments: Range<u32>,
    /// Lines from the keyword to the last continuation line or here-document terminator.
    pub lines: Lines,
    /// From the keyword to the end of the last line, line end not included.
    pub span: Span,
    /// Lines of white space inside a continuation.
    pub empty_continuation: bool,
    /// What BuildKit's parser refuses in this line; the node is then as complete as could be.
    pub error: Option<Box<Diagnostic>>,
}

impl<'a> Node<'a> {
    /// The text after keyword and flags, as one line.
    pub fn rest(&self) -> &str {
        self.logical.text.get(self.rest.start as usize..self.rest.end as usize).unwrap_or("")
    }

    /// Source bytes under a range of the logical line. Continuations between its ends are included.
    pub fn source_span(&self, logical: Range<u32>) -> Span {
        self.logical.source_span(logical)
    }

    /// The flag of this name (without dashes), the first where there are several.
    pub fn flag(&self, name: &str) -> Option<&Flag<'a>> {
        self.flags.iter().find(|f| f.name() == name)
    }

    /// The same node with texts of its own, so that it may outlive the source.
    pub fn into_owned(self) -> Node<'static> {
        self.map_texts(&mut |text| Cow::Owned(text.into_owned()))
    }

    /// The same node with every text replaced.
    pub(crate) fn map_texts<'b>(self, change: &mut dyn FnMut(Cow<'a, str>) -> Cow<'b, str>) -> Node<'b> {
        let child = self.child.map(|c| Box::new(c.map_texts(change)));
        let mut word = |Word { text, span, logical }| Word { text: change(text), span, logical };
        let keyword = word(self.keyword);
        let args = self.args.into_iter().map(word).collect();
        let flag = |Flag { text, span, name_span, value_span, logical }| Flag {
            text: change(text),
            span,
            name_span,
            value_span,
            logical,
        };
        let flags = self.flags.into_iter().map(flag).collect();
        let heredoc = |Heredoc { name, content, expand, chomp, fd, span, body, terminator }| Heredoc {
            name: change(name),
            content: change(content),
            expand,
            chomp,
            fd,
            span,
            body,
            terminator,
        };
        let heredocs = self.heredocs.into_iter().map(heredoc).collect();
        let Logical { text, start, map } = self.logical;
        let logical = Logical { text: change(text), start, map };
        let Self { kind, json, rest, comments, lines, span, empty_continuation, error, .. } = self;
        Node {
            kind,
            keyword,
            flags,
            args,
            json,
            logical,
            rest,
            heredocs,
            child,
            comments,
            lines,
            span,
            empty_continuation,
            error,
        }
    }
}

/// A logical line and where its bytes came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logical<'a> {
    /// The text. Bytes that are not UTF-8 are U+FFFD, one each, as BuildKit prints them.
    pub text: Cow<'a, str>,
    /// Offset of its first byte in the source.
    pub start: u32,
    /// Stretches that are contiguous in the source, by increasing `logical`; none where all of it is one stretch.
    pub map: Vec<Segment>,
}

/// From offset `logical` on (to the next segment), the logical text is the source from `source` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Offset in the logical line.
    pub logical: u32,
    /// Offset in the source.
    pub source: u32,
}

impl Logical<'_> {
    /// The source offset of the byte at a logical offset.
    pub fn source_offset(&self, logical: u32) -> u32 {
        let after = self.map.partition_point(|s| s.logical <= logical);
        let segment = after.checked_sub(1).and_then(|i| self.map.get(i));
        segment.map_or(self.start + logical, |s| s.source + (logical - s.logical))
    }

    /// The source offset after the byte that ends at a logical offset: it does not jump over a continuation.
    pub fn source_end(&self, logical: u32) -> u32 {
        match logical.checked_sub(1) {
            Some(last) => self.source_offset(last).saturating_add(1),
            None => self.source_offset(0),
        }
    }

    /// Source bytes from the first to the last byte of a logical range.
    pub fn source_span(&self, logical: Range<u32>) -> Span {
        let start = self.source_offset(logical.start);
        if logical.start >= logical.end {
            return Span { start, end: start };
        }
        Span { start, end: self.source_end(logical.end).max(start) }
    }

    /// The source of a logical range: its contiguous pieces, in order.
    pub fn pieces(&self, logical: Range<u32>) -> impl Iterator<Item = Span> {
        let first = self.map.partition_point(|s| s.logical <= logical.start);
        let mut cuts = self.map.get(first..).unwrap_or(&[]).iter().map(|s| s.logical);
        let mut at = logical.start;
        std::iter::from_fn(move || {
            if at >= logical.end {
                return None;
            }
            let next = cuts.next().map_or(logical.end, |c| c.min(logical.end));
            let start = self.source_offset(at);
            let piece = Span { start, end: start.saturating_add(next - at) };
            at = next;
            Some(piece)
        })
    }

    /// The part at `range`, where `text` stands, as a line of its own.
    pub(crate) fn part<'t>(&self, text: impl Into<Cow<'t, str>>, range: Range<u32>) -> Logical<'t> {
        let inside = self.map.iter().filter(|s| s.logical > range.start && s.logical < range.end);
        let map = inside.map(|s| Segment { logical: s.logical - range.start, source: s.source }).collect();
        Logical { text: text.into(), start: self.source_offset(range.start), map }
    }
}

/// A word of an instruction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word<'a> {
    /// The text as BuildKit holds it: quotes kept, JSON strings decoded.
    pub text: Cow<'a, str>,
    /// Where it is in the source; the quotes of JSON strings are included.
    pub span: Span,
    /// Where it is in the logical line of its node.
    pub logical: Range<u32>,
}

impl Word<'_> {
    /// The same, borrowed.
    pub fn as_text(&self) -> Text<'_> {
        Text { text: &self.text, span: self.span, logical: (self.logical.start, self.logical.end) }
    }
}

/// A borrowed word, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a> {
    /// The text, not expanded.
    pub text: &'a str,
    /// Where it is in the source.
    pub span: Span,
    /// First and end offset in the logical line of its node.
    pub logical: (u32, u32),
}

/// A flag in front of the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flag<'a> {
    /// The flag as BuildKit reads it: quotes and escapes taken off, each byte a character.
    pub text: Cow<'a, str>,
    /// Where it is in the source.
    pub span: Span,
    /// The name with its dashes.
    pub name_span: Span,
    /// The value after the first `=`; empty, at the end, where there is none.
    pub value_span: Span,
    /// Where it is in the logical line of its node.
    pub logical: Range<u32>,
}

impl Flag<'_> {
    /// The name without dashes.
    pub fn name(&self) -> &str {
        let name = self.text.strip_prefix("--").unwrap_or(&self.text);
        name.split_once('=').map_or(name, |(name, _)| name)
    }

    /// The value, if a `=` was written.
    pub fn value(&self) -> Option<&str> {
        self.text.split_once('=').map(|(_, value)| value)
    }

    /// The value with its place; empty text where none was written.
    pub fn value_text(&self) -> Text<'_> {
        Text {
            text: self.value().unwrap_or(""),
            span: self.value_span,
            logical: (self.logical.start, self.logical.end),
        }
    }
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heredoc<'a> {
    /// The delimiter without quotes.
    pub name: Cow<'a, str>,
    /// The body with its line ends, tabs not yet taken off.
    pub content: Cow<'a, str>,
    /// Whether variables in the body are expanded: the delimiter was not quoted.
    pub expand: bool,
    /// Written `<<-`: leading tabs are taken off the body and the terminator.
    pub chomp: bool,
    /// The number before `<<`; 0 where none is written.
    pub fd: u32,
    /// The word that announces it, in the source.
    pub span: Span,
    /// The body in the source.
    pub body: Span,
    /// The terminator line without its line end; empty where the file ended first.
    pub terminator: Span,
}

impl Heredoc<'_> {
    /// The body as the build sees it: leading tabs taken off where `<<-` was written.
    pub fn text(&self) -> Cow<'_, str> {
        if !self.chomp {
            return Cow::Borrowed(&self.content);
        }
        self.content.split_inclusive('\n').map(|l| l.trim_start_matches('\t')).collect::<String>().into()
    }
}

/// The instructions BuildKit knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// No instruction of this name.
    Unknown,
}

impl Keyword {
    /// All that exist, by name.
    pub const ALL: [Keyword; 18] = [
        Keyword::Add,
        Keyword::Arg,
        Keyword::Cmd,
        Keyword::Copy,
        Keyword::Entrypoint,
        Keyword::Env,
        Keyword::Expose,
        Keyword::From,
        Keyword::Healthcheck,
        Keyword::Label,
        Keyword::Maintainer,
        Keyword::Onbuild,
        Keyword::Run,
        Keyword::Shell,
        Keyword::Stopsignal,
        Keyword::User,
        Keyword::Volume,
        Keyword::Workdir,
    ];

    /// The instruction of this name, in any case.
    pub fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|k| k.name().eq_ignore_ascii_case(name)).unwrap_or(Self::Unknown)
    }

    /// The name in upper case; `UNKNOWN` for [`Keyword::Unknown`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Something BuildKit refuses, with its place and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, `DOCKERFILE_…` for the file and `PLAN_…` for the build it describes.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
    /// The lines BuildKit names for it.
    pub lines: Lines,
}
