//! What can be written at a place.

use std::collections::BTreeMap;

use super::{Document, docs};
use crate::dockerfile::syntax::{ItemKind, Keyword};
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

/// All that can be written at an offset, the likely first. The host filters by what is typed already.
pub fn completions(document: &Document<'_>, offset: u32, _options: &CompletionOptions) -> Vec<Completion> {
    let blank = document.item_at(offset).is_none_or(|i| i.kind == ItemKind::Blank);
    let typed = document.cx.instructions.iter().find(|i| {
        let span = i.node.keyword.span;
        span.start < offset && offset <= span.end
    });
    let span = match typed {
        Some(inst) => inst.node.keyword.span,
        None if blank => Span { start: offset, end: offset },
        None => return Vec::new(),
    };
    let first = document.cx.stages.first().and_then(|s| document.inst(s.from)).map_or(u32::MAX, |f| f.node.span.start);
    docs::INSTRUCTIONS
        .iter()
        .filter(|d| offset > first || matches!(d.keyword, Keyword::From | Keyword::Arg))
        .filter(|d| d.keyword != Keyword::Maintainer)
        .map(|d| Completion {
            label: d.keyword.name().to_owned(),
            kind: CompletionKind::Instruction,
            detail: None,
            documentation: Some(d.text.to_owned()),
            insert: d.keyword.name().to_owned(),
            span,
        })
        .collect()
}
