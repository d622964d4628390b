//! Bytes to tree: physical lines, directives, continuations, here-documents.
//!
//! The rules are those of `Parse` in BuildKit's `frontend/dockerfile/parser`; where it stops with an error, this notes
//! a diagnostic and goes on.

use std::borrow::Cow;
use std::ops::Range;

use super::args::{self, Problem};
use super::expand::Expander;
use super::read;
use super::suggest;
use super::syntax::*;
use crate::text::Span;

/// Bytes of a physical line, its line feed not counted, from which BuildKit refuses it.
const MAX_LINE: usize = 64 * 1024;

/// Parses a Dockerfile. Never fails: what is wrong is in [`Dockerfile::diagnostics`].
///
/// Bytes that are not UTF-8 are kept in the spans and read as U+FFFD. Takes time linear in the length.
///
/// ```
/// let file = layerwright::dockerfile::parse(b"FROM alpine\nRUN apk add \\\n  curl\n");
/// assert_eq!(file.nodes[1].rest(), "apk add   curl");
/// assert!(file.fatal().is_none());
/// ```
pub fn parse(source: &[u8]) -> Dockerfile<'_> {
    let mut file = parse_tree(source);
    read::check(&mut file);
    file
}

/// The tree alone, for who asks only what is written: instructions are not read, so [`Dockerfile::diagnostics`] lacks what
/// BuildKit's instruction reader refuses, and is in the order in which it was found.
pub fn parse_tree(source: &[u8]) -> Dockerfile<'_> {
    let mut parser = Parser {
        source,
        text: std::str::from_utf8(source).ok(),
        at: 0,
        line: 0,
        directives_done: false,
        file: Dockerfile::default(),
        comments_from: 0,
        joined: Joined::default(),
    };
    parser.run();
    let mut file = parser.file;
    file.line_count = parser.line;
    // Half of what a list has grown to may be unused, and nodes are large.
    file.nodes.shrink_to_fit();
    file.items.shrink_to_fit();
    file.comments.shrink_to_fit();
    file
}

struct Parser<'a> {
    source: &'a [u8],
    /// The source, where all of it is UTF-8.
    text: Option<&'a str>,
    /// Offset of the next physical line.
    at: usize,
    /// Number of lines read.
    line: u32,
    directives_done: bool,
    file: Dockerfile<'a>,
    /// Index of the first comment that belongs to the next instruction.
    comments_from: u32,
    /// Where logical lines of several physical ones are put together.
    joined: Joined,
}

/// A physical line: its start, the end without line-end characters, and the start of the next.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    next: usize,
}

impl<'a> Parser<'a> {
    fn run(&mut self) {
        while let Some(line) = self.next_line() {
            self.top_level(line);
        }
        if self.file.nodes.is_empty() {
            let at = self.source.len();
            let lines = Lines { from: self.line, to: self.line };
            self.parse_error(Diagnostic {
                code: "DOCKERFILE_EMPTY",
                message: "the file has no instructions".to_owned(),
                help: Some("start with FROM and an image, such as `FROM alpine`".to_owned()),
                span: Span::new(at, at),
                lines,
            });
        }
    }

    fn next_line(&mut self) -> Option<Line> {
        let start = self.at;
        let rest = self.source.get(start..).filter(|r| !r.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let next = (start + length + 1).min(self.source.len());
        let mut end = start + length;
        while end > start && self.source[end - 1] == b'\r' {
            end -= 1;
        }
        self.at = next;
        self.line += 1;
        if length >= MAX_LINE {
            let lines = Lines { from: self.line, to: self.line };
            self.parse_error(Diagnostic {
                code: "DOCKERFILE_LINE_TOO_LONG",
                message: format!("the line is {length} bytes long, over the limit of {}", MAX_LINE - 1),
                help: Some("split it with the escape character at line ends".to_owned()),
                span: Span::new(start, end),
                lines,
            });
        }
        Some(Line { start, end, next })
    }

    /// A part of the source as text.
    fn str(&self, range: Range<usize>) -> Cow<'a, str> {
        match self.text.and_then(|t| t.get(range.clone())) {
            Some(text) => Cow::Borrowed(text),
            None => decode(self.source.get(range).unwrap_or(&[])),
        }
    }

    fn parse_error(&mut self, diagnostic: Diagnostic) {
        if self.file.parse_fatal.is_none() {
            self.file.parse_fatal = Some(self.file.diagnostics.len());
        }
        self.file.diagnostics.push(diagnostic);
    }

    fn item(&mut self, kind: ItemKind, start: usize) {
        self.file.items.push(Item { kind, span: Span::new(start, self.at) });
    }

    /// A line at which an instruction may begin.
    fn top_level(&mut self, line: Line) {
        let mut start = line.start;
        if start == 0 && self.source.starts_with(b"\xef\xbb\xbf") {
            start = 3.min(line.end);
        }
        let space = leading_space(&self.source[start..line.end]);
        let indented = space > 0;
        start += space;
        let text = &self.source[start..line.end];
        if text.is_empty() {
            self.directives_done = true;
            return self.item(ItemKind::Blank, line.start);
        }
        if text[0] == b'#' {
            if let Some(index) = self.directive(start, line.end) {
                return self.item(ItemKind::Directive(index), line.start);
            }
            let index = self.comment(start, line.end, false, indented);
            // An empty comment cuts the instruction off from those before; BuildKit sees it only at the line's start.
            if !indented && self.file.comments.last().is_some_and(|c| c.text.is_empty()) {
                self.comments_from = self.file.comments.len() as u32;
            }
            return self.item(ItemKind::Comment(index), line.start);
        }
        self.directives_done = true;
        self.instruction(line.start, start, line.end);
    }

    fn comment(&mut self, start: usize, end: usize, inside: bool, indented: bool) -> u32 {
        let index = self.file.comments.len() as u32;
        let text = trimmed(self.str(start + 1..end));
        self.file.comments.push(Comment { text, span: Span::new(start, end), line: self.line, inside, indented });
        index
    }

    /// A comment line as a parser directive, where one can still stand.
    fn directive(&mut self, start: usize, end: usize) -> Option<u32> {
        if self.directives_done {
            return None;
        }
        let Some((name_range, value_range)) = directive_parts(&self.source[start..end]) else {
            self.directives_done = true;
            return None;
        };
        let shift = |r: Range<usize>| Span::new(start + r.start, start + r.end);
        let (name_span, value_span) = (shift(name_range), shift(value_range));
        let written = name_span.of(self.source);
        let Some(name) = ["syntax", "escape", "check"].into_iter().find(|n| n.as_bytes().eq_ignore_ascii_case(written))
        else {
            self.directives_done = true;
            return None;
        };
        let lines = Lines { from: self.line, to: self.line };
        let value = match self.text {
            Some(text) => Cow::Borrowed(value_span.str_of(text)),
            None => String::from_utf8_lossy(value_span.of(self.source)),
        };
        if self.file.directives.iter().any(|d| d.name == name) {
            self.parse_error(Diagnostic {
                code: "DOCKERFILE_DIRECTIVE_REPEATED",
                message: format!("only one `# {name}=` directive can be used"),
                help: Some("remove this line".to_owned()),
                span: Span::new(start, end),
                lines,
            });
        } else if name == "escape" {
            match value.as_ref() {
                "\\" => self.file.escape = Escape::Backslash,
                "`" => self.file.escape = Escape::Backquote,
                _ => self.parse_error(Diagnostic {
                    code: "DOCKERFILE_ESCAPE_INVALID",
                    message: format!("the escape character must be \\ or `, not {value:?}"),
                    help: Some("write `# escape=\\` or `` # escape=` ``".to_owned()),
                    span: value_span,
                    lines,
                }),
            }
        }
        let index = self.file.directives.len() as u32;
        let span = Span::new(start, end);
        self.file.directives.push(Directive { name, value, span, name_span, value_span, line: self.line });
        Some(index)
    }

    /// An instruction whose first line has its text from `start` to `end`.
    fn instruction(&mut self, item_start: usize, start: usize, end: usize) {
        let from = self.line;
        let comments = self.comments_from..self.file.comments.len() as u32;
        let mut last_end = end;
        let mut empty_continuation = false;
        let mut kept = continuation(&self.source[start..end], self.file.escape.byte());
        let logical = if let Some(first) = kept {
            self.joined.clear();
            self.join(start..start + first);
            while kept.is_some() {
                let Some(line) = self.next_line() else { break };
                let text = &self.source[line.start..line.end];
                let space = leading_space(text);
                last_end = line.end;
                if space == text.len() {
                    empty_continuation = true;
                    continue;
                }
                if text[space] == b'#' {
                    self.comment(line.start + space, line.end, true, space > 0);
                    continue;
                }
                kept = continuation(text, self.file.escape.byte());
                self.join(line.start..line.start + kept.unwrap_or(text.len()));
            }
            self.joined.finish()
        } else if let Some(text) = self.text.and_then(|t| t.get(start..end)) {
            Logical { text: Cow::Borrowed(text), start: start as u32, map: Vec::new() }
        } else {
            self.joined.clear();
            self.join(start..end);
            self.joined.finish()
        };
        let mut node = self.node(logical);
        node.lines = Lines { from, to: self.line };
        node.comments = comments;
        node.empty_continuation = empty_continuation;
        if let Some(error) = &mut node.error {
            error.lines = node.lines;
        }
        if can_contain_heredoc(&node) && crate::text::find(node.logical.text.as_bytes(), b"<<").is_some() {
            last_end = self.heredocs(&mut node, last_end);
            node.lines.to = self.line;
        }
        node.span = Span::new(start, last_end);
        if let Some(child) = &mut node.child {
            child.lines = node.lines;
            child.span.end = node.span.end;
        }
        if let Some(error) = node.error.as_deref().cloned() {
            self.parse_error(error);
        }
        let index = self.file.nodes.len() as u32;
        self.file.nodes.push(node);
        self.comments_from = self.file.comments.len() as u32;
        self.item(ItemKind::Instruction(index), item_start);
    }

    fn join(&mut self, range: Range<usize>) {
        match self.text.and_then(|t| t.get(range.clone())) {
            Some(text) => self.joined.push_str(text, range.start),
            None => self.joined.push_bytes(&self.source[range.clone()], range.start),
        }
    }

    /// The node of a logical line.
    fn node(&self, logical: Logical<'a>) -> Node<'a> {
        let escape = self.file.escape;
        let (mut node, logical) = match logical.text {
            Cow::Borrowed(text) => (node_from_text(text, &logical, escape, 0), logical),
            Cow::Owned(ref text) => {
                let node = node_from_text(text, &logical, escape, 0);
                let node = node.map_texts(&mut |part| self.adopted(part, text, &logical));
                (node, logical)
            }
        };
        node.logical = logical;
        node
    }

    /// A part of a joined line as a part of the source, where it stands there in one piece; else on its own.
    fn adopted(&self, part: Cow<'_, str>, whole: &str, logical: &Logical<'_>) -> Cow<'a, str> {
        let part = match part {
            Cow::Owned(text) => return Cow::Owned(text),
            Cow::Borrowed(part) => part,
        };
        if part.is_empty() {
            return Cow::Borrowed("");
        }
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize) as u32;
        let span = logical.source_span(start..start.saturating_add(part.len() as u32));
        match self.text {
            Some(text) if span.len() == part.len() && span.str_of(text) == part => Cow::Borrowed(span.str_of(text)),
            _ => Cow::Owned(part.to_owned()),
        }
    }

    /// Reads the bodies of the here-documents a line announces. Returns the end of the last line read.
    fn heredocs(&mut self, node: &mut Node<'a>, mut last_end: usize) -> usize {
        let announced = match heredocs_of(&node.logical.text) {
            Ok(list) => list,
            Err(message) => {
                node.error.get_or_insert(Box::new(Diagnostic {
                    code: "DOCKERFILE_HEREDOC_DELIMITER",
                    message,
                    help: Some("write one word, quoted or not, after `<<`".to_owned()),
                    span: node.logical.source_span(node.rest.clone()),
                    lines: node.lines,
                }));
                return last_end;
            }
        };
        let mut from = node.rest.start as usize;
        for mut doc in announced {
            if let Some(i) = node.logical.text.get(from..).and_then(|t| t.find(&doc.word)) {
                let (s, e) = (from + i, from + i + doc.word.len());
                doc.doc.span = node.logical.source_span(s as u32..e as u32);
                from = e;
            }
            let mut doc = doc.doc;
            let body_start = self.at;
            let mut body_end = self.at;
            let mut terminated = false;
            while let Some(line) = self.next_line() {
                last_end = line.end;
                let text = &self.source[line.start..line.end];
                let tabs = if doc.chomp { text.iter().take_while(|&&b| b == b'\t').count() } else { 0 };
                if &text[tabs..] == doc.name.as_bytes() {
                    doc.terminator = Span::new(line.start, line.end);
                    terminated = true;
                    break;
                }
                body_end = line.next;
            }
            doc.body = Span::new(body_start, body_end);
            doc.content = self.str(body_start..body_end);
            if !terminated {
                doc.terminator = Span::new(body_end, body_end);
                node.error.get_or_insert_with(|| {
                    Box::new(Diagnostic {
                        code: "DOCKERFILE_HEREDOC_UNTERMINATED",
                        message: format!("the here-document {} is not closed", doc.name),
                        help: Some(format!("add a line that holds only {}", doc.name)),
                        span: doc.span,
                        lines: Lines { from: node.lines.from, to: self.line },
                    })
                });
            }
            node.heredocs.push(doc);
        }
        last_end
    }
}

/// A logical line while it is put together. Kept from line to line, so that each gets memory of just its size.
#[derive(Default)]
struct Joined {
    /// The line, where all so far is UTF-8.
    text: String,
    /// The line, where not.
    bytes: Vec<u8>,
    map: Vec<Segment>,
}

impl Joined {
    fn clear(&mut self) {
        self.text.clear();
        self.bytes.clear();
        self.map.clear();
    }

    fn push_str(&mut self, text: &str, source: usize) {
        if !text.is_empty() || self.map.is_empty() {
            self.map.push(Segment { logical: self.text.len() as u32, source: source as u32 });
            self.text.push_str(text);
        }
    }

    fn push_bytes(&mut self, bytes: &[u8], source: usize) {
        if !bytes.is_empty() || self.map.is_empty() {
            self.map.push(Segment { logical: self.bytes.len() as u32, source: source as u32 });
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn finish(&self) -> Logical<'static> {
        let start = self.map.first().map_or(0, |s| s.source);
        let map = self.map.get(1..).unwrap_or(&[]).to_vec();
        match std::str::from_utf8(&self.bytes) {
            Ok("") => Logical { text: Cow::Owned(self.text.clone()), start, map },
            Ok(text) => Logical { text: Cow::Owned(text.to_owned()), start, map },
            Err(_) => decode_logical(&self.bytes, &Logical { text: Cow::Borrowed(""), start, map }),
        }
    }
}

/// Reads bytes that are not all UTF-8: each invalid byte becomes one U+FFFD, with a map that accounts for it.
/// `plain` has the map of the bytes.
fn decode_logical(bytes: &[u8], plain: &Logical<'_>) -> Logical<'static> {
    let mut text = String::with_capacity(bytes.len());
    let mut map = Vec::new();
    let mut at = 0u32;
    let mut segments = plain.map.iter().peekable();
    for chunk in bytes.utf8_chunks() {
        let end = at + chunk.valid().len() as u32;
        map.push(Segment { logical: text.len() as u32, source: plain.source_offset(at) });
        while let Some(s) = segments.next_if(|s| s.logical < end) {
            if s.logical > at {
                map.push(Segment { logical: text.len() as u32 + (s.logical - at), source: s.source });
            }
        }
        text.push_str(chunk.valid());
        at = end;
        for _ in chunk.invalid() {
            // All three bytes of the U+FFFD stand for the one byte.
            let (logical, source) = (text.len() as u32, plain.source_offset(at));
            map.extend((0..3).map(|i| Segment { logical: logical + i, source }));
            text.push('\u{fffd}');
            at += 1;
        }
    }
    Logical { text: Cow::Owned(text), start: plain.start, map }
}

/// Bytes as text, each byte that is not UTF-8 as one U+FFFD, as Go prints them.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    Cow::Owned(out)
}

/// Without white space around.
fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// How many bytes of white space (Unicode's) stand at the start.
fn leading_space(text: &[u8]) -> usize {
    let ascii = text.iter().take_while(|b| matches!(b, b'\t'..=b'\r' | b' ')).count();
    match text.get(ascii) {
        Some(b) if !b.is_ascii() => {
            let valid = text[ascii..].utf8_chunks().next().map_or("", |c| c.valid());
            ascii + valid.len() - valid.trim_start().len()
        }
        _ => ascii,
    }
}

/// What is kept of a line that goes on in the next: everything before the escape character. `None` where it ends here.
///
/// An escape character before the last one takes its meaning away.
fn continuation(line: &[u8], escape: u8) -> Option<usize> {
    let end = line.iter().rposition(|b| !matches!(b, b' ' | b'\t'))?;
    if line[end] != escape {
        return None;
    }
    match end.checked_sub(1) {
        Some(before) if line[before] == escape => None,
        _ => Some(end),
    }
}

/// Name and value of `# name = value`, as ranges of the line, which starts with `#`.
fn directive_parts(line: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let ascii_space = |b: &u8| matches!(b, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let name = 1 + leading_space(&line[1..]);
    let name_len = line[name..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    if name_len == 0 || !line[name].is_ascii_alphabetic() {
        return None;
    }
    let mut at = name + name_len;
    at += line[at..].iter().take_while(|b| ascii_space(b)).count();
    if line.get(at) != Some(&b'=') {
        return None;
    }
    at += 1;
    let space = line[at..].iter().take_while(|b| ascii_space(b)).count();
    if at == line.len() {
        return None;
    }
    if at + space == line.len() {
        // Only white space: BuildKit's expression gives its last character back to the value.
        return Some((name..name + name_len, line.len() - 1..line.len()));
    }
    let end = line.iter().rposition(|b| !ascii_space(b))? + 1;
    Some((name..name + name_len, at + space..end))
}

/// ONBUILD inside ONBUILD is refused, so deeper nesting needs no tree.
const MAX_NESTING: u32 = 4;

/// Splits a logical line, whose text is `text`, into keyword, flags and arguments. The node's own line is left empty.
fn node_from_text<'t>(text: &'t str, logical: &Logical<'_>, escape: Escape, depth: u32) -> Node<'t> {
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    let keyword_len = trimmed.find(args::is_separator).unwrap_or(trimmed.len());
    let (keyword_text, after) = trimmed.split_at(keyword_len);
    let after = after.trim_start_matches(args::is_separator);
    let after_at = start + trimmed.len() - after.len();
    let kind = Keyword::of(keyword_text);
    let place = |range: &Range<u32>| logical.source_span(range.clone());
    let keyword_range = start as u32..(start + keyword_len) as u32;
    let keyword = Word { text: Cow::Borrowed(keyword_text), span: place(&keyword_range), logical: keyword_range };
    let (flags, rest_at) = args::flags(after);
    let flags: Vec<Flag<'t>> = flags.into_iter().map(|f| f.place(logical, after_at)).collect();
    let rest_at = rest_at.min(after.len());
    // Flags are cut by the byte, so the rest may begin inside a character.
    let rest_at = (rest_at..=after.len()).find(|&i| after.is_char_boundary(i)).unwrap_or(after.len());
    let rest_text = after[rest_at..].trim();
    let rest_start = after_at + rest_at + (after[rest_at..].len() - after[rest_at..].trim_start().len());
    let rest = rest_start as u32..(rest_start + rest_text.len()) as u32;

    let mut node = Node {
        kind,
        keyword,
        flags,
        args: Vec::new(),
        json: false,
        rest: rest.clone(),
        heredocs: Vec::new(),
        child: None,
        comments: 0..0,
        lines: Lines::default(),
        span: place(&(0..text.len() as u32)),
        empty_continuation: false,
        error: None,
        logical: Logical::default(),
    };
    let mut problem = None;
    if kind == Keyword::Onbuild {
        if !rest_text.is_empty() && depth < MAX_NESTING {
            let line = logical.part(rest_text, rest);
            let mut child = node_from_text(rest_text, &line, escape, depth + 1);
            child.logical = line;
            node.error = child.error.clone();
            node.child = Some(Box::new(child));
        }
    } else {
        let parsed = args::parse(kind, rest_text, escape);
        node.json = parsed.json;
        problem = parsed.problem;
        let word = |w: args::Arg<'t>| {
            let range = (rest_start + w.range.start) as u32..(rest_start + w.range.end) as u32;
            Word { text: w.text, span: place(&range), logical: range }
        };
        node.args = parsed.words.into_iter().map(word).collect();
    }
    if let Some(Problem { code, message, help, range }) = problem {
        let span = place(&((rest_start + range.start) as u32..(rest_start + range.end) as u32));
        node.error = Some(Box::new(Diagnostic { code, message, help, span, lines: Lines::default() }));
    }
    node
}

fn can_contain_heredoc(node: &Node<'_>) -> bool {
    let node = match (node.kind, &node.child) {
        (Keyword::Onbuild, Some(child)) => child.as_ref(),
        _ => node,
    };
    matches!(node.kind, Keyword::Add | Keyword::Copy | Keyword::Run) && !node.json
}

/// A here-document and the word that announces it.
struct Announced {
    word: String,
    doc: Heredoc<'static>,
}

/// The here-documents a logical line announces.
fn heredocs_of(line: &str) -> Result<Vec<Announced>, String> {
    let lexer = Expander { raw_quotes: true, raw_escapes: true, skip_unset: true, ..Expander::default() };
    // A line that cannot be split has none.
    let Ok(split) = lexer.expand(line, &()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for word in split.words {
        if let Some(doc) = heredoc(&word).map_err(|e| format!("{word}: {e}"))? {
            found.push(Announced { word, doc });
        }
    }
    Ok(found)
}

/// Reads a word as `[fd]<<[-]NAME`.
pub(crate) fn heredoc(word: &str) -> Result<Option<Heredoc<'static>>, super::expand::ExpandError> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let Some(rest) = word[digits..].strip_prefix("<<") else { return Ok(None) };
    let (chomp, rest) = rest.strip_prefix('-').map_or((false, rest), |r| (true, r));
    let rest = rest.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let plain = Expander { skip_unset: true, ..Expander::default() };
    let mut words = plain.expand(rest, &())?.words;
    let (Some(name), true) = (words.pop(), words.is_empty()) else { return Ok(None) };
    let raw = Expander { raw_quotes: true, ..plain }.expand(rest, &())?.words;
    let quotes = |s: &str| s.bytes().filter(|b| matches!(b, b'\'' | b'"')).count();
    let expand = raw.first().is_some_and(|r| quotes(r) == quotes(&name));
    Ok(Some(Heredoc {
        expand,
        chomp,
        fd: word[..digits].parse().unwrap_or(if digits == 0 { 0 } else { u32::MAX }),
        name: Cow::Owned(name),
        ..Heredoc::default()
    }))
}

/// `did you mean` for an unknown instruction.
pub(crate) fn unknown_instruction(node: &Node<'_>) -> Diagnostic {
    let written = &node.keyword.text;
    let names = Keyword::ALL.map(Keyword::name);
    Diagnostic {
        code: "DOCKERFILE_UNKNOWN_INSTRUCTION",
        message: format!("unknown instruction: {written}"),
        help: Some(match suggest::nearest(written, names) {
            Some(name) => format!("did you mean {name}?"),
            None => {
                "instructions are ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, ONBUILD, \
                     RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR"
                    .to_owned()
            }
        }),
        span: node.keyword.span,
        lines: node.lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args<'n>(node: &'n Node<'_>) -> Vec<&'n str> {
        node.args.iter().map(|a| a.text.as_ref()).collect()
    }

    #[test]
    fn continuations_join_and_keep_their_places() {
        let source = "FROM a\nRUN one \\\n\n  # why\n  two\n";
        let file = parse(source.as_bytes());
        let run = &file.nodes[1];
        assert_eq!(run.rest(), "one   two");
        assert_eq!((run.lines.from, run.lines.to), (2, 5));
        assert!(run.empty_continuation);
        let two = run.logical.text.find("two").unwrap() as u32;
        assert_eq!(run.source_span(two..two + 3).str_of(source), "two");
        assert_eq!(file.comments[0].text, "why");
        assert!(file.comments[0].inside);
    }

    #[test]
    fn an_escaped_escape_does_not_continue() {
        let file = parse(b"FROM a\nRUN x \\\\\nRUN y\\ \t\nz\n");
        assert_eq!(file.nodes[1].rest(), "x \\\\");
        assert_eq!(file.nodes[2].rest(), "yz");
    }

    #[test]
    fn directives_count_only_at_the_top() {
        let file = parse(b"# syntax=a\n#  Escape = ` \nFROM a\n# check=skip=all\nRUN b`\n c\n");
        let names: Vec<_> = file.directives.iter().map(|d| (d.name, d.value.as_ref())).collect();
        assert_eq!(names, [("syntax", "a"), ("escape", "`")]);
        assert_eq!(file.nodes[1].rest(), "b c");
        assert_eq!(parse(b"# a comment\n# escape=`\nFROM a\n").escape, Escape::Backslash);
        assert_eq!(parse(b"# escape=`\n# escape=`\nFROM a\n").fatal().unwrap().code, "DOCKERFILE_DIRECTIVE_REPEATED");
        assert_eq!(parse(b"# escape=x\nFROM a\n").fatal().unwrap().code, "DOCKERFILE_ESCAPE_INVALID");
    }

    #[test]
    fn heredocs_have_bodies_and_terminators() {
        let source = "FROM a\nCOPY <<-'A' <<B /x\n\t1\n\tA\n$2\nB\nRUN x\n";
        let file = parse(source.as_bytes());
        let copy = &file.nodes[1];
        let docs: Vec<_> = copy.heredocs.iter().map(|d| (d.name.as_ref(), d.text().into_owned(), d.expand)).collect();
        assert_eq!(docs, [("A", "1\n".to_owned(), false), ("B", "$2\n".to_owned(), true)]);
        assert_eq!(copy.heredocs[1].span.str_of(source), "<<B");
        assert_eq!(copy.heredocs[1].terminator.str_of(source), "B");
        assert_eq!(file.nodes.len(), 3);
    }

    #[test]
    fn an_open_heredoc_is_an_error_with_a_place() {
        let file = parse(b"FROM a\nRUN <<EOF\nx\n");
        let error = file.parse_error().unwrap();
        assert_eq!(error.code, "DOCKERFILE_HEREDOC_UNTERMINATED");
        assert_eq!((error.span.start, error.lines.from), (11, 2));
        assert_eq!(file.nodes[1].heredocs[0].content, "x\n");
    }

    #[test]
    fn flags_are_cut_by_the_byte_and_lose_their_quotes() {
        let source = "FROM a\nCOPY --from='b' --chown=\\1 --link x y\n";
        let file = parse(source.as_bytes());
        let flags: Vec<_> = file.nodes[1].flags.iter().map(|f| f.text.as_ref()).collect();
        assert_eq!(flags, ["--from=b", "--chown=1", "--link"]);
        assert_eq!(file.nodes[1].flags[0].value_span.str_of(source), "'b'");
        assert_eq!(args(&file.nodes[1]), ["x", "y"]);
    }

    #[test]
    fn words_keep_quotes_and_json_is_decoded() {
        let file =
            parse(b"FROM a\nENV A=\"b c\" D=e\\ f\nENV G h i\nCMD [\"\\u00e9\", \"y\"]\nRUN [\"a\" b]\nARG x y='z'\n");
        assert_eq!(args(&file.nodes[1]), ["A", "\"b c\"", "=", "D", "e\\ f", "="]);
        assert_eq!(args(&file.nodes[2]), ["G", "h i", ""]);
        assert_eq!(args(&file.nodes[3]), ["\u{e9}", "y"]);
        assert!(file.nodes[3].json && !file.nodes[4].json);
        assert_eq!(args(&file.nodes[5]), ["x", "y='z'"]);
        assert_eq!(parse(b"FROM a\nCMD [1]\n").fatal().unwrap().code, "DOCKERFILE_JSON_NOT_STRINGS");
    }

    #[test]
    fn bytes_that_are_not_utf8_keep_their_places() {
        let source = b"FROM a\nRUN x\xff\xfe y\n";
        let run = &parse(source).nodes[1];
        assert_eq!(run.rest(), "x\u{fffd}\u{fffd} y");
        let y = run.logical.text.find('y').unwrap() as u32;
        assert_eq!(run.source_span(y..y + 1).of(source), b"y");
    }

    #[test]
    fn long_lines_and_empty_files_are_refused() {
        let long = format!("FROM a\nRUN {}\n", "x".repeat(MAX_LINE));
        assert_eq!(parse(long.as_bytes()).fatal().unwrap().code, "DOCKERFILE_LINE_TOO_LONG");
        assert_eq!(parse(b"").fatal().unwrap().code, "DOCKERFILE_EMPTY");
        assert_eq!(parse(b"# only a comment\n").fatal().unwrap().code, "DOCKERFILE_EMPTY");
    }

    #[test]
    fn onbuild_has_its_instruction_inside() {
        let source = "FROM a\nONBUILD COPY <<E --x /y\nz\nE\n";
        let file = parse(source.as_bytes());
        let child = file.nodes[1].child.as_ref().unwrap();
        assert_eq!(child.kind, Keyword::Copy);
        assert_eq!(child.args[0].span.str_of(source), "<<E");
        assert_eq!(file.nodes[1].heredocs[0].content, "z\n");
    }
}
