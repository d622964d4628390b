//! Rules, configuration, pragmas, fixes.
//!
//! [`lint`] parses the file once, runs the rules of a [`Profile`] over it and settles levels, comments that silence,
//! and order. Nothing in the text can make it fail: what the parser refuses is no reason to stop looking elsewhere.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`rule`] | what a rule is; [`rules`]: all of them, one file each |
//! | [`context`] | what rules look at; [`commands`]: the programs a `RUN` calls; [`flow`]: its variables; [`scope`]: the build's |
//! | [`config`] | `.hadolint.yaml` and options; [`pragma`]: comments that steer; [`twins`]: one rule under two names |
//! | `fixing` | applying corrections |

pub mod bases;
pub mod commands;
pub mod config;
pub mod context;
mod fixing;
pub mod flow;
mod hadolint_parser;
mod inherit;
pub mod pragma;
pub mod rule;
pub mod rules;
pub mod scope;
pub mod twins;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use self::config::Config;
pub use self::config::{LabelType, RuleSetting, YamlError};
use self::context::{Context, Dialect, ShellContext};
pub use self::fixing::{FixResult, fix};
use self::inherit::Copies;
pub use self::rule::{Category, Level, Profile, Rule};
use self::rule::{Check, Edit, Raw, ShellRules, Sink};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::{Dockerfile, Lines};
use crate::order;
use crate::text::{LineIndex, Position, Span};

/// What to look for, and what is known about the build.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LintOptions {
    /// The set of rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub profile: Option<Profile>,
    /// Codes of rules that run too.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub enable: Vec<String>,
    /// Codes of rules that do not run.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub ignore: Vec<String>,
    /// What becomes of single rules, by code or name. It counts more than `enable`, `ignore` and `categories`.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, RuleSetting>"))]
    pub rules: BTreeMap<String, RuleSetting>,
    /// Levels of rules that run, as `override` of a `.hadolint.yaml` gives them.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, Level>"))]
    pub levels: BTreeMap<String, Level>,
    /// What becomes of the rules of a category, where `rules` does not name them.
    #[cfg_attr(feature = "js", tsify(optional, type = "Partial<Record<Category, RuleSetting>>"))]
    pub categories: BTreeMap<Category, RuleSetting>,
    /// Registries that images may come from, `*` in front or at the end (`DL3026`).
    #[cfg_attr(feature = "js", tsify(optional))]
    pub trusted_registries: Vec<String>,
    /// Labels that an image has to have, and what their values must be (`DL3049` and on).
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, LabelType>"))]
    pub label_schema: BTreeMap<String, LabelType>,
    /// Labels outside the schema are reported (`DL3050`).
    #[cfg_attr(feature = "js", tsify(optional))]
    pub strict_labels: bool,
    /// Comments of hadolint's form silence nothing.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub disable_ignore_pragma: bool,
    /// The text of a `.hadolint.yaml`; what else is given is added to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub config: Option<String>,
    /// Build arguments.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string>"))]
    pub build_args: BTreeMap<String, String>,
    /// The stage that is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub target: Option<String>,
    /// The platform that is built for, `linux/amd64` where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub platform: Option<String>,
    /// The text of `.dockerignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub dockerignore: Option<String>,
    /// Image configurations by the reference in `FROM`.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, unknown>"))]
    pub base_configs: BTreeMap<String, serde_json::Value>,
    /// Replaces the file's `# check=` directive, as the build argument `BUILDKIT_DOCKERFILE_CHECK` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub check: Option<String>,
    /// Corrections that are likely but not certain are applied too (`fix` only).
    #[cfg_attr(feature = "js", tsify(optional))]
    pub unsafe_fixes: bool,
}

/// What a lint found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LintResult {
    /// The findings by place, then code.
    pub findings: Vec<Finding>,
}

/// One finding, with places as JavaScript counts them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's code.
    pub code: String,
    /// The rule's name.
    pub name: String,
    /// How bad it is.
    pub level: Level,
    /// What it is about.
    pub category: Category,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub help: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the end.
    pub end_column: u32,
    /// UTF-16 offset in the text.
    pub start: u32,
    /// UTF-16 offset after the end.
    pub end: u32,
    /// The lines BuildKit names for it.
    pub lines: Lines,
    /// Where more can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub url: Option<String>,
    /// A correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub fix: Option<FindingFix>,
}

/// A correction of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FindingFix {
    /// What it does.
    pub title: String,
    /// It may be applied without asking.
    pub safe: bool,
    /// The replacements.
    pub edits: Vec<FindingEdit>,
}

/// A replacement of text, in UTF-16 offsets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FindingEdit {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What comes in its place.
    pub text: String,
}

/// A finding with its level settled, spans in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) raw: Raw,
    pub(crate) level: Level,
}

/// Lints a Dockerfile.
///
/// # Errors
///
/// Only where `options.config` is not YAML.
pub fn lint(source: &[u8], options: &LintOptions) -> Result<LintResult, YamlError> {
    let settled = lint_settled(source, options)?;
    let index = LineIndex::new(source);
    Ok(LintResult { findings: settled.iter().map(|s| finding(s, &index)).collect() })
}

pub(crate) fn lint_settled(source: &[u8], options: &LintOptions) -> Result<Vec<Settled>, YamlError> {
    let config = Config::of(options)?;
    let file = crate::dockerfile::parse(source);
    Ok(lint_parsed(source, &file, options, &config))
}

/// The findings of BuildKit's checks on a file that is parsed already: rules and the lines that BuildKit names.
pub(crate) fn buildkit_warnings(source: &[u8], file: &Dockerfile, options: &LintOptions) -> Vec<(&'static str, Lines)> {
    let found = lint_parsed(source, file, options, &Config::of(options).unwrap_or_default());
    found.into_iter().map(|s| (s.raw.rule.code, s.raw.lines)).collect()
}

fn lint_parsed(source: &[u8], file: &Dockerfile, options: &LintOptions, config: &Config) -> Vec<Settled> {
    let exact = options.profile == Some(Profile::Hadolint);
    if let Some(line) = exact.then(|| hadolint_parser::refused_line(source)).flatten() {
        return refused(source, line);
    }
    let mut rules = config.selected();
    let check = options.check.as_ref().or_else(|| options.build_args.get("BUILDKIT_DOCKERFILE_CHECK"));
    let mut ignores = pragma::Ignores::new(source, file, check.map(String::as_str), exact, config);
    if options.profile != Some(Profile::Hadolint) {
        for rule in rules::RULES.iter().copied() {
            if rule.code == "InvalidDefinitionDescription"
                && ignores.wants_experimental(rule.code)
                && !rules.iter().any(|r| r.code == rule.code)
            {
                rules.push(rule);
            }
        }
    }
    let cx = Context::new(source, file, options, config, exact);
    let mut found = Vec::new();
    for rule in &rules {
        if let Check::File(check) = rule.check {
            check(&cx, &mut Sink { rule, found: &mut found });
        }
    }
    let shell_rules = ShellRules::new(rules.iter().copied());
    if !shell_rules.is_empty() {
        check_runs(&cx, &shell_rules, &mut found);
    }
    found.retain(|raw| {
        let experimental = raw.rule.code == "InvalidDefinitionDescription"
            && (config.forces(raw.rule) || options.profile == Some(Profile::All));
        let off = |raw: &Raw| config.twin_is_off(raw.rule, ignores.kind_at(raw.lines.from));
        experimental || !(ignores.silences(raw) || off(raw))
    });
    if !ignores.entries.is_empty() {
        ignores.ran = rules;
        let mut own = Vec::new();
        for rule in ignores.ran.iter().copied() {
            if let Check::Ignores(check) = rule.check {
                check(&ignores, &mut Sink { rule, found: &mut own });
            }
        }
        own.retain(|raw| !ignores.silences(raw));
        found.extend(own);
    }
    let line_index = LineIndex::new(source);
    let mut settled: Vec<Settled> = found
        .into_iter()
        .map(|mut raw| {
            if exact {
                let line = line_index.line_start(raw.lines.from);
                raw.span = Span { start: line, end: line.max(raw.span.end.min(line)) };
            }
            Settled { level: config.level(raw.rule, ignores.kind_at(raw.lines.from)), raw }
        })
        .collect();
    order::sort_by(&mut settled, |a, b| {
        let key = |s: &Settled| (s.raw.span.start, s.raw.rule.code, s.raw.span.end);
        key(a).cmp(&key(b)).then_with(|| a.raw.message.cmp(&b.raw.message))
    });
    settled
}

/// hadolint's answer where it cannot read the file: one finding that nothing silences.
fn refused(source: &[u8], line: u32) -> Vec<Settled> {
    let Some(rule) = rules::find("DL1000") else { return Vec::new() };
    let start = LineIndex::new(source).line_start(line);
    let (span, lines) = (Span { start, end: start }, Lines { from: line, to: line });
    let message = "hadolint cannot read this".to_owned();
    let raw = Raw { rule, message, help: None, span, lines, reported: lines, fix: None };
    vec![Settled { level: rule.level, raw }]
}

/// Runs the shell rules over every script of the file.
fn check_runs(cx: &Context<'_>, rules: &ShellRules, found: &mut Vec<Raw>) {
    const PROXIES: [&str; 8] =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy"];
    // Names known at the end of each stage, for stages that start from it.
    let mut known_at_end: Vec<Rc<HashMap<&str, bool>>> = Vec::new();
    let mut copies = Copies::default();
    let proxies = || Rc::new(PROXIES.into_iter().map(|name| (name, true)).collect::<HashMap<&str, bool>>());
    let mut known = proxies();
    for inst in cx.deep() {
        match &inst.read {
            Instruction::From(_) if !inst.onbuild => {
                if known_at_end.len() < inst.stage.unwrap_or(0) {
                    known_at_end.push(std::mem::take(&mut known));
                }
                let parent = inst.stage.and_then(|s| cx.stages.get(s)).and_then(|s| s.parent);
                known = match parent.and_then(|p| known_at_end.get(p)) {
                    Some(inherited) => inherited.clone(),
                    None => proxies(),
                };
            }
            Instruction::Env(pairs) => {
                let values: Vec<_> =
                    pairs.iter().map(|p| (p.key.text, cx.exact || holds_one_word(p, &known))).collect();
                copies.own(&mut known, HashMap::len).extend(values);
            }
            // hadolint only sees the first name, and takes every value for one word.
            Instruction::Arg(pairs) => {
                for pair in pairs.iter().take(if cx.exact { 1 } else { usize::MAX }) {
                    let name = pair.key.text;
                    let platform = name.starts_with("TARGET") || name.starts_with("BUILD");
                    let global = cx.scopes().global_names.contains(name);
                    let one = match pair.value {
                        Some(_) => holds_one_word(pair, &known),
                        None => platform && !global,
                    };
                    copies.own(&mut known, HashMap::len).insert(name, cx.exact || one);
                }
            }
            Instruction::Run(_) => {
                let Some(run) = inst.run(cx.exact).filter(|r| !r.exec) else { continue };
                let shell = inst.shell.to_ascii_lowercase();
                let foreign = ["pwsh", "powershell", "cmd", "zsh", "fish"].iter().any(|s| shell.contains(s));
                let mut here = Vec::new();
                for body in &run.bodies {
                    let dialect = match &body.interpreter {
                        Some(name) => Dialect::of(name),
                        None if foreign => None,
                        None => shell_of(cx, inst),
                    };
                    let Some(dialect) = dialect else { continue };
                    let shell_cx = ShellContext::new(&body.script, dialect, Rc::clone(&known));
                    let broken = cx.exact && !body.script.is_read();
                    for raw in rules.check(&shell_cx, &body.script) {
                        if broken && !raw.rule.code.starts_with("SC1") {
                            continue;
                        }
                        let map = |span: Span| body.source_span(span);
                        here.push(Raw {
                            rule: raw.rule,
                            message: raw.message,
                            help: raw.help,
                            span: map(raw.span),
                            lines: inst.outer.lines,
                            reported: inst.outer.lines,
                            fix: raw.fix.map(|mut fix| {
                                for edit in &mut fix.edits {
                                    edit.span = map(edit.span);
                                }
                                fix
                            }),
                        });
                    }
                }
                if cx.exact {
                    // hadolint keeps one finding of a RUN: the last in ShellCheck's order.
                    order::sort_by(&mut here, |a, b| {
                        (a.span.start, a.rule.level, a.rule.code).cmp(&(b.span.start, b.rule.level, b.rule.code))
                    });
                    found.extend(here.pop());
                } else {
                    found.extend(here);
                }
            }
            _ => {}
        }
    }
}

/// The language of what `RUN` gives to the shell. Outside the profile `hadolint` the base image tells what `/bin/sh` is.
fn shell_of(cx: &Context<'_>, inst: &context::Inst<'_>) -> Option<Dialect> {
    let said = Dialect::of(&inst.shell).unwrap_or(Dialect::Sh);
    let base = cx.lineage(inst.stage).last().map_or("", |s| s.image);
    Some(match said {
        Dialect::Sh if !cx.exact && bases::sh_is_bash(base) => Dialect::Bash,
        Dialect::Sh if !cx.exact && bases::is_alpine(base) => Dialect::Ash,
        _ => said,
    })
}

/// Whether a value of the build is one word whatever its variables hold, as far as they are known.
fn holds_one_word(pair: &crate::dockerfile::instruction::Pair<'_>, known: &HashMap<&str, bool>) -> bool {
    let text = pair.value.map_or("", |v| v.text);
    if text.contains([' ', '\t', '*', '?', '[']) {
        return false;
    }
    text.split('$').skip(1).all(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.get(..end).is_some_and(|name| known.get(name).copied().unwrap_or(false))
    })
}

/// Converts to what callers see.
pub(crate) fn finding(settled: &Settled, index: &LineIndex<'_>) -> Finding {
    let raw = &settled.raw;
    let range = index.range(raw.span);
    let edit = |e: &Edit| {
        let range = index.range(e.span);
        FindingEdit { start: range.start.offset, end: range.end.offset, text: e.text.clone() }
    };
    Finding {
        code: raw.rule.code.to_owned(),
        name: raw.rule.name.to_owned(),
        level: settled.level,
        category: raw.rule.category,
        message: raw.message.clone(),
        help: raw.help.clone(),
        line: range.start.line,
        column: range.start.column,
        end_line: range.end.line,
        end_column: range.end.column,
        start: range.start.offset,
        end: range.end.offset,
        lines: raw.reported,
        url: raw.rule.url(),
        fix: raw.fix.as_ref().map(|f| FindingFix {
            title: f.title.clone(),
            safe: f.safe,
            edits: f.edits.iter().map(edit).collect(),
        }),
    }
}

/// What a lint of a bare script is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ShellOptions {
    /// The shell, as in `SHELL`; `/bin/sh` where not given. A `#!` line counts more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub shell: Option<String>,
    /// Names of variables that are set before.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub env: Vec<String>,
}

/// Lints the body of one `RUN` with the `SC####` rules; none where its shell is not a POSIX-like one.
pub fn lint_shell(script: &str, options: &ShellOptions) -> LintResult {
    let mut parsed = crate::shell::parse(script);
    // Where the script does not parse, what its recovered tree says is a guess.
    let broken = !parsed.cut();
    let shell = parsed.shebang.as_deref().or(options.shell.as_deref()).unwrap_or("/bin/sh");
    let Some(dialect) = Dialect::of(shell) else { return LintResult::default() };
    let known = options.env.iter().map(|name| (name.as_str(), true)).collect();
    let cx = ShellContext::new(&parsed, dialect, Rc::new(known));
    let rules = ShellRules::new(rules::RULES.iter().copied());
    let index = LineIndex::new(script.as_bytes());
    let mut settled: Vec<Settled> = rules
        .check(&cx, &parsed)
        .into_iter()
        .filter(|raw| !broken || raw.rule.code.starts_with("SC1"))
        .map(|raw| {
            let Position { line, .. } = index.position(raw.span.start);
            let lines = Lines { from: line, to: line };
            Settled {
                level: raw.rule.level,
                raw: Raw {
                    rule: raw.rule,
                    message: raw.message,
                    help: raw.help,
                    span: raw.span,
                    lines,
                    reported: lines,
                    fix: raw.fix,
                },
            }
        })
        .collect();
    order::sort_by(&mut settled, |a, b| {
        let key = |s: &Settled| (s.raw.span.start, s.raw.rule.code, s.raw.span.end);
        key(a).cmp(&key(b))
    });
    LintResult { findings: settled.iter().map(|s| finding(s, &index)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let findings = lint(text.as_bytes(), &LintOptions::default()).unwrap().findings;
        findings.iter().map(|f| format!("{}:{}:{}", f.code, f.line, f.column)).collect()
    }

    #[test]
    fn findings_in_here_documents_and_continuations_have_their_own_places() {
        assert_eq!(
            found(
                "FROM debian:12\nRUN <<EOF\nset -e\necho $A\nEOF\nRUN bash <<EOF\n  echo $x\nEOF\nRUN a && \\\n# c\n    echo $B\n"
            ),
            ["SC2086:4:6", "SC2086:7:8", "SC2154:7:8", "SC2086:11:10"]
        );
    }

    #[test]
    fn comments_silence_what_they_name() {
        assert_eq!(
            found("FROM debian:12\n# hadolint ignore=DL3003\n# layerwright ignore=SC2086 for now\nRUN cd $A\n"),
            ["SC2164:4:5"]
        );
        assert_eq!(found("# check=skip=StageNameCasing\nFROM debian:12 AS Build\n"), Vec::<String>::new());
        assert_eq!(found("# hadolint global ignore=DL3006\nFROM debian\n"), Vec::<String>::new());
    }

    #[test]
    fn the_hadolint_profile_reports_first_lines_and_one_shell_finding_a_run() {
        let options = LintOptions { profile: Some(Profile::Hadolint), ..LintOptions::default() };
        let text = "FROM debian:12\nRUN cp $A b && \\\n    cp $B c && \\\n    cd x\n";
        let findings = lint(text.as_bytes(), &options).unwrap().findings;
        let got: Vec<_> = findings.iter().map(|f| (f.code.as_str(), f.line, f.column)).collect();
        assert_eq!(got, [("DL3003", 2, 1), ("SC2164", 2, 1)]);
    }

    #[test]
    fn what_the_base_image_has_is_no_mistake() {
        assert_eq!(found("FROM fedora:43\nRUN pushd /x && popd\n"), ["SC2164:2:17"]);
        assert_eq!(found("FROM alpine:3.22\nRUN source /x\n"), Vec::<String>::new());
        assert_eq!(found("FROM debian:13\nRUN source /x\n"), ["SC3046:2:5"]);
        assert_eq!(found("FROM alpine:3.22\nRUN wget https://example.com/a\n"), Vec::<String>::new());
        assert_eq!(found("FROM debian:13\nARG URL\nADD $URL /a\n"), Vec::<String>::new());
        assert_eq!(found("FROM debian:13\nUSER ContainerUser\n"), Vec::<String>::new());
    }

    #[test]
    fn shells_that_are_not_posix_are_left_alone() {
        assert_eq!(found("FROM debian:13\nSHELL [\"/bin/zsh\", \"-c\"]\nRUN echo $x\n"), Vec::<String>::new());
        assert_eq!(found("FROM debian:12\nSHELL [\"pwsh\", \"-c\"]\nRUN Get-Foo $x (Bar)\n"), Vec::<String>::new());
        assert_eq!(
            found("FROM debian:12\nRUN <<EOF\n#!/usr/bin/env python3\nprint('a') | $x\nEOF\n"),
            Vec::<String>::new()
        );
    }
}
