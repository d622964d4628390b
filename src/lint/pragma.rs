//! Comments that steer the linter: `# hadolint …`, `# layerwright …`, `# check=…`.

use std::collections::{HashMap, HashSet};

use super::rule::Raw;
use crate::dockerfile::check::CheckOptions;
use crate::dockerfile::syntax::{Dockerfile, Keyword, Node};

/// The value of a `check=…` comment.
fn check_comment(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix("check")?.trim_start().strip_prefix('=').map(str::trim)
}

/// The shell of `# hadolint shell=…`.
pub fn shell_pragma(comment: &str) -> Option<&str> {
    let rest = comment.trim_start().strip_prefix("hadolint")?.trim_start().strip_prefix("shell")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim();
    (!rest.is_empty()).then_some(rest)
}

#[derive(Debug, PartialEq, Eq)]
enum Scope {
    Next,
    Stage,
    Global,
}

/// The codes of a hadolint or layerwright comment. What follows them needs a `#` in hadolint's form.
fn ignore_pragma(comment: &str) -> Option<(Scope, Vec<&str>, bool)> {
    let comment = comment.trim();
    let (rest, ours) = match comment.strip_prefix("hadolint") {
        Some(rest) => (rest, false),
        None => (comment.strip_prefix("layerwright")?, true),
    };
    let rest = rest.trim_start();
    let (scope, rest) = if let Some(rest) = rest.strip_prefix("global") {
        (Scope::Global, rest)
    } else if let Some(rest) = rest.strip_prefix("stage") {
        (Scope::Stage, rest)
    } else {
        (Scope::Next, rest)
    };
    let mut rest = rest.trim_start().strip_prefix("ignore")?.trim_start().strip_prefix('=')?.trim_start();
    let mut codes = Vec::new();
    loop {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        codes.push(&rest[..end]);
        rest = rest[end..].trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    if ours {
        return Some((scope, codes, true));
    }
    let known = |c: &&str| c.bytes().all(|b| matches!(b, b'D' | b'L' | b'S' | b'C' | b'0'..=b'9'));
    ((rest.is_empty() || rest.starts_with('#')) && codes.iter().all(known)).then_some((scope, codes, false))
}

/// Whether a comment is hadolint's `ignore=` for the next instruction.
pub fn is_inline_ignore(comment: &str) -> bool {
    matches!(ignore_pragma(comment), Some((Scope::Next, _, false)))
}

/// Which findings the file's comments silence.
#[derive(Debug, Default)]
pub struct Silenced {
    global: HashSet<String>,
    /// Codes silenced for the instruction that begins on a line.
    next: HashMap<u32, HashSet<String>>,
    /// Code and the lines of the stage it is silenced in.
    stages: Vec<(String, std::ops::RangeInclusive<u32>)>,
    check: CheckOptions,
    /// `# check` comments of the instruction that begins on a line.
    node_checks: HashMap<u32, Vec<CheckOptions>>,
}

impl Silenced {
    /// Reads the comments of a file. With `exact`, as hadolint does: only the comment on the line right above counts.
    pub fn new(file: &Dockerfile, check: Option<&str>, exact: bool, hadolint_pragmas: bool) -> Self {
        let mut out = Self::default();
        let directive = file.directive("check").map(|d| d.value.as_ref());
        out.check = match check {
            Some(given) => CheckOptions::parse(given),
            None => directive.map_or(Ok(CheckOptions::default()), CheckOptions::of_comment),
        }
        .unwrap_or_default();
        // Which node a comment stands above.
        let mut above: HashMap<usize, &Node> = HashMap::new();
        for node in &file.nodes {
            let range = node.comments.start as usize..node.comments.end as usize;
            for (index, comment) in range.clone().zip(file.comments.get(range).unwrap_or(&[])) {
                above.insert(index, node);
                if let Some(Ok(options)) = check_comment(&comment.text).map(CheckOptions::of_comment) {
                    out.node_checks.entry(node.lines.from).or_default().push(options);
                }
            }
        }
        let stage_end = |from: u32| {
            let next = file.nodes.iter().find(|n| n.kind == Keyword::From && n.lines.from > from);
            next.map_or(u32::MAX, |n| n.lines.from - 1)
        };
        // The last node that begins on this line or before it.
        let at_line = |line: u32| {
            let after = file.nodes.partition_point(|n| n.lines.from <= line);
            after.checked_sub(1).and_then(|i| file.nodes.get(i))
        };
        for (index, comment) in file.comments.iter().enumerate() {
            let Some((scope, codes, ours)) = ignore_pragma(&comment.text) else { continue };
            if !hadolint_pragmas && !ours {
                continue;
            }
            let next: Option<&Node> = if comment.inside {
                at_line(comment.line).filter(|n| !exact && comment.line <= n.lines.to)
            } else if exact {
                at_line(comment.line + 1).filter(|n| n.lines.from == comment.line + 1)
            } else {
                above.get(&index).copied()
            };
            for code in codes {
                match (&scope, next) {
                    (Scope::Global, _) => {
                        out.global.insert(code.to_owned());
                    }
                    (Scope::Next, Some(node)) => {
                        out.next.entry(node.lines.from).or_default().insert(code.to_owned());
                    }
                    (Scope::Stage, Some(node)) if node.kind == Keyword::From => {
                        out.stages.push((code.to_owned(), node.lines.from..=stage_end(node.lines.from)));
                    }
                    _ => {}
                }
            }
        }
        out
    }

    /// Whether the comments silence this finding.
    pub fn silences(&self, finding: &Raw) -> bool {
        let code = finding.rule.code;
        let line = finding.lines.from;
        let next = self.next.get(&line).is_some_and(|codes| codes.contains(code));
        if next || self.global.contains(code) || self.stages.iter().any(|(c, l)| c == code && l.contains(&line)) {
            return true;
        }
        let experimental = code == "InvalidDefinitionDescription";
        if !finding.rule.profiles.contains(super::Profile::Buildkit) && !experimental {
            return false;
        }
        let own = self.node_checks.get(&line).map_or(&[][..], Vec::as_slice);
        if experimental {
            return self.check.skips(code, true) && own.iter().all(|c| c.skips(code, true));
        }
        // Casing is decided once for the file, and a comment on one instruction does not reach it.
        let here = code != "ConsistentInstructionCasing" && own.iter().any(|c| c.skips(code, false));
        here || self.check.skips(code, false)
    }

    /// Whether the `# check` options ask for this experimental rule anywhere.
    pub fn wants_experimental(&self, code: &str) -> bool {
        let has = |c: &CheckOptions| c.experimental.iter().any(|e| e == "all" || e == code);
        has(&self.check) || self.node_checks.values().flatten().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignore_comments_name_codes() {
        assert_eq!(ignore_pragma(" hadolint ignore=DL3001,SC1 # x"), Some((Scope::Next, vec!["DL3001", "SC1"], false)));
        assert_eq!(ignore_pragma("hadolint global ignore = DL1"), Some((Scope::Global, vec!["DL1"], false)));
        assert_eq!(ignore_pragma("hadolint ignore=DL3001 because"), None);
        assert_eq!(ignore_pragma("hadolint ignore=dl3001"), None);
        assert_eq!(
            ignore_pragma("layerwright ignore=StageNameCasing it is the team's habit"),
            Some((Scope::Next, vec!["StageNameCasing"], true))
        );
    }
}
