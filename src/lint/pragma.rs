//! Comments that steer the linter: `# hadolint …`, `# layerwright …`, `# check=…`.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, HashMap, HashSet};

use super::config::Config;
use super::rule::{Fix, Profile, Raw, Rule};
use super::twins::twins;
use crate::dockerfile::check::CheckOptions;
use crate::dockerfile::syntax::{Dockerfile, Keyword, Node};
use crate::text::Span;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Next,
    Stage,
    Global,
}

/// An `ignore=` comment: its codes with their offsets in the text, and whether it is of our form.
#[derive(Debug, PartialEq, Eq)]
struct Pragma<'c> {
    scope: Scope,
    codes: Vec<(usize, &'c str)>,
    ours: bool,
}

/// Reads `hadolint ignore=A,B # reason`, `layerwright global ignore=A reason`.
///
/// With `exact`, as hadolint does: a reason needs a `#`, and one code that it cannot read voids the comment.
fn ignore_pragma(comment: &str, exact: bool) -> Option<Pragma<'_>> {
    let trimmed = comment.trim_start();
    let (rest, ours) = match trimmed.strip_prefix("hadolint") {
        Some(rest) => (rest, false),
        None => (trimmed.strip_prefix("layerwright")?, true),
    };
    let rest = rest.trim_start();
    let scopes = [("global", Scope::Global), ("stage", Scope::Stage), ("file", Scope::Global)];
    let named = scopes.iter().filter(|(word, _)| ours || *word != "file");
    let (scope, rest) = named
        .filter_map(|(word, scope)| Some((*scope, rest.strip_prefix(word)?)))
        .next()
        .unwrap_or((Scope::Next, rest));
    let mut rest = rest.trim_start().strip_prefix("ignore")?.trim_start().strip_prefix('=')?.trim_start();
    let mut codes = Vec::new();
    loop {
        let part = |c: char| c.is_ascii_alphanumeric() || (!exact && c == '-');
        let end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        let (code, after) = rest.split_at(end);
        if code.is_empty() {
            // A comma too many ends the list, where hadolint gives the comment up.
            if exact || codes.is_empty() {
                return None;
            }
            break;
        }
        codes.push((comment.len() - rest.len(), code));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    let known = |(_, c): &(usize, &str)| c.bytes().all(|b| matches!(b, b'D' | b'L' | b'S' | b'C' | b'0'..=b'9'));
    let readable = !exact || ours || ((rest.is_empty() || rest.starts_with('#')) && codes.iter().all(known));
    readable.then_some(Pragma { scope, codes, ours })
}

/// Whether a comment is hadolint's `ignore=` for the next instruction.
pub fn is_inline_ignore(comment: &str) -> bool {
    matches!(ignore_pragma(comment, true), Some(Pragma { scope: Scope::Next, ours: false, .. }))
}

/// Where a comment silences.
#[derive(Debug)]
enum Reach {
    File,
    /// The instruction that begins on this line.
    Instruction(u32),
    /// The lines of a stage.
    Lines(std::ops::RangeInclusive<u32>),
    /// Nowhere: nothing stands below it that it could be about.
    Nothing,
}

/// One code of an `ignore=` comment.
#[derive(Debug)]
pub struct Ignore<'f> {
    /// As written.
    pub code: &'f str,
    /// The rule of this code or name, if there is one.
    pub rule: Option<&'static Rule>,
    /// The bytes of the code.
    pub span: Span,
    /// Which comment of the file.
    pub comment: usize,
    /// It has silenced something.
    pub used: Cell<bool>,
}

/// The comments that silence one rule, by where they do.
#[derive(Debug, Default)]
struct Reaches {
    file: Group,
    /// By the line on which the instruction begins.
    instructions: HashMap<u32, Group>,
    /// By the first line of the stage; the number is its last one.
    stages: BTreeMap<u32, (u32, Group)>,
}

/// Comments that silence the same: places in [`Ignores::entries`].
#[derive(Debug, Default)]
struct Group {
    entries: Vec<usize>,
    /// They have silenced something, and are marked so.
    used: Cell<bool>,
}

/// What the file's comments silence.
#[derive(Debug)]
pub struct Ignores<'f> {
    /// The parsed file.
    pub file: &'f Dockerfile<'f>,
    /// Every code of every comment, in order.
    pub entries: Vec<Ignore<'f>>,
    /// The rules that have run.
    pub ran: Vec<&'static Rule>,
    source: &'f [u8],
    by_code: HashMap<&'f str, Reaches>,
    /// A rule is silenced under the name of its twin, too.
    pairs_rules: bool,
    check: CheckOptions,
    /// `# check` comments of the instruction that begins on a line.
    node_checks: HashMap<u32, Vec<CheckOptions>>,
    /// Comments of which a code is of use.
    useful: OnceCell<HashSet<usize>>,
    /// The last comment that would be a directive where one can stand.
    last_directive: OnceCell<Option<usize>>,
}

impl<'f> Ignores<'f> {
    /// Reads the comments of a file. With `exact`, as hadolint does: only the comment on the line right above counts.
    pub fn new(source: &'f [u8], file: &'f Dockerfile<'f>, check: Option<&str>, exact: bool, config: &Config) -> Self {
        let directive = file.directive("check").map(|d| d.value.as_ref());
        let check = match check {
            Some(given) => CheckOptions::parse(given),
            None => directive.map_or(Ok(CheckOptions::default()), CheckOptions::of_comment),
        };
        let mut out = Self {
            file,
            entries: Vec::new(),
            ran: Vec::new(),
            source,
            by_code: HashMap::new(),
            pairs_rules: config.pairs_rules(),
            check: check.unwrap_or_default(),
            node_checks: HashMap::new(),
            useful: OnceCell::new(),
            last_directive: OnceCell::new(),
        };
        // Which node a comment stands above.
        let mut above: HashMap<usize, &Node<'_>> = HashMap::new();
        for node in &file.nodes {
            let range = node.comments.start as usize..node.comments.end as usize;
            for (index, comment) in range.clone().zip(file.comments.get(range).unwrap_or(&[])) {
                above.insert(index, node);
                if let Some(Ok(options)) = check_comment(&comment.text).map(CheckOptions::of_comment) {
                    out.node_checks.entry(node.lines.from).or_default().push(options);
                }
            }
        }
        let from = file.nodes.iter().filter(|n| n.kind == Keyword::From);
        let begins: Vec<u32> = from.map(|n| n.lines.from).collect();
        let stage_end =
            |from: u32| begins.get(begins.partition_point(|&b| b <= from)).map_or(u32::MAX, |next| next - 1);
        for (index, comment) in file.comments.iter().enumerate() {
            let Some(pragma) = ignore_pragma(&comment.text, exact) else { continue };
            if config.disable_ignore_pragma && !pragma.ours {
                continue;
            }
            let next: Option<&Node<'_>> = if comment.inside {
                out.node_at(comment.line).filter(|n| !exact && comment.line <= n.lines.to)
            } else if exact {
                out.node_at(comment.line + 1).filter(|n| n.lines.from == comment.line + 1)
            } else {
                above.get(&index).copied()
            };
            let reach = match (pragma.scope, next) {
                (Scope::Global, _) => Reach::File,
                (Scope::Next, Some(node)) => Reach::Instruction(node.lines.from),
                (Scope::Stage, Some(node)) if node.kind == Keyword::From => {
                    Reach::Lines(node.lines.from..=stage_end(node.lines.from))
                }
                // Elsewhere in a stage: what is below it.
                (Scope::Stage, _) if !comment.inside => Reach::Lines(comment.line..=stage_end(comment.line)),
                _ => Reach::Nothing,
            };
            let written = source.get(comment.span.range()).unwrap_or_default();
            let before = written.iter().skip(1).take_while(|b| b.is_ascii_whitespace()).count() + 1;
            for (at, code) in pragma.codes {
                let offset =
                    |n: usize| comment.span.start.saturating_add(u32::try_from(before + n).unwrap_or(u32::MAX));
                let span = Span { start: offset(at), end: offset(at + code.len()) };
                // hadolint compares as written; elsewhere case does not count, and a rule's name will do.
                let rule = super::rules::find(code);
                let key = rule.filter(|_| !exact).map_or(code, |rule| rule.code);
                let reaches = out.by_code.entry(key).or_default();
                let group = match &reach {
                    Reach::File => Some(&mut reaches.file),
                    Reach::Instruction(line) => Some(reaches.instructions.entry(*line).or_default()),
                    Reach::Lines(lines) => {
                        Some(&mut reaches.stages.entry(*lines.start()).or_insert((*lines.end(), Group::default())).1)
                    }
                    Reach::Nothing => None,
                };
                group.into_iter().for_each(|g| g.entries.push(out.entries.len()));
                out.entries.push(Ignore { code, rule, span, comment: index, used: Cell::new(false) });
            }
        }
        out
    }

    /// The last instruction that begins on this line or before it.
    fn node_at(&self, line: u32) -> Option<&'f Node<'f>> {
        let after = self.file.nodes.partition_point(|n| n.lines.from <= line);
        after.checked_sub(1).and_then(|i| self.file.nodes.get(i))
    }

    /// The instruction that a finding is about.
    pub fn kind_at(&self, line: u32) -> Option<Keyword> {
        self.node_at(line).map(|node| node.kind)
    }

    /// Whether the comments silence this finding. Those that do have been of use.
    pub fn silences(&self, finding: &Raw) -> bool {
        let code = finding.rule.code;
        let line = finding.lines.from;
        let mut silenced = false;
        if !self.entries.is_empty() {
            let twins = self.pairs_rules.then(|| twins(code, self.kind_at(line)));
            for name in std::iter::once(code).chain(twins.into_iter().flatten()) {
                let Some(reaches) = self.by_code.get(name) else { continue };
                let stage = reaches.stages.range(..=line).next_back().filter(|(_, (end, _))| line <= *end);
                let groups = [Some(&reaches.file), reaches.instructions.get(&line), stage.map(|(_, (_, group))| group)];
                for group in groups.into_iter().flatten().filter(|g| !g.entries.is_empty()) {
                    silenced = true;
                    if !group.used.replace(true) {
                        group.entries.iter().filter_map(|i| self.entries.get(*i)).for_each(|e| e.used.set(true));
                    }
                }
            }
        }
        silenced || self.skips(finding)
    }

    /// Whether `# check=` options switch the finding off.
    fn skips(&self, finding: &Raw) -> bool {
        let code = finding.rule.code;
        let own = self.node_checks.get(&finding.lines.from).map_or(&[][..], Vec::as_slice);
        if code == "InvalidDefinitionDescription" {
            return self.check.skips(code, true) && own.iter().all(|c| c.skips(code, true));
        }
        let off = |code: &str| {
            // Casing is decided once for the file, and a comment on one instruction does not reach it.
            let here = code != "ConsistentInstructionCasing" && own.iter().any(|c| c.skips(code, false));
            here || self.check.skips(code, false)
        };
        if finding.rule.profiles.contains(Profile::Buildkit) {
            return off(code);
        }
        let buildkit = |code: &&str| !code.starts_with("DL");
        self.pairs_rules && twins(code, self.kind_at(finding.lines.from)).filter(buildkit).any(off)
    }

    /// Whether the `# check` options ask for this experimental rule anywhere.
    pub fn wants_experimental(&self, code: &str) -> bool {
        let has = |c: &CheckOptions| c.experimental.iter().any(|e| e == "all" || e == code);
        has(&self.check) || self.node_checks.values().flatten().any(has)
    }

    /// Whether an ignore silenced nothing although its rule ran, under its own name or that of its twin. Of a rule
    /// that did not run nothing can be said; nor of the rules about these comments.
    pub fn is_unused(&self, entry: &Ignore<'_>) -> bool {
        let Some(rule) = entry.rule.filter(|r| !entry.used.get() && !r.is_about_ignores()) else { return false };
        let ran = |code: &str| self.ran.iter().any(|r| r.code == code);
        ran(rule.code) || (self.pairs_rules && twins(rule.code, None).any(ran))
    }

    /// The line of an ignore's comment.
    pub fn line(&self, entry: &Ignore<'_>) -> u32 {
        self.file.comments.get(entry.comment).map_or(1, |c| c.line)
    }

    /// A correction that takes a code out of its comment, or the whole comment where none of its codes is of use.
    pub fn removal(&self, entry: &Ignore<'_>) -> Option<Fix> {
        let comment = self.file.comments.get(entry.comment)?;
        if self.source.get(entry.span.range())? != entry.code.as_bytes() {
            return None;
        }
        let useful = self.useful.get_or_init(|| {
            let used = self.entries.iter().filter(|e| !self.is_unused(e));
            used.map(|e| e.comment).collect()
        });
        if useful.contains(&entry.comment) {
            let from = self.entries.partition_point(|e| e.comment < entry.comment);
            let to = self.entries.partition_point(|e| e.comment <= entry.comment);
            let same = self.entries.get(from..to)?;
            let at = same.partition_point(|e| e.span.start < entry.span.start);
            // With the comma before it, or the one behind the first.
            let span = match (at.checked_sub(1).and_then(|i| same.get(i)), same.get(at + 1)) {
                (Some(before), _) => Span { start: before.span.end, end: entry.span.end },
                (None, Some(next)) => Span { start: entry.span.start, end: next.span.start },
                (None, None) => entry.span,
            };
            return Some(Fix::safe(format!("Remove {}", entry.code), span, ""));
        }
        let written = comment.span.range();
        let line_start = self.source.get(..written.start)?.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let rest = self.source.get(written.end..)?;
        let line_end = written.end + rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |i| i + 1);
        let span = Span { start: u32::try_from(line_start).ok()?, end: u32::try_from(line_end).ok()? };
        let mut fix = Fix::safe("Remove the comment", span, "");
        // Without a comment above it, a later one at the head of the file could become a directive.
        let head = self.file.nodes.first().is_none_or(|n| comment.line < n.lines.from);
        let directive = |text: &str| {
            text.split_once('=').is_some_and(|(name, _)| name.trim().bytes().all(|b| b.is_ascii_alphanumeric()))
        };
        let last = *self.last_directive.get_or_init(|| self.file.comments.iter().rposition(|c| directive(&c.text)));
        fix.safe = !head || last.is_none_or(|last| last <= entry.comment);
        Some(fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(comment: &str, exact: bool) -> Option<(Scope, Vec<&str>, bool)> {
        let pragma = ignore_pragma(comment, exact)?;
        for (at, code) in &pragma.codes {
            assert!(comment[*at..].starts_with(code));
        }
        Some((pragma.scope, pragma.codes.iter().map(|c| c.1).collect(), pragma.ours))
    }

    #[test]
    fn ignore_comments_name_codes() {
        let both = Some((Scope::Next, vec!["DL3001", "SC1"], false));
        assert_eq!(pragma(" hadolint ignore=DL3001,SC1 # x", true), both);
        assert_eq!(pragma("hadolint global ignore = DL1", true), Some((Scope::Global, vec!["DL1"], false)));
        assert_eq!(pragma("hadolint ignore=DL3001 because", true), None);
        assert_eq!(pragma("hadolint ignore=dl3001", true), None);
        assert_eq!(pragma("hadolint ignore=DL3001,", true), None);
        let ours = Some((Scope::Next, vec!["StageNameCasing"], true));
        assert_eq!(pragma("layerwright ignore=StageNameCasing it is the team's habit", false), ours);
        let file = Some((Scope::Global, vec!["LW1001", "DL1"], true));
        assert_eq!(pragma("layerwright file ignore=LW1001, DL1 x", false), file);
    }

    #[test]
    fn outside_the_profile_hadolint_a_reason_and_a_slip_do_not_void_a_comment() {
        assert_eq!(pragma("hadolint ignore=DL3001 because", false), Some((Scope::Next, vec!["DL3001"], false)));
        assert_eq!(pragma("hadolint ignore=dl3001,", false), Some((Scope::Next, vec!["dl3001"], false)));
        assert_eq!(pragma("hadolint ignore=", false), None);
        assert_eq!(pragma("hadolint file ignore=DL3001", false), None);
    }

    /// The findings about ignore comments, and the text without what is of no use.
    fn judged(text: &str) -> (Vec<String>, String) {
        let options = crate::lint::LintOptions::default();
        let mut found = crate::lint::lint(text.as_bytes(), &options).unwrap().findings;
        found.retain(|f| f.code.starts_with("LW2"));
        let fixed = crate::lint::fix(text, &options).unwrap();
        (found.iter().map(|f| format!("{}:{}:{}", f.code, f.line, f.column)).collect(), fixed.text)
    }

    #[test]
    fn what_silences_nothing_is_taken_out_of_its_comment() {
        let text = "FROM debian:12\n# hadolint ignore=DL3003,DL3004,SC2086 # why\nRUN cd /x && sudo a\n";
        let fixed = "FROM debian:12\n# hadolint ignore=DL3003,DL3004 # why\nRUN cd /x && sudo a\n";
        assert_eq!(judged(text), (vec!["LW2001:2:33".to_owned()], fixed.to_owned()));
        let text = "FROM debian:12\n  # layerwright ignore=DL3007,DL3006\nWORKDIR /x\n";
        let both = vec!["LW2001:2:24".to_owned(), "LW2001:2:31".to_owned()];
        assert_eq!(judged(text), (both, "FROM debian:12\nWORKDIR /x\n".to_owned()));
    }

    #[test]
    fn what_cannot_be_judged_is_left_alone() {
        // ShellCheck's own codes, rules that are off, twins, and a comment that keeps the next from being a directive.
        for text in [
            "FROM debian:12\n# hadolint ignore=SC1091,DL3057\nRUN a\n",
            "FROM debian:12\n# hadolint ignore=DL3025\nCMD a\n",
            "FROM debian:12\n# hadolint ignore=DL4000\nMAINTAINER a\n",
        ] {
            assert_eq!(judged(text), (Vec::new(), text.to_owned()));
        }
        let head = "# hadolint global ignore=DL3003\n# syntax=a/b\nFROM debian:12\n";
        assert_eq!(judged(head), (vec!["LW2001:1:26".to_owned()], head.to_owned()));
    }

    #[test]
    fn codes_that_no_rule_has_are_reported() {
        let text = "FROM debian:12\n# layerwright ignore=DL3O03 x\nRUN cd /x\n# layerwright file ignore=LW2002\n";
        assert_eq!(judged(text).0, Vec::<String>::new());
        let text = "FROM debian:12\n# layerwright ignore=DL3O03 x\nRUN cd /x\n";
        assert_eq!(judged(text).0, ["LW2002:2:22"]);
    }
}
