//! Formatting: the same build in a tidier text.
//!
//! The formatter only edits white space, the case of keywords, and blank lines. Words, comments and here-documents stay
//! as they are, to the byte. In shell scripts it goes no further than the indentation of continuation lines and, on
//! request, line breaks between commands and the order of packages; it leaves alone what is quoted. Formatting twice
//! changes nothing more.

mod arrange;
mod script;

use serde::{Deserialize, Serialize};

use super::parse;
use super::syntax::*;
use crate::order;
use crate::text::Span;

/// How to format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct FormatOptions {
    /// The case of keywords; upper where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub keyword_case: KeywordCase,
    /// Spaces in front of continuation lines; 4 where not given, at most 16.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub indent: u8,
    /// Blank lines that may follow each other; 1 where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub blank_lines: u8,
    /// Where the escape characters at the ends of continued lines stand; after one space where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub continuation: Continuation,
    /// Give each command of a `RUN` a line of its own: a break before `&&`, `||` and `|`, and after `;`.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub break_commands: bool,
    /// Sort the packages of `apt-get install`.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub sort_packages: bool,
}

impl Default for FormatOptions {
    fn default() -> Self {
        Self {
            keyword_case: KeywordCase::Upper,
            indent: 4,
            blank_lines: 1,
            continuation: Continuation::Space,
            break_commands: false,
            sort_packages: false,
        }
    }
}

/// The case of keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum KeywordCase {
    /// `FROM`
    #[default]
    Upper,
    /// `from`
    Lower,
    /// As written.
    Keep,
}

/// Where the escape character at the end of a continued line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum Continuation {
    /// One space after the text.
    #[default]
    Space,
    /// In one column for all lines of an instruction. Lines of more than 120 characters stand out.
    Align,
    /// As written.
    Keep,
}

/// A stretch of the source and what takes its place.
struct Edit {
    span: Span,
    text: String,
}

/// Formats a Dockerfile.
///
/// A file that cannot be formatted without changing what it builds comes back as it is.
///
/// ```
/// use layerwright::dockerfile::format::{FormatOptions, format};
/// let text = "from  alpine as b\n\n\nrun apk add \\\n  curl\n";
/// assert_eq!(format(text, &FormatOptions::default()), "FROM alpine AS b\n\nRUN apk add \\\n    curl\n");
/// ```
pub fn format(source: &str, options: &FormatOptions) -> String {
    let mut text = source.to_owned();
    if options.sort_packages {
        text = arrange::sort_packages(&text, &parse(text.as_bytes()));
    }
    text = pass(&text, |text, file| {
        let mut edits = Edits { source: text.as_bytes(), options, list: Vec::new() };
        edits.file(file);
        apply(text.as_bytes(), edits.list)
    });
    if options.break_commands {
        let indent = spaces(options);
        text = pass(&text, |text, file| arrange::break_commands(text, file, &indent));
    }
    if options.continuation == Continuation::Align {
        text = pass(&text, arrange::align);
    }
    text
}

/// One pass; a result that builds something else is left alone.
fn pass(text: &str, change: impl FnOnce(&str, &Dockerfile) -> String) -> String {
    let file = parse(text.as_bytes());
    let made = change(text, &file);
    if same_build(&file, &parse(made.as_bytes())) { made } else { text.to_owned() }
}

fn spaces(options: &FormatOptions) -> String {
    " ".repeat(usize::from(options.indent.min(16)))
}

/// The source with edits, which do not overlap: one that did would be left out.
fn apply(source: &[u8], mut edits: Vec<Edit>) -> String {
    order::sort_by_key(&mut edits, |e| e.span);
    let mut out = Vec::with_capacity(source.len());
    let mut at = 0;
    for edit in &edits {
        let start = edit.span.start as usize;
        if start < at {
            continue;
        }
        out.extend_from_slice(source.get(at..start).unwrap_or(&[]));
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.span.end as usize;
    }
    out.extend_from_slice(source.get(at..).unwrap_or(&[]));
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether two files build the same by the same instructions, with the same comments.
///
/// The white space of shell scripts is compared as one space each, since a shell takes it so.
pub fn same_build(a: &Dockerfile, b: &Dockerfile) -> bool {
    a.escape == b.escape
        && a.directives.iter().map(|d| (d.name, &d.value)).eq(b.directives.iter().map(|d| (d.name, &d.value)))
        && a.comments.iter().map(|c| &c.text).eq(b.comments.iter().map(|c| &c.text))
        && a.diagnostics.iter().map(|d| d.code).eq(b.diagnostics.iter().map(|d| d.code))
        && a.nodes.len() == b.nodes.len()
        && a.nodes.iter().zip(&b.nodes).all(|(a, b)| same_node(a, b))
}

fn same_node(a: &Node<'_>, b: &Node<'_>) -> bool {
    let script = is_script(a);
    let from = a.kind == Keyword::From;
    let same_word = |(a, b): (&Word<'_>, &Word<'_>)| {
        a.text == b.text
            || (script && a.text.split_whitespace().eq(b.text.split_whitespace()))
            || (from && a.text.len() == 2 && a.text.eq_ignore_ascii_case(&b.text))
    };
    let kind_word = usize::from(a.kind == Keyword::Healthcheck);
    let child = match (&a.child, &b.child) {
        (Some(a), Some(b)) => same_node(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    a.kind == b.kind
        && (a.kind != Keyword::Unknown || a.keyword.text.eq_ignore_ascii_case(&b.keyword.text))
        && a.json == b.json
        && a.flags.iter().map(|f| &f.text).eq(b.flags.iter().map(|f| &f.text))
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).skip(kind_word).all(same_word)
        && a.heredocs.iter().map(|h| (&h.name, &h.content)).eq(b.heredocs.iter().map(|h| (&h.name, &h.content)))
        && child
}

/// Whether the arguments are one shell script.
fn is_script(node: &Node) -> bool {
    !node.json && matches!(node.kind, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
}

struct Edits<'a> {
    source: &'a [u8],
    options: &'a FormatOptions,
    list: Vec<Edit>,
}

impl Edits<'_> {
    fn replace(&mut self, start: u32, end: u32, text: impl Into<String>) {
        let (span, text) = (Span { start, end: end.max(start) }, text.into());
        if span.of(self.source) != text.as_bytes() {
            self.list.push(Edit { span, text });
        }
    }

    fn cased(&self, word: &str) -> String {
        match self.options.keyword_case {
            KeywordCase::Upper => word.to_ascii_uppercase(),
            KeywordCase::Lower => word.to_ascii_lowercase(),
            KeywordCase::Keep => word.to_owned(),
        }
    }

    fn file(&mut self, file: &Dockerfile) {
        let mut blank = 0u32;
        // A first blank line is kept: without it a comment could become a directive.
        for (index, item) in file.items.iter().enumerate() {
            let (start, end) = (item.span.start, item.span.end);
            match item.kind {
                ItemKind::Blank => {
                    blank += 1;
                    let last = file.items[index..].iter().all(|i| i.kind == ItemKind::Blank);
                    if blank > u32::from(self.options.blank_lines).max(u32::from(index == 0)) || (last && index > 0) {
                        self.replace(start, end, "");
                    } else {
                        let bom = if start == 0 && self.source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
                        let ending = line_end(self.source, item.span);
                        self.replace(start + bom, ending, "");
                    }
                    continue;
                }
                ItemKind::Comment(i) => {
                    if let Some(comment) = file.comments.get(i as usize) {
                        self.indentation(start, comment.span.start);
                    }
                }
                ItemKind::Directive(i) => {
                    if let Some(directive) = file.directives.get(i as usize) {
                        self.indentation(start, directive.span.start);
                    }
                }
                ItemKind::Instruction(i) => {
                    if let Some(node) = file.nodes.get(i as usize) {
                        self.indentation(start, node.span.start);
                        self.node(file, node);
                    }
                }
            }
            blank = 0;
        }
        if let Some(item) = file.items.iter().rev().find(|i| i.kind != ItemKind::Blank) {
            let last = item.span.of(self.source);
            // An open here-document goes to the end: a line end would be added to it.
            let open = file.nodes.last().and_then(|n| n.heredocs.last()).is_some_and(|h| h.terminator.is_empty());
            if !last.ends_with(b"\n") && !open {
                let ending = if crate::text::find(self.source, b"\r\n").is_some() { "\r\n" } else { "\n" };
                self.replace(item.span.end, item.span.end, ending);
            }
        }
    }

    /// Takes the white space before a line's text off; a byte order mark stays.
    fn indentation(&mut self, start: u32, text: u32) {
        let bom = if start == 0 && self.source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        self.replace(start + bom, text, "");
    }

    fn node(&mut self, file: &Dockerfile, node: &Node) {
        self.words(node);
        let mut inner = node;
        while let Some(child) = &inner.child {
            self.gap(inner.keyword.span, child.keyword.span);
            self.words(child);
            inner = child;
        }
        self.lines(file, node, inner);
    }

    /// Keyword, flags and words, with one space between those on the same line.
    fn words(&mut self, node: &Node) {
        let case = self.cased(&node.keyword.text);
        self.replace(node.keyword.span.start, node.keyword.span.end, case);
        let mut tokens: Vec<Span> = node.flags.iter().map(|f| f.span).collect();
        if node.child.is_none() {
            let args = node.args.iter().map(|a| a.span).filter(|s| !s.is_empty());
            if node.json {
                let rest = node.source_span(node.rest.clone());
                let command = if node.kind == Keyword::Healthcheck { node.args.first().map(|a| a.span) } else { None };
                tokens.extend(command);
                let array = Span { start: command.map_or(rest.start, |c| self.after_space(c.end)), end: rest.end };
                tokens.push(array);
                self.array(node, array);
            } else {
                tokens.extend(args);
                order::sort(&mut tokens);
            }
        }
        let mut before = node.keyword.span;
        for token in tokens {
            // Pairs are three words that touch.
            if token.start > before.end {
                self.gap(before, token);
            }
            before = before.to(token);
        }
        match (node.kind, node.args.as_slice()) {
            (Keyword::From, [_, keyword, _]) if keyword.text.eq_ignore_ascii_case("as") => {
                let case = self.cased(&keyword.text);
                self.replace(keyword.span.start, keyword.span.end, case);
            }
            (Keyword::Healthcheck, [kind, ..]) if Keyword::of(&kind.text) == Keyword::Cmd => {
                let case = self.cased(&kind.text);
                self.replace(kind.span.start, kind.span.end, case);
            }
            (Keyword::Healthcheck, [kind]) if kind.text.eq_ignore_ascii_case("none") => {
                let case = self.cased(&kind.text);
                self.replace(kind.span.start, kind.span.end, case);
            }
            _ => {}
        }
    }

    fn after_space(&self, at: u32) -> u32 {
        let rest = self.source.get(at as usize..).unwrap_or(&[]);
        at + rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count() as u32
    }

    /// A JSON array on one line.
    fn array(&mut self, node: &Node, array: Span) {
        let text = array.of(self.source);
        let skip = usize::from(node.kind == Keyword::Healthcheck);
        let words: Vec<&[u8]> = node.args.iter().skip(skip).map(|a| a.span.of(self.source)).collect();
        if memchr::memchr(b'\n', text).is_some() || !text.starts_with(b"[") || !text.ends_with(b"]") {
            return;
        }
        let made = [b"[".as_slice(), &words.join(b", ".as_slice()), b"]"].concat();
        if let Ok(made) = String::from_utf8(made) {
            self.replace(array.start, array.end, made);
        }
    }

    /// One space between two words of the same line.
    fn gap(&mut self, before: Span, after: Span) {
        let gap = Span { start: before.end, end: after.start };
        let text = gap.of(self.source);
        if !text.is_empty() && text.iter().all(|b| matches!(b, b' ' | b'\t')) {
            self.replace(gap.start, gap.end, " ");
        }
    }

    /// The ends and beginnings of the physical lines of an instruction.
    fn lines(&mut self, file: &Dockerfile, node: &Node, inner: &Node) {
        let end = node.heredocs.first().map_or(node.span.end, |h| h.body.start);
        let body = Span { start: node.span.start, end: end.max(node.span.start) };
        let protected = protected(file, inner);
        let inside = |at: u32| inside(&protected, at);
        let escape = file.escape.byte();
        let mut continued: Vec<(Span, bool)> = Vec::new();
        let mut at = body.start;
        let mut first = true;
        // Whether the text so far ends in white space.
        let mut spaced = false;
        while at < body.end {
            let rest = Span { start: at, end: body.end }.of(self.source);
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1) as u32;
            let line = Span { start: at, end: at + length };
            at = line.end;
            let text_end = line_end(self.source, line);
            let indent = self.after_space(line.start).min(text_end);
            if !first {
                let text = Span { start: indent, end: text_end }.of(self.source);
                if text.trim_ascii().is_empty() {
                    self.replace(line.start, line.end, "");
                    continue;
                }
                if text.starts_with(b"#") {
                    let spaces = self.spaces();
                    self.replace(line.start, indent, spaces);
                    continue;
                }
                if indent <= node.keyword.span.start {
                    // The keyword itself stands below an escape character on a line of its own.
                    self.replace(line.start, indent, "");
                } else {
                    let open = (spaced || indent > line.start) && !inside(line.start) && !inside(indent);
                    continued.push((Span { start: line.start, end: indent }, open));
                }
            }
            first = false;
            // The escape character at the end, and the white space around it.
            let text = Span { start: line.start, end: text_end }.of(self.source);
            let bare = text.len() - text.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let goes_on = bare > 0 && text[bare - 1] == escape && (bare < 2 || text[bare - 2] != escape);
            if !goes_on {
                self.replace(line.start + bare as u32, text_end, "");
                break;
            }
            let kept = &text[..bare - 1];
            let word = kept.len() - kept.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
            // A line of white space adds to what stands before it.
            spaced = word < kept.len() || (word == 0 && spaced);
            let (word_end, kept_end) = (line.start + word as u32, line.start + kept.len() as u32);
            self.replace(kept_end + 1, text_end, "");
            let escaped = word > 0 && kept[word - 1] == escape;
            let moved = self.options.continuation != Continuation::Keep;
            if moved && spaced && word > 0 && !escaped && !inside(word_end) && !inside(kept_end) && word_end > indent {
                self.replace(word_end, kept_end, " ");
            }
        }
        // PowerShell and cmd quote in their own ways.
        if file.escape == Escape::Backquote && is_script(inner) {
            return;
        }
        let open = continued.iter().filter(|(_, open)| *open).map(|(s, _)| s.of(self.source));
        let Some(common) = open.reduce(|a, b| &a[..a.iter().zip(b).take_while(|(a, b)| a == b).count()]) else {
            return;
        };
        let common = common.len() as u32;
        for (span, open) in continued {
            if open {
                let spaces = self.spaces();
                self.replace(span.start, span.start + common, spaces);
            }
        }
    }

    fn spaces(&self) -> String {
        spaces(self.options)
    }
}

/// Where white space has a meaning: quoted parts of a script, words of other instructions. Sorted.
fn protected(file: &Dockerfile, node: &Node) -> Vec<Span> {
    if !is_script(node) {
        let mut spans: Vec<Span> = node.args.iter().map(|a| a.span).chain(node.flags.iter().map(|f| f.span)).collect();
        order::sort(&mut spans);
        return spans;
    }
    let mut spans: Vec<Span> = node.flags.iter().map(|f| f.span).collect();
    let escape = file.escape.byte();
    let rest = node.rest();
    let bytes = rest.as_bytes();
    let mut at = 0;
    let mut quoted = |from: usize, to: usize| {
        let range = node.rest.start + from as u32..node.rest.start + to as u32;
        spans.push(node.source_span(range));
    };
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' => at += 1,
            b if b == escape => at += 1,
            b'\'' | b'"' | b'`' => {
                let ansi = b == b'\'' && at > 0 && bytes[at - 1] == b'$';
                let start = at;
                at += 1;
                while let Some(&c) = bytes.get(at) {
                    if c == b'\\' && (b != b'\'' || ansi) {
                        at += 1;
                    } else if c == b {
                        break;
                    }
                    at += 1;
                }
                quoted(start, (at + 1).min(bytes.len()));
            }
            _ => {}
        }
        at += 1;
    }
    order::sort(&mut spans);
    spans
}

/// Whether a place is inside one of these spans, which are sorted.
fn inside(spans: &[Span], at: u32) -> bool {
    let i = spans.partition_point(|s| s.end <= at);
    spans.get(i).is_some_and(|s| s.start < at)
}

/// Where the text of a line ends: before its line end.
fn line_end(source: &[u8], line: Span) -> u32 {
    let text = line.of(source);
    let cut = text.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r')).count();
    line.end - cut as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, want: &str) {
        let made = format(source, &FormatOptions::default());
        assert_eq!(made, want);
        assert_eq!(format(&made, &FormatOptions::default()), want, "a second time");
    }

    #[test]
    fn keywords_spaces_and_blank_lines() {
        check("\n\n# c\nfrom   a  as b\n\n\n\n  env  x=1   y=2\t\n\n", "\n# c\nFROM a AS b\n\nENV x=1 y=2\n");
        check("cmd [ \"a\",\"b\" ]", "CMD [\"a\", \"b\"]\n");
        check("FROM a\nhealthcheck  --retries=2   cmd  x  y\n", "FROM a\nHEALTHCHECK --retries=2 CMD x  y\n");
    }

    #[test]
    fn continuations_are_indented_and_blank_lines_in_them_dropped() {
        check(
            "FROM a\nRUN x && \\\n  y   \\\n\n # why\n    && z  \n",
            "FROM a\nRUN x && \\\n    y \\\n    # why\n      && z\n",
        );
        check("FROM a\nENV a=1 \\\nb=2\n", "FROM a\nENV a=1 \\\n    b=2\n");
    }

    #[test]
    fn a_keyword_below_a_lone_escape_character_begins_its_line() {
        check(" \\\n  FROM \\\n   a\n", "\\\nFROM \\\n    a\n");
    }

    #[test]
    fn what_is_quoted_or_joined_stays() {
        check("FROM a\nRUN echo 'a  \\\n  b' \\\n c\n", "FROM a\nRUN echo 'a  \\\n  b' \\\n    c\n");
        check("FROM a\nRUN foo\\\nbar\n", "FROM a\nRUN foo\\\nbar\n");
        check("FROM a\nRUN <<E\n  x  \n\n\n y\nE\n", "FROM a\nRUN <<E\n  x  \n\n\n y\nE\n");
    }

    #[test]
    fn a_comment_does_not_become_a_directive() {
        check("\n# escape=`\nFROM a\nRUN b\\\n c\n", "\n# escape=`\nFROM a\nRUN b\\\n    c\n");
    }

    #[test]
    fn line_ends_stay() {
        check("from a\r\nrun b \\\r\n  c", "FROM a\r\nRUN b \\\r\n    c\r\n");
    }
}
