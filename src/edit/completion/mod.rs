//! What can be written at a place.
//!
//! | module | what it offers |
//! | --- | --- |
//! | `comments` | parser directives and comments that steer the linter, with the codes of rules |
//! | `keywords` | instructions |
//! | `flags` | flags, their values, the options of mounts |
//! | `arguments` | what follows: images, stages, signals, labels, … |
//! | `variables` | the names after `$` |
//!
//! A place is known by what stands before it in its instruction, so that text which is not finished does no harm.

mod arguments;
mod comments;
mod flags;
mod keywords;
mod variables;

use std::collections::BTreeMap;

use super::Document;
use super::variables::Given;
use crate::dockerfile::syntax::{ItemKind, Keyword, Node};
use crate::text::Span;

/// Something that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What a list shows.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside the label.
    pub detail: Option<String>,
    /// What it means, in Markdown.
    pub documentation: Option<String>,
    /// What is written in the place of `span`.
    pub insert: String,
    /// What is typed already; it holds the offset that was asked about and is inside one line.
    pub span: Span,
}

/// What a [`Completion`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum CompletionKind {
    /// The keyword of an instruction.
    Instruction,
    /// A flag, or an option of a mount.
    Flag,
    /// A value.
    Value,
    /// A stage of the file.
    Stage,
    /// A variable.
    Variable,
    /// An image.
    Image,
    /// A parser directive, or a comment that steers the linter.
    Directive,
    /// The code of a rule.
    Rule,
}

/// What is known about the build.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompletionOptions {
    /// `--build-arg`: values that are shown beside variables.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string>"))]
    pub build_args: BTreeMap<String, String>,
    /// The platform that is built for, `linux/amd64` where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub platform: Option<String>,
}

/// All that can be written at an offset, the likely first.
///
/// What is typed already only says where the place is: the host filters by it, and asks again where it does not.
pub fn completions(document: &Document<'_>, offset: u32, options: &CompletionOptions) -> Vec<Completion> {
    let offset = offset.min(document.source.len() as u32);
    let given = Given { build_args: options.build_args.clone(), platform: options.platform.clone() };
    let mut place = Place { document, offset, given, found: Vec::new() };
    place.collect();
    place.found
}

/// The line that holds an offset, without its line end.
pub(super) fn line_at(document: &Document<'_>, offset: u32) -> Span {
    let (before, after) = document.source.split_at_checked(offset as usize).unwrap_or((document.source, &[]));
    let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
    let mut end = before.len() + memchr::memchr(b'\n', after).unwrap_or(after.len());
    while end > before.len() && document.source.get(end - 1) == Some(&b'\r') {
        end -= 1;
    }
    Span::new(start, end)
}

/// The place that is asked about, and what can be written there.
struct Place<'d, 'a> {
    document: &'d Document<'a>,
    offset: u32,
    given: Given,
    found: Vec<Completion>,
}

/// What stands before the place in its instruction.
struct Before<'t> {
    kind: Keyword,
    /// The keyword as written.
    keyword: &'t str,
    /// Everything after the keyword.
    rest: &'t str,
    /// Index of the instruction in the file.
    inst: usize,
    /// The line goes on behind the place with this.
    after: &'t str,
}

impl<'a> Place<'_, 'a> {
    fn collect(&mut self) {
        let line = line_at(self.document, self.offset);
        let before = self.document.text(Span { start: line.start, end: self.offset });
        let node = self.node();
        if let Some((index, node)) = node {
            if let Some(heredoc) =
                node.heredocs.iter().find(|h| h.body.start <= self.offset && self.offset <= h.body.end)
            {
                return self.heredoc(index, node, heredoc.body, heredoc.expand);
            }
            if node.heredocs.iter().any(|h| h.terminator.start < self.offset && self.offset <= h.terminator.end) {
                return;
            }
        }
        let first_line = node.is_some_and(|(_, n)| n.keyword.span.start >= line.start);
        if before.trim_start().trim_start_matches('\u{feff}').starts_with('#') && !first_line {
            return self.comment(line, before);
        }
        let Some((index, node)) = node else {
            if before.trim().trim_start_matches('\u{feff}').is_empty() {
                self.keywords(None, "");
                self.first_directives(line);
            }
            return;
        };
        let Some((prefix, end)) = self.prefix(node, line) else { return };
        let after = node.logical.text.get(end..).unwrap_or("");
        self.instruction(index, node, prefix.trim_start(), after, false);
    }

    /// The node that the place belongs to, and its index.
    fn node(&self) -> Option<(usize, &'a Node<'a>)> {
        let document = self.document;
        let index = match document.item_at(self.offset) {
            Some(item) => match item.kind {
                ItemKind::Instruction(i) => i as usize,
                _ => return None,
            },
            // Behind a last line that goes on.
            None => {
                let item = document.file.items.last()?;
                let ItemKind::Instruction(i) = item.kind else { return None };
                let text = item.span.of(document.source).trim_ascii_end();
                let escape = document.file.escape.byte();
                let node = document.file.nodes.get(i as usize)?;
                if !node.heredocs.is_empty() || !text.ends_with(&[escape]) || text.ends_with(&[escape, escape]) {
                    return None;
                }
                i as usize
            }
        };
        document.file.nodes.get(index).map(|n| (index, n))
    }

    /// The logical line up to the place, and the place in it; `None` behind the escape character of a line.
    fn prefix(&self, node: &Node<'_>, line: Span) -> Option<(String, usize)> {
        let logical = &node.logical;
        let length = logical.text.len() as u32;
        let after = logical.map.partition_point(|s| s.source <= self.offset);
        let (from, source) = match after.checked_sub(1).and_then(|i| logical.map.get(i)) {
            Some(segment) => (segment.logical, segment.source),
            None => (0, logical.start),
        };
        let to = logical.map.get(after).map_or(length, |s| s.logical);
        let at = from.saturating_add(self.offset.saturating_sub(source));
        let end = (at.min(to) as usize..=logical.text.len()).find(|&i| logical.text.is_char_boundary(i))?;
        let mut prefix = logical.text.get(..end)?.to_owned();
        if at > to {
            if source >= line.start {
                return None;
            }
            // A blank line inside.
            prefix.push_str(self.document.text(Span { start: line.start, end: self.offset }));
        }
        Some((prefix, end))
    }

    fn instruction(&mut self, index: usize, node: &Node<'_>, prefix: &str, after: &str, onbuild: bool) {
        let space = |c: char| c.is_ascii_whitespace();
        let Some(end) = prefix.find(space) else {
            let outer = onbuild.then_some(Keyword::Onbuild);
            return self.keywords(outer, prefix);
        };
        let (keyword, rest) = prefix.split_at(end);
        let kind = Keyword::of(keyword);
        let Some(inst) = self.document.inst_of(index) else { return };
        if kind == Keyword::Onbuild {
            if !onbuild {
                self.instruction(index, node, rest.trim_start(), after, true);
            }
            return;
        }
        let inst = inst + usize::from(onbuild && node.child.is_some());
        let before = Before { kind, keyword, rest, inst, after };
        if self.variables(&before) || self.flags(&before) {
            return;
        }
        self.arguments(&before);
    }

    /// Adds something that replaces `typed`, which stands right before the place, and what goes on with it.
    fn offer(&mut self, span: Span, kind: CompletionKind, label: &str) -> &mut Completion {
        self.found.push(Completion {
            label: label.to_owned(),
            kind,
            detail: None,
            documentation: None,
            insert: label.to_owned(),
            span,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// The place with what is typed before it, and with the characters after it that go on with that. `None` where
    /// what is typed goes over several lines.
    fn span(&self, typed: &str, more: fn(u8) -> bool) -> Option<Span> {
        let start = self.offset.checked_sub(typed.len() as u32)?;
        let span = Span { start, end: self.offset };
        if span.of(self.document.source) != typed.as_bytes() {
            return None;
        }
        let after = self.document.source.get(self.offset as usize..).unwrap_or(&[]);
        let length = after.iter().take_while(|&&b| more(b)).count() as u32;
        Some(Span { start, end: self.offset + length })
    }
}

impl Completion {
    fn detail(&mut self, detail: &str) -> &mut Self {
        self.detail = Some(detail.to_owned()).filter(|d| !d.is_empty());
        self
    }

    fn doc(&mut self, text: impl Into<String>) -> &mut Self {
        self.documentation = Some(text.into()).filter(|t| !t.is_empty());
        self
    }

    fn insert(&mut self, text: impl Into<String>) -> &mut Self {
        self.insert = text.into();
        self
    }
}

/// Characters of keywords, and of other names without dots and dashes.
fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Characters of what stages, images and most values are called.
fn in_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// All but white space.
fn in_word(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
}

/// The last word of a text, which is empty after a space, and what stands before. Quotes keep spaces in.
fn last_word(text: &str) -> (&str, &str) {
    let mut quote = None;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match quote {
            Some(q) if c == q => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => start = at + c.len_utf8(),
            _ => {}
        }
    }
    text.split_at(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn at(marked: &str) -> (String, Vec<Completion>) {
        let offset = marked.find('^').unwrap() as u32;
        let text = marked.replacen('^', "", 1);
        let file = parse(text.as_bytes());
        let found = completions(&Document::new(text.as_bytes(), &file), offset, &CompletionOptions::default());
        (text, found)
    }

    /// Labels of what is offered at `^`.
    fn labels(marked: &str) -> Vec<String> {
        at(marked).1.into_iter().map(|c| c.label).collect()
    }

    /// The text once what has this label is accepted.
    fn accepted(marked: &str, label: &str) -> String {
        let (text, found) = at(marked);
        let chosen = found.iter().find(|c| c.label == label).unwrap_or_else(|| panic!("{label} is not in {found:?}"));
        let range = chosen.span.range();
        format!("{}{}{}", &text[..range.start], chosen.insert, &text[range.end..])
    }

    #[test]
    fn instructions_fit_their_place_and_the_case_of_the_file() {
        assert_eq!(labels("F^"), ["FROM", "ARG"]);
        assert_eq!(labels("FR^OM a\nRUN x\n"), ["FROM", "ARG"]);
        assert_eq!(accepted("FROM a\nru^ x\n", "RUN"), "FROM a\nRUN x\n");
        assert_eq!(accepted("from a\nRU^\n", "run"), "from a\nrun\n");
        assert_eq!(accepted("from a\n^", "copy"), "from a\ncopy");
        assert_eq!(accepted("f^", "from"), "from");
        let all = labels("FROM a\n^");
        assert!(all.contains(&"ONBUILD".into()) && all.contains(&"FROM".into()) && !all.contains(&"MAINTAINER".into()));
        let inner = labels("FROM a\nONBUILD ^");
        assert!(inner.contains(&"COPY".into()) && !inner.iter().any(|l| l == "FROM" || l == "ONBUILD"));
        assert_eq!(accepted("FROM a\r\nCO^\r\n", "COPY"), "FROM a\r\nCOPY\r\n");
    }

    #[test]
    fn flags_that_are_there_are_not_offered_again() {
        let flags = labels("FROM a\nCOPY --ch^ --link a b\n");
        assert!(flags.contains(&"--chown=".into()) && flags.contains(&"--chmod=".into()));
        assert!(!flags.contains(&"--link".into()));
        assert_eq!(labels("FROM a\nRUN --network=none --^"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN --mount=type=ssh --^")[0], "--mount=");
        assert_eq!(accepted("FROM a\nCOPY --fr^=x a b", "--from="), "FROM a\nCOPY --from=x a b");
        assert_eq!(accepted("FROM a\nCOPY --l^ a b", "--link"), "FROM a\nCOPY --link a b");
        assert!(labels("FROM a\nHEALTHCHECK --int^").contains(&"--interval=".into()));
        assert!(labels("FROM a\nONBUILD COPY --^").contains(&"--from=".into()));
        assert_eq!(labels("FROM a\nRUN ls --^"), [""; 0]);
    }

    #[test]
    fn values_of_flags_are_offered() {
        assert_eq!(labels("FROM a\nRUN --network=^"), ["default", "none", "host"]);
        assert_eq!(labels("FROM a\nRUN --security=s^"), ["sandbox", "insecure"]);
        assert_eq!(labels("FROM a AS one\nFROM b\nFROM c AS three\nCOPY --from=^"), ["1", "one"]);
        assert_eq!(
            accepted("FROM a AS one\nFROM b\nCOPY --from=o^ne x y", "one"),
            "FROM a AS one\nFROM b\nCOPY --from=one x y"
        );
        assert_eq!(labels("FROM a\nUSER app:app\nCOPY --chown=^"), ["app:app", "root", "nobody"]);
        let platforms = labels("FROM --platform=^ a\n");
        assert!(platforms.contains(&"linux/arm64".into()) && platforms.contains(&"$BUILDPLATFORM".into()));
        assert_eq!(accepted("FROM --platform=li^nux/386 a", "linux/arm64"), "FROM --platform=linux/arm64 a");
    }

    #[test]
    fn mounts_are_completed_by_their_type() {
        let first = labels("FROM a\nRUN --mount=^");
        assert!(first.contains(&"type=cache".into()) && first.contains(&"target=".into()));
        assert_eq!(labels("FROM a\nRUN --mount=type=^"), ["bind", "cache", "tmpfs", "secret", "ssh"]);
        assert_eq!(labels("FROM a\nRUN --mount=type=tmpfs,^"), ["target=", "size="]);
        assert_eq!(labels("FROM a\nRUN --mount=type=ssh,id=x,target=/,^,mode=1,uid=1"), ["required", "gid="]);
        assert_eq!(labels("FROM a\nRUN --mount=type=cache,sharing=^"), ["shared", "private", "locked"]);
        assert_eq!(labels("FROM a AS x\nFROM b\nRUN --mount=target=/x,from=^"), ["x"]);
        assert!(labels("FROM a\nRUN --mount=type=cache,target=^").contains(&"/root/.npm".into()));
        assert_eq!(
            accepted("FROM a\nRUN --mount=type=cache,ta^ x", "target="),
            "FROM a\nRUN --mount=type=cache,target= x"
        );
        assert_eq!(
            accepted("FROM a\nRUN --mount=type=bind \\\n  --mount=type=ca^,id=1 x", "cache"),
            "FROM a\nRUN --mount=type=bind \\\n  --mount=type=cache,id=1 x"
        );
    }

    #[test]
    fn variables_in_scope_are_offered_after_a_dollar() {
        let text = "ARG G=1\nARG H=2\nFROM a:$^\nARG H\nENV E=3\n";
        assert_eq!(labels(text)[..2], ["H", "G"]);
        assert!(labels(text).contains(&"TARGETARCH".into()));
        assert_eq!(labels("ARG G=1\nARG H=2\nFROM a\nARG H\nENV E=3\nRUN echo $^"), ["E", "H"]);
        assert_eq!(labels("ARG G=1\nARG H=2\nFROM a\nENV E=3\nARG H\nCMD echo $^"), ["E"]);
        assert_eq!(labels("FROM a AS x\nENV E=3\nFROM x\nCOPY a /${^"), ["E"]);
        assert_eq!(accepted("FROM a\nENV EE=3\nCOPY a /${E^\n", "EE"), "FROM a\nENV EE=3\nCOPY a /${EE}\n");
        assert_eq!(accepted("FROM a\nENV EE=3\nCOPY a /${E^}\n", "EE"), "FROM a\nENV EE=3\nCOPY a /${EE}\n");
        assert_eq!(accepted("FROM a\nENV EE=3\nCOPY a /$E^x/b\n", "EE"), "FROM a\nENV EE=3\nCOPY a /$EE/b\n");
        assert_eq!(labels("FROM a\nENV E=3\nRUN echo '$^'"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN echo \\$^"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nCOPY [\"/$^\", \"/\"]"), ["E"]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN [\"$^\"]"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN --mount=target=/$^"), ["E"]);
        assert_eq!(labels("# escape=`\nFROM a\nENV E=3\nCOPY `$^"), [""; 0]);
        assert_eq!(labels("# escape=`\nFROM a\nSHELL [\"powershell\"]\nENV E=3\nRUN x `\n  $env:^"), ["E"]);
        assert_eq!(labels("FROM a\nSHELL [\"cmd\"]\nENV E=3\nRUN echo %^"), ["E"]);
    }

    #[test]
    fn in_here_documents_there_are_only_variables() {
        assert_eq!(labels("FROM a\nENV E=3\nCOPY <<X /\n$^\nX\n"), ["E"]);
        assert_eq!(labels("FROM a\nENV E=3\nCOPY <<'X' /\n$^\nX\n"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nCOPY <<X /\nFR^\nX\n"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN <<'X'\necho $^\nX\n"), ["E"]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN <<X\n# ^"), [""; 0]);
        assert_eq!(labels("FROM a\nENV E=3\nRUN cat <<'X'\n$^\nX\n"), [""; 0]);
        assert_eq!(labels("FROM a\nCOPY <<X /\nX^\n"), [""; 0]);
    }

    #[test]
    fn arguments_are_offered_by_instruction() {
        let images = labels("FROM a AS b\nFROM ^\n");
        assert_eq!(images[..2], ["b", "scratch"]);
        assert!(images.contains(&"alpine".into()));
        assert_eq!(labels("FROM a ^\n"), ["AS"]);
        assert_eq!(labels("from a a^\n"), ["as"]);
        assert_eq!(labels("FROM a AS ^\n"), [""; 0]);
        assert_eq!(labels("ARG V=1\nFROM a\nARG ^")[..2], ["V", "TARGETPLATFORM"]);
        assert!(!labels("ARG V=1\nFROM a\nARG V\nARG ^").contains(&"V".into()));
        assert_eq!(labels("FROM a\nEXPOSE 53/^"), ["tcp", "udp", "sctp"]);
        assert_eq!(labels("FROM a\nSTOPSIGNAL ^")[0], "SIGTERM");
        assert_eq!(
            accepted("FROM a\nSHELL [\"/bin^", r#"["/bin/bash", "-c"]"#),
            "FROM a\nSHELL [\"/bin/bash\", \"-c\"]"
        );
        assert_eq!(labels("FROM a\nHEALTHCHECK --interval=5s ^")[..2], ["CMD", "NONE"]);
        assert_eq!(labels("FROM a\nWORKDIR /w\nWORKDIR ^")[0], "/w");
        assert_eq!(labels("FROM a\nUSER me\nUSER ^")[0], "me");
        let label = "org.opencontainers.image.title";
        assert!(labels("FROM a\nLABEL ^").contains(&label.into()));
        assert!(!labels(&format!("FROM a\nLABEL {label}=x ^")).contains(&label.into()));
        assert_eq!(accepted("FROM a\nLABEL org.op^", label), format!("FROM a\nLABEL {label}="));
    }

    #[test]
    fn continued_lines_know_their_instruction() {
        assert_eq!(labels("FROM a\nRUN --network=none \\\n  --^"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN --network=none \\\n  ^"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN --network=none \\\n^"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN --network=none \\\n  ^\n  ls\n"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN --network=none \\\n # x ^\n  ls\n"), [""; 0]);
        assert_eq!(labels("FROM a\r\nRUN --network=none \\\r\n  --^\r\n"), ["--mount=", "--security=", "--device="]);
        assert_eq!(labels("FROM a\nRUN x \\^\n"), [""; 0]);
        assert_eq!(labels("# escape=`\nFROM a\nRUN --network=none `\n  --^"), ["--mount=", "--security=", "--device="]);
    }

    #[test]
    fn comments_offer_directives_and_rules() {
        assert!(labels("# ^\nFROM a\n").contains(&"syntax=docker/dockerfile:1".into()));
        assert!(labels("^").contains(&"# syntax=docker/dockerfile:1".into()));
        assert!(!labels("FROM a\n# ^").iter().any(|l| l.starts_with("syntax")));
        assert_eq!(labels("# escape=^\n"), ["`", "\\"]);
        assert_eq!(accepted("#s^", "syntax=docker/dockerfile:1"), "#syntax=docker/dockerfile:1");
        assert_eq!(labels("# check=s^"), ["skip=", "error=true", "experimental="]);
        let rules = labels("# check=skip=StageNameCasing,^;error=true");
        assert!(rules.contains(&"all".into()) && rules.contains(&"DuplicateStageName".into()));
        assert!(!rules.contains(&"StageNameCasing".into()) && !rules.iter().any(|r| r.starts_with("DL")));
        assert_eq!(labels("FROM debian:12\n# hadolint ignore=^\nRUN cd /x\n")[0], "DL3003");
        assert!(labels("FROM a\n# layerwright ignore=DL3003,Sta^\n").contains(&"StageNameCasing".into()));
        assert_eq!(labels("FROM a\n# some words about it^\n"), [""; 0]);
        assert_eq!(labels("FROM a\n# layerwright ignore=DL3003 because ^"), labels("FROM a\n# x=^"));
    }
}
