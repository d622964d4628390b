//! What the formatter does only on request: sorted package lists, a line for each command, aligned continuations.
//!
//! Each is a pass of its own over a parsed file, before or after the layout.

use std::collections::BTreeMap;

use super::script::{Kind, Token, tokens};
use super::{Edit, apply, inside, is_script, line_end, protected};
use crate::dockerfile::syntax::{Dockerfile, Escape, Keyword, Node};
use crate::text::Span;

/// `RUN`s whose script a POSIX shell reads, those of `ONBUILD` included.
fn scripts<'f, 's>(file: &'f Dockerfile<'s>) -> impl Iterator<Item = &'f Node<'s>> {
    // PowerShell and cmd quote in their own ways.
    let posix = file.escape == Escape::Backslash && file.nodes.iter().all(|n| n.kind != Keyword::Shell);
    file.nodes
        .iter()
        .filter(move |_| posix)
        .map(innermost)
        .filter(|n| n.kind == Keyword::Run && is_script(n) && n.heredocs.is_empty() && n.error.is_none())
}

/// The instruction itself, or what an `ONBUILD` triggers.
fn innermost<'f, 's>(mut node: &'f Node<'s>) -> &'f Node<'s> {
    while let Some(child) = &node.child {
        node = child;
    }
    node
}

/// Sorts the packages of each `apt-get install`. Words that are not plain names, options and comments stay where they
/// are; names are sorted between comments.
pub(super) fn sort_packages(source: &str, file: &Dockerfile) -> String {
    let mut edits = Vec::new();
    for node in scripts(file) {
        let script = node.rest();
        for command in tokens(script).split(|t| !matches!(t.kind, Kind::Plain | Kind::Word)) {
            for group in packages(source, file, node, script, command) {
                let mut names: Vec<&str> = group.iter().map(|s| s.str_of(source)).collect();
                crate::order::sort(&mut names);
                edits.extend(group.iter().zip(names).map(|(span, name)| Edit { span: *span, text: name.to_owned() }));
            }
        }
    }
    apply(source.as_bytes(), edits)
}

/// The places of package names in a command, grouped by the comments between them; none where it installs nothing.
fn packages(source: &str, file: &Dockerfile, node: &Node, script: &str, command: &[Token]) -> Vec<Vec<Span>> {
    let word = |t: &Token| script.get(t.range.clone()).unwrap_or("");
    let Some(program) = command.iter().position(|t| matches!(word(t), "apt-get" | "apt")) else { return Vec::new() };
    let arguments = command.get(program + 1..).unwrap_or(&[]);
    let Some(install) = arguments.iter().position(|t| word(t) == "install") else { return Vec::new() };
    let mut groups: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
    let mut value = false;
    for token in arguments.get(install + 1..).unwrap_or(&[]) {
        let text = word(token);
        if std::mem::take(&mut value) {
            continue;
        }
        value = matches!(
            text,
            "-t" | "-o" | "-c" | "-a" | "--option" | "--target-release" | "--default-release" | "--config-file"
        );
        if text.starts_with('-') || token.kind != Kind::Plain {
            continue;
        }
        let start = node.rest.start + token.range.start as u32;
        let span = node.source_span(start..node.rest.start + token.range.end as u32);
        if span.str_of(source) == text {
            let comments = file.comments.partition_point(|c| c.span.start < span.start);
            groups.entry(comments).or_default().push(span);
        }
    }
    groups.into_values().collect()
}

/// Puts each command of a script on a line of its own: a break before `&&`, `||` and `|`, and after `;`,
/// where white space stands.
pub(super) fn break_commands(source: &str, file: &Dockerfile, indent: &str) -> String {
    let bytes = source.as_bytes();
    let ending = if crate::text::find(bytes, b"\r\n").is_some() { "\r\n" } else { "\n" };
    let line_break = format!(" \\{ending}{indent}");
    let mut edits = Vec::new();
    for node in scripts(file) {
        let script = node.rest();
        let place = |at: usize| node.logical.source_offset(node.rest.start + at as u32);
        for token in tokens(script).iter().filter(|t| t.depth == 0 && matches!(t.kind, Kind::Joint | Kind::End)) {
            let (start, end) = (token.range.start, token.range.end);
            let before = script.get(..start).unwrap_or("").trim_end().len();
            let rest = script.get(end..).unwrap_or("");
            let after = end + (rest.len() - rest.trim_start().len());
            if before == 0 || after >= script.len() || script.as_bytes().get(after) == Some(&b'#') {
                continue;
            }
            let left = Span { start: place(before - 1) + 1, end: place(start) };
            let right = Span { start: place(end - 1) + 1, end: place(after) };
            let broken = |s: Span| memchr::memchr(b'\n', s.of(bytes)).is_some();
            if broken(left) || broken(right) {
                continue;
            }
            let span = if token.kind == Kind::End { right } else { left };
            // The script keeps its words: no white space comes where there was none.
            if span.is_empty() {
                continue;
            }
            edits.push(Edit { span, text: line_break.clone() });
        }
    }
    apply(bytes, edits)
}

/// The widest line, in characters, that continuations are aligned with: wider ones stand out.
const MAX_WIDTH: usize = 120;

/// Puts the escape characters at the ends of an instruction's lines into one column.
pub(super) fn align(source: &str, file: &Dockerfile) -> String {
    let escape = file.escape.char();
    let mut edits = Vec::new();
    for node in &file.nodes {
        let end = node.heredocs.first().map_or(node.span.end, |h| h.body.start);
        let protected = protected(file, innermost(node));
        let mut lines = Vec::new();
        let mut at = node.span.start;
        while at < end {
            let rest = Span { start: at, end }.of(source.as_bytes());
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1) as u32;
            let line = Span { start: at, end: at + length };
            at = line.end;
            let text = Span { start: line.start, end: line_end(source.as_bytes(), line) }.str_of(source);
            // The layout has put one space before those that may be moved.
            let Some(kept) = text.strip_suffix(escape).and_then(|t| t.strip_suffix(' ')) else { continue };
            let width = kept.chars().count();
            if kept.ends_with([' ', '\t', escape]) || kept.trim_start().starts_with('#') || width > MAX_WIDTH {
                continue;
            }
            let start = line.start + kept.len() as u32;
            if !kept.trim().is_empty() && !inside(&protected, start) && !inside(&protected, start + 1) {
                lines.push((Span { start, end: start + 1 }, width));
            }
        }
        let widest = lines.iter().map(|(_, width)| *width).max().unwrap_or(0);
        edits.extend(lines.iter().map(|(span, width)| Edit { span: *span, text: " ".repeat(widest + 1 - width) }));
    }
    apply(source.as_bytes(), edits)
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::format::{Continuation, FormatOptions, format};

    fn check(options: FormatOptions, source: &str, want: &str) {
        let made = format(source, &options);
        assert_eq!(made, want);
        assert_eq!(format(&made, &options), want, "a second time");
    }

    #[test]
    fn packages_are_sorted_between_comments() {
        let options = FormatOptions { sort_packages: true, ..FormatOptions::default() };
        check(
            options,
            "FROM a\nRUN apt-get update && apt-get -y install -t x zip \\\n    curl=1.* b $V a \\\n    # tools\n    make \\\n    gcc \\\n    && apt install b a 2>&1\n",
            "FROM a\nRUN apt-get update && apt-get -y install -t x a \\\n    curl=1.* b $V zip \\\n    # tools\n    gcc \\\n    make \\\n    && apt install a b 2>&1\n",
        );
        let quiet = "FROM a\nRUN echo \"apt-get install b a\"\nRUN [\"apt-get\", \"install\", \"b\", \"a\"]\nRUN apt-get remove b a\n";
        check(options, quiet, quiet);
    }

    #[test]
    fn commands_get_lines_of_their_own() {
        let options = FormatOptions { break_commands: true, ..FormatOptions::default() };
        check(
            options,
            "FROM a\nRUN x  && y || (z && w) | v; u \\\n  && t \"a && b\"; # c; d\nONBUILD RUN a && b&&c\nCMD a && b\n",
            "FROM a\nRUN x \\\n    && y \\\n    || (z && w) \\\n    | v; \\\n    u \\\n    && t \"a && b\"; # c; d\nONBUILD RUN a \\\n    && b&&c\nCMD a && b\n",
        );
        let quiet = "FROM a\nRUN for i in a; do b; done\nRUN <<E\na && b\nE\nSHELL [\"cmd\"]\nRUN a && b\n";
        check(options, quiet, quiet);
    }

    #[test]
    fn continuations_are_aligned_or_kept() {
        let source = "FROM a\nRUN xyz \\\n  # c \\\n  && \u{e9} \\\n  && 'a \\\n  b' \\\n && y\\\n  && z\n";
        check(
            FormatOptions { continuation: Continuation::Align, ..FormatOptions::default() },
            source,
            "FROM a\nRUN xyz   \\\n    # c \\\n     && \u{e9} \\\n     && 'a \\\n  b'      \\\n    && y\\\n     && z\n",
        );
        let kept = "FROM a\nRUN x    \\\n    y  \\\n    z\n";
        check(FormatOptions { continuation: Continuation::Keep, ..FormatOptions::default() }, kept, kept);
    }
}
