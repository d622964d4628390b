//! The variables that can be read at a place.

use super::{Before, CompletionKind, Place, in_name};
use crate::dockerfile::syntax::{Keyword, Node};
use crate::edit::describe;
use crate::edit::variables::{PLATFORM_ARGS, scan, visible_at};
use crate::lint::context::Dialect;
use crate::order;
use crate::text::Span;

/// A name that is being typed after `$`, `${`, `%` or `$env:`.
struct Open<'t> {
    name: &'t str,
    /// What has to follow the name, if it is not there yet.
    close: &'static str,
}

/// The variable at the end of a text, as the expander reads it.
fn open(text: &str, quotes: bool, escape: Option<char>) -> Option<Open<'_>> {
    let name = text.trim_end_matches(|c: char| c == '_' || c.is_ascii_alphanumeric());
    if !name.ends_with(['$', '{']) {
        return None;
    }
    // With one letter more it is a name, however little of it is there.
    let whole = format!("{text}_");
    let mut last = None;
    scan(&whole, quotes, escape, &mut |r| last = Some(r));
    let range = last.filter(|r| r.end == whole.len())?;
    let name = text.get(range.start..)?;
    let close = if text.get(..range.start)?.ends_with('{') { "}" } else { "" };
    Some(Open { name, close })
}

impl Place<'_, '_> {
    /// Offers variables where one is being typed; `false` where none is.
    pub(super) fn variables(&mut self, before: &Before<'_>) -> bool {
        let document = self.document;
        let escape = Some(document.file.escape.char());
        let shell = document.inst(before.inst).map_or("", |i| i.shell.as_str());
        let in_flags = before.rest.trim_start().starts_with("--") && !super::flags::are_done(before.rest);
        let json = before.rest.trim_start().starts_with('[');
        let (found, runtime) = match before.kind {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck if !in_flags => {
                let found = if Dialect::of(shell).is_some() {
                    open(before.rest, true, Some('\\'))
                } else {
                    windows(before.rest, shell)
                };
                (found.filter(|_| !json), before.kind != Keyword::Run)
            }
            Keyword::Healthcheck | Keyword::Shell | Keyword::Maintainer | Keyword::Unknown => return false,
            // Of a flag, quotes and backslashes are gone before it is expanded.
            _ if in_flags => (open(before.rest, false, escape.filter(|&c| c == '`')), false),
            _ if json => (open(before.rest, false, Some('\\')), false),
            _ => (open(before.rest, true, escape), false),
        };
        let Some(found) = found else { return false };
        self.names(before.inst, &found, runtime);
        true
    }

    /// In the body of a here-document there is nothing else to offer.
    pub(super) fn heredoc(&mut self, index: usize, node: &Node<'_>, body: Span, expand: bool) {
        let document = self.document;
        let Some(inst) = document.inst_of(index) else { return };
        let before = document.text(Span { start: body.start, end: self.offset });
        let script = node.kind == Keyword::Run
            && document.inst(inst).is_some_and(|i| {
                // A script of its own, whatever the quotes around its end word.
                i.run(false).is_some_and(|r| r.bodies.iter().any(|b| b.logical.source_offset(0) == body.start))
            });
        if !expand && !script {
            return;
        }
        if let Some(found) = open(before, false, Some('\\')) {
            self.names(inst, &found, false);
        }
    }

    fn names(&mut self, inst: usize, open: &Open<'_>, runtime: bool) {
        let Some(mut span) = self.span(open.name, in_name) else { return };
        let document = self.document;
        let closed = !open.close.is_empty() && document.source.get(span.end as usize) == Some(&b'}');
        // A modifier may follow the name.
        let goes_on = document
            .source
            .get(span.end as usize)
            .is_some_and(|b| matches!(b, b':' | b'-' | b'+' | b'?' | b'#' | b'%' | b'/'));
        let close = if closed || (goes_on && span.end > self.offset) { "" } else { open.close };
        span.end = span.end.max(self.offset);
        let variables = visible_at(document, inst, false, &self.given);
        let mut list: Vec<_> = variables.iter().filter(|(_, v)| v.env || !runtime).collect();
        // What was set last is the likeliest; what every build has comes after.
        let known = |name: &str| PLATFORM_ARGS.iter().position(|(n, _)| *n == name);
        order::sort_by_key(&mut list, |(n, v)| (std::cmp::Reverse(v.set_at.map_or(0, |s| s.start + 1)), known(n)));
        for (name, variable) in list {
            let fallback = if variable.env { "ENV" } else { "ARG" };
            let detail = variable.value.as_deref().filter(|v| !v.is_empty()).unwrap_or(fallback);
            let short: String = detail.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let doc = describe::variable(document, name, variable);
            self.offer(span, CompletionKind::Variable, name).detail(&short).doc(doc).insert(format!("{name}{close}"));
        }
    }
}

/// `%NAME` of `cmd`, `$env:NAME` of PowerShell.
fn windows<'t>(text: &'t str, shell: &str) -> Option<Open<'t>> {
    let start = text.trim_end_matches(|c: char| c == '_' || c.is_ascii_alphanumeric()).len();
    let (before, name) = text.split_at(start);
    let lower = shell.to_ascii_lowercase();
    let powershell = lower.contains("powershell") || lower.contains("pwsh");
    let tail = before.get(before.len().saturating_sub(5)..).unwrap_or("").to_ascii_lowercase();
    if powershell && tail.ends_with("env:") {
        return Some(Open { name, close: if before.to_ascii_lowercase().ends_with("${env:") { "}" } else { "" } });
    }
    let opens = before.ends_with('%') && before.matches('%').count() % 2 == 1;
    (!powershell && opens).then_some(Open { name, close: "%" })
}
