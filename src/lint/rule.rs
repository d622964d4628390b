//! What a rule is, and what it finds.

use serde::{Deserialize, Serialize};

use super::context::{Context, Inst, ShellContext};
use super::pragma::Ignores;
use crate::dockerfile::syntax::Lines;
use crate::shell::{Node, NodeKind, Script};
use crate::text::Span;

/// How bad a finding is. The order is by weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The build breaks or does what nobody wants.
    Error,
    /// Likely wrong.
    Warning,
    /// Worth knowing.
    Info,
    /// A matter of taste.
    Style,
}

impl Level {
    /// The lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Style => "style",
        }
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The build, or what it makes, does not do what the text suggests.
    ErrorProne,
    /// Secrets, privileges, trust.
    Security,
    /// Bytes the image need not have.
    Size,
    /// Build speed and cache use.
    Cache,
    /// Readability and conventions.
    Style,
    /// The same text should make the same image tomorrow.
    Reproducibility,
}

/// Which set of rules runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What a good reviewer would say, once each, at its true place.
    #[default]
    Recommended,
    /// hadolint's rules with its levels, lines and gaps.
    Hadolint,
    /// The checks of `docker build --check`.
    Buildkit,
    /// Recommended and the pedantic ones.
    Strict,
    /// Every rule there is.
    All,
}

/// The profiles in which a rule is on, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profiles(u8);

impl Profiles {
    /// On in no profile but `all`.
    pub const OPT_IN: Self = Self(0);
    /// On in `recommended` and `strict`.
    pub const RECOMMENDED: Self = Self(1 | 8);
    /// On in `hadolint`.
    pub const HADOLINT: Self = Self(2);
    /// On in `buildkit`.
    pub const BUILDKIT: Self = Self(4);
    /// On in `strict`.
    pub const STRICT: Self = Self(8);

    /// On where either is.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a rule with these bits is on.
    pub const fn contains(self, profile: Profile) -> bool {
        match profile {
            Profile::Recommended => self.0 & 1 != 0,
            Profile::Hadolint => self.0 & 2 != 0,
            Profile::Buildkit => self.0 & 4 != 0,
            Profile::Strict => self.0 & 8 != 0,
            Profile::All => true,
        }
    }
}

/// A rule: facts about it, and what looks for it. Made by the `rule!` macro, one file each.
#[derive(Debug)]
pub struct Rule {
    /// The code users know: `DL3008`, `StageNameCasing`, `SC2086`, `LW1001`.
    pub code: &'static str,
    /// A name in kebab case that names the pattern.
    pub name: &'static str,
    /// The level where the configuration does not say another.
    pub level: Level,
    /// What it is about.
    pub category: Category,
    /// Where it is on.
    pub profiles: Profiles,
    /// The user documentation, in Markdown: what it does, why it is bad, an example, what to use instead.
    pub docs: &'static str,
    /// Its safe corrections are made to change what is built; those of all other rules leave that as it is.
    pub changes_build: bool,
    /// What looks for it.
    pub check: Check,
}

/// How a rule looks.
#[derive(Clone, Copy)]
pub enum Check {
    /// At the whole file, once.
    File(fn(&Context<'_>, &mut Sink<'_>)),
    /// At one script, once.
    Script(ScriptCheck),
    /// At each list of a script.
    List(NodeCheck),
    /// At each chain of `&&` and `||`.
    AndOr(NodeCheck),
    /// At each pipeline.
    Pipeline(NodeCheck),
    /// At each command.
    Command(NodeCheck),
    /// At each assignment before a command.
    Assignment(NodeCheck),
    /// At each redirection.
    Redirection(NodeCheck),
    /// At each here-document.
    Heredoc(NodeCheck),
    /// At each word.
    Word(NodeCheck),
    /// At each piece of a word.
    Part(NodeCheck),
    /// At the comments that silence, once all other rules have run.
    Ignores(fn(&Ignores<'_>, &mut Sink<'_>)),
}

impl Check {
    /// The kind of node that it looks at, and what looks.
    const fn node(self) -> Option<(NodeKind, NodeCheck)> {
        Some(match self {
            Self::List(check) => (NodeKind::List, check),
            Self::AndOr(check) => (NodeKind::AndOr, check),
            Self::Pipeline(check) => (NodeKind::Pipeline, check),
            Self::Command(check) => (NodeKind::Command, check),
            Self::Assignment(check) => (NodeKind::Assignment, check),
            Self::Redirection(check) => (NodeKind::Redirection, check),
            Self::Heredoc(check) => (NodeKind::Heredoc, check),
            Self::Word(check) => (NodeKind::Word, check),
            Self::Part(check) => (NodeKind::Part, check),
            Self::File(_) | Self::Script(_) | Self::Ignores(_) => return None,
        })
    }
}

/// Looks at a script.
pub type ScriptCheck = fn(&ShellContext<'_>, &mut ShellSink<'_>);

/// Looks at one node, given the nodes around it, the outermost first.
pub type NodeCheck = for<'t> fn(&ShellContext<'t>, Node<'t>, &[Node<'t>], &mut ShellSink<'_>);

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Script(_) => "Script",
            Self::Ignores(_) => "Ignores",
            _ => "Node",
        })
    }
}

impl Rule {
    /// Looks inside `RUN` rather than at the file.
    pub fn is_shell(&self) -> bool {
        matches!(self.check, Check::Script(_)) || self.check.node().is_some()
    }

    /// Looks at the comments that silence.
    pub fn is_about_ignores(&self) -> bool {
        matches!(self.check, Check::Ignores(_))
    }

    /// Where more can be read: the upstream tool's page for rules that it knows too, for ours a path in the repository.
    pub fn url(&self) -> Option<String> {
        if self.code.starts_with("DL") {
            Some(format!("https://github.com/hadolint/hadolint/wiki/{}", self.code))
        } else if self.code.starts_with("SC") {
            Some(format!("https://www.shellcheck.net/wiki/{}", self.code))
        } else if self.profiles.contains(Profile::Buildkit) || self.code == "InvalidDefinitionDescription" {
            let mut page = String::new();
            for (i, c) in self.code.char_indices() {
                let lower_before = i > 0 && self.code.as_bytes().get(i - 1).is_some_and(u8::is_ascii_lowercase);
                if c.is_ascii_uppercase() && lower_before {
                    page.push('-');
                }
                page.push(c.to_ascii_lowercase());
            }
            Some(format!("https://docs.docker.com/go/dockerfile/rule/{page}/"))
        } else {
            Some(format!("docs/rules/{}.md", self.code))
        }
    }

    /// The first sentence of the documentation.
    pub fn summary(&self) -> &'static str {
        let docs = self.docs.trim_start();
        docs.split("\n\n").next().unwrap_or(docs).trim()
    }
}

/// A replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// A correction of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// It cannot change what is built, unless the rule exists to change that: applied without asking.
    pub safe: bool,
    /// The replacements; they do not overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix that may be applied without asking.
    pub fn safe(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { title: title.into(), safe: true, edits: vec![Edit { span, text: text.into() }] }
    }

    /// A suggestion that a person has to accept.
    pub fn suggested(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { safe: false, ..Self::safe(title, span, text) }
    }

    /// With one more replacement.
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edits.push(Edit { span, text: text.into() });
        self
    }
}

/// A finding before levels, pragmas and positions are settled.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The rule.
    pub rule: &'static Rule,
    /// What is wrong here.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The bytes it is about.
    pub span: Span,
    /// The lines of the instruction it belongs to.
    pub lines: Lines,
    /// The lines BuildKit would name.
    pub reported: Lines,
    /// A correction.
    pub fix: Option<Fix>,
}

impl Raw {
    /// Adds what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a correction.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }
}

/// Where checks of the whole file put what they find.
#[derive(Debug)]
pub struct Sink<'a> {
    pub(super) rule: &'static Rule,
    pub(super) found: &'a mut Vec<Raw>,
}

impl Sink<'_> {
    /// Reports a finding in an instruction.
    pub fn report(&mut self, inst: &Inst<'_>, span: Span, message: impl Into<String>) -> &mut Raw {
        let lines = inst.outer.lines;
        self.at(lines, span, message)
    }

    /// Reports a finding on an instruction's keyword.
    pub fn instruction(&mut self, inst: &Inst<'_>, message: impl Into<String>) -> &mut Raw {
        self.report(inst, inst.node.keyword.span, message)
    }

    /// Reports a finding at lines of the file.
    pub fn at(&mut self, lines: Lines, span: Span, message: impl Into<String>) -> &mut Raw {
        self.found.push(Raw {
            rule: self.rule,
            message: message.into(),
            help: None,
            span,
            lines,
            reported: lines,
            fix: None,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}

/// A finding inside a script, with spans in the script.
#[derive(Debug, Clone)]
pub struct ShellRaw {
    /// The rule.
    pub rule: &'static Rule,
    /// What is wrong here.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The bytes of the script it is about.
    pub span: Span,
    /// A correction, in offsets of the script.
    pub fix: Option<Fix>,
}

impl ShellRaw {
    /// Adds what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a correction.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }
}

/// Where checks of a script put what they find.
#[derive(Debug)]
pub struct ShellSink<'a> {
    rule: &'static Rule,
    found: &'a mut Vec<ShellRaw>,
}

impl ShellSink<'_> {
    /// Reports a finding.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut ShellRaw {
        self.found.push(ShellRaw { rule: self.rule, message: message.into(), help: None, span, fix: None });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}

/// Shell rules by what they look at, so that a node meets only those that want its kind.
#[derive(Debug, Default)]
pub struct ShellRules {
    scripts: Vec<(&'static Rule, ScriptCheck)>,
    nodes: [Vec<(&'static Rule, NodeCheck)>; NodeKind::COUNT],
}

impl ShellRules {
    /// The shell rules among `rules`.
    pub fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Self {
        let mut table = Self::default();
        for rule in rules {
            if let Check::Script(check) = rule.check {
                table.scripts.push((rule, check));
            } else if let Some((kind, check)) = rule.check.node() {
                table.nodes[kind as usize].push((rule, check));
            }
        }
        table
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty() && self.nodes.iter().all(Vec::is_empty)
    }

    /// Runs them over a script.
    pub fn check(&self, cx: &ShellContext<'_>, script: &Script) -> Vec<ShellRaw> {
        let mut found = Vec::new();
        for (rule, check) in &self.scripts {
            check(cx, &mut ShellSink { rule, found: &mut found });
        }
        crate::shell::walk(script, &mut |node, parents| {
            for (rule, check) in &self.nodes[node.kind() as usize] {
                check(cx, node, parents, &mut ShellSink { rule, found: &mut found });
            }
        });
        found
    }
}

/// Defines `RULE` of a rule's file; its doc comment is the rule's documentation. The word `changes_build` at the end says
/// that its safe corrections do.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $code:literal, $name:literal, $level:ident, $category:ident, [$($profile:ident),*], $kind:ident($check:expr) $(, $changes:ident)?) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::lint::rule::Rule = $crate::lint::rule::Rule {
            code: $code,
            name: $name,
            level: $crate::lint::rule::Level::$level,
            category: $crate::lint::rule::Category::$category,
            profiles: $crate::lint::rule::Profiles::OPT_IN$(.or($crate::lint::rule::Profiles::$profile))*,
            docs: concat!($($doc, "\n"),*),
            changes_build: $($crate::lint::rule::rule!(@ $changes) ||)? false,
            check: $crate::lint::rule::Check::$kind($check),
        };
    };
    (@ changes_build) => { true };
}
pub(crate) use rule;
