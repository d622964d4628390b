//! Parser directives, and comments that steer the linter.

use super::{CompletionKind, Place, in_name, in_word};
use crate::dockerfile::syntax::ItemKind;
use crate::edit::{describe, docs};
use crate::lint::{self, LintOptions, Profile, rules};
use crate::order;
use crate::text::Span;

/// Comments that steer the linter, and what they do.
const PRAGMAS: [(&str, &str); 7] = [
    ("layerwright ignore=", "Silences rules for the next instruction."),
    ("layerwright stage ignore=", "Silences rules for the stage of the `FROM` that follows."),
    ("layerwright global ignore=", "Silences rules for the file."),
    ("hadolint ignore=", "Silences rules for the next instruction, also for hadolint."),
    ("hadolint global ignore=", "Silences rules for the file, also for hadolint."),
    ("hadolint shell=", "The shell that reads the `RUN`s that follow."),
    ("check=skip=", "Silences BuildKit's checks for the next instruction."),
];

impl Place<'_, '_> {
    /// The first lines of a file may hold directives.
    pub(super) fn first_directives(&mut self, line: Span) {
        if !self.in_directives(line) {
            return;
        }
        let span = Span { start: self.offset, end: self.offset };
        for (name, values, text) in self.open_directives() {
            let value = if name == "escape" { "" } else { values.first().copied().unwrap_or("") };
            self.offer(span, CompletionKind::Directive, &format!("# {name}={value}")).doc(text);
        }
    }

    /// Whether a directive on this line would count: only directives stand above.
    fn in_directives(&self, line: Span) -> bool {
        let above = self.document.file.items.iter().take_while(|i| i.span.end <= line.start);
        above.map(|i| i.kind).all(|k| matches!(k, ItemKind::Directive(_)))
    }

    fn open_directives(&self) -> Vec<(&'static str, &'static [&'static str], &'static str)> {
        let given = |name: &str| {
            let same = |d: &&crate::dockerfile::syntax::Directive<'_>| d.name == name;
            self.document.file.directives.iter().find(same)
        };
        let here =
            |d: &crate::dockerfile::syntax::Directive<'_>| d.span.start <= self.offset && self.offset <= d.span.end;
        docs::DIRECTIVES.into_iter().filter(|(n, ..)| given(n).is_none_or(here)).collect()
    }

    /// A comment line, of which `before` is typed.
    pub(super) fn comment(&mut self, line: Span, before: &str) {
        let before = before.trim_start().trim_start_matches('\u{feff}').trim_start();
        let text = before.trim_start_matches('#').trim_start();
        if let Some((name, value)) = text.split_once('=') {
            let words: Vec<&str> = name.split_whitespace().collect();
            return match words.iter().map(|w| w.to_ascii_lowercase()).collect::<Vec<_>>().join(" ").as_str() {
                "check" => self.check(value.trim_start()),
                "layerwright ignore" | "layerwright global ignore" | "layerwright stage ignore" => {
                    self.rules(value.trim_start(), |_| true);
                }
                "hadolint ignore" | "hadolint global ignore" => {
                    self.rules(value.trim_start(), |r| r.code.starts_with("DL") || r.code.starts_with("SC"));
                }
                "hadolint shell" => self.list(value.trim_start(), &["/bin/bash", "/bin/sh", "/bin/ash", "pwsh"]),
                directive if self.in_directives(line) => {
                    if let Some((_, values, _)) = docs::DIRECTIVES.iter().find(|(n, ..)| *n == directive) {
                        self.list(value.trim_start(), values);
                    }
                }
                _ => {}
            };
        }
        // Only what begins like one of them: other comments are nobody's business.
        let Some(span) = self.span(text, |b| in_word(b) && b != b'=') else { return };
        let space = if before.ends_with('#') && before.len() == 1 { " " } else { "" };
        let equals = self.document.source.get(span.end as usize) == Some(&b'=');
        let offer = |place: &mut Self, label: &str, doc: &str| {
            if label.get(..text.len()).is_some_and(|l| l.eq_ignore_ascii_case(text)) {
                let label = if equals { label.split('=').next().unwrap_or(label) } else { label };
                place.offer(span, CompletionKind::Directive, label).doc(doc).insert(format!("{space}{label}"));
            }
        };
        if self.in_directives(line) {
            for (name, values, doc) in self.open_directives() {
                let value = if name == "syntax" { values.first().copied().unwrap_or("") } else { "" };
                offer(self, &format!("{name}={value}"), doc);
            }
        }
        for (pragma, doc) in PRAGMAS {
            offer(self, pragma, doc);
        }
    }

    fn list(&mut self, typed: &str, values: &[&str]) {
        let Some(span) = self.span(typed, in_word) else { return };
        for value in values {
            self.offer(span, CompletionKind::Value, value);
        }
    }

    /// `skip=Rule,Rule;error=true`
    fn check(&mut self, value: &str) {
        let part = value.rsplit(';').next().unwrap_or("");
        match part.split_once('=') {
            Some((key, list)) => match key.trim() {
                "skip" => {
                    self.every(list);
                    // Those that are BuildKit's own have names for codes.
                    self.rules(list, |r| {
                        r.profiles.contains(Profile::Buildkit) && r.code.bytes().any(|b| b.is_ascii_lowercase())
                    });
                }
                "experimental" => {
                    self.every(list);
                    self.rules(list, |r| r.code == "InvalidDefinitionDescription");
                }
                "error" => self.list(list, &["true", "false"]),
                _ => {}
            },
            None => {
                let typed = part.trim_start();
                let Some(span) = self.span(typed, in_name) else { return };
                for key in ["skip=", "error=true", "experimental="] {
                    let name = key.split('=').next().unwrap_or(key);
                    if !value.split(';').any(|p| p.trim().split('=').next() == Some(name) && p != part) {
                        self.offer(span, CompletionKind::Value, key);
                    }
                }
            }
        }
    }

    fn every(&mut self, list: &str) {
        let typed = list.rsplit(',').next().unwrap_or("").trim_start();
        if let Some(span) = self.span(typed, in_name) {
            self.offer(span, CompletionKind::Rule, "all").detail("all of them");
        }
    }

    /// Codes of rules, those that speak of the next instruction first. `list` is what is typed of them.
    fn rules(&mut self, list: &str, fits: fn(&lint::Rule) -> bool) {
        let mut named: Vec<&str> = list.split(',').map(str::trim).collect();
        let typed = named.pop().unwrap_or("");
        let Some(span) = self.span(typed, in_name) else { return };
        let found = self.codes_below();
        let mut rules: Vec<&lint::Rule> =
            rules::RULES.iter().copied().filter(|r| fits(r) && !named.contains(&r.code)).collect();
        order::sort_by_key(&mut rules, |r| (!found.iter().any(|c| c == r.code), r.code));
        for rule in rules {
            self.offer(span, CompletionKind::Rule, rule.code).detail(rule.name).doc(describe::rule(rule));
        }
    }

    /// The codes of the findings in the instruction that follows the place.
    fn codes_below(&self) -> Vec<String> {
        let next = self.document.file.nodes.iter().find(|n| n.span.end > self.offset);
        let Some(node) = next else { return Vec::new() };
        let result = lint::lint(self.document.source, &LintOptions::default()).unwrap_or_default();
        let here = result.findings.into_iter().filter(|f| (node.lines.from..=node.lines.to).contains(&f.line));
        let mut codes: Vec<String> = here.map(|f| f.code).collect();
        order::sort(&mut codes);
        codes.dedup();
        codes
    }
}
