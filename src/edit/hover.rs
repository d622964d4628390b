//! What the thing at a place is, in a few words.

use super::{Document, docs};
use crate::text::Span;

/// What a hover shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Markdown.
    pub contents: String,
    /// What it is about.
    pub span: Span,
}

/// What the thing at an offset is: an instruction, a flag, a stage, a variable, an image, a rule.
pub fn hover(document: &Document<'_>, offset: u32) -> Option<Hover> {
    let inst = document.cx.instructions.iter().find(|i| {
        let span = i.node.keyword.span;
        span.start <= offset && offset <= span.end
    })?;
    let doc = docs::instruction(inst.node.kind)?;
    Some(Hover { contents: format!("```dockerfile\n{}\n```\n\n{}", doc.forms, doc.text), span: inst.node.keyword.span })
}
