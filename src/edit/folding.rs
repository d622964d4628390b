//! What can be folded away.

use super::Document;
use crate::dockerfile::syntax::{ItemKind, Node};
use crate::text::Span;

/// Lines that can be folded: from the end of the line on which `span` starts, to the end of `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// From the line that stays to the end of the last line that goes.
    pub span: Span,
    /// What is folded.
    pub kind: FoldKind,
}

/// What a [`Fold`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum FoldKind {
    /// A stage, from its `FROM` to its last instruction.
    Stage,
    /// An instruction of several lines.
    Instruction,
    /// A here-document with its last line.
    Heredoc,
    /// Comment lines, one after another.
    Comment,
}

/// The folds of a file by their start; outer ones before inner ones.
pub fn folding(document: &Document<'_>) -> Vec<Fold> {
    let mut folds = Vec::new();
    let mut push = |kind, span: Span| {
        if memchr::memchr(b'\n', span.of(document.source)).is_some() {
            folds.push(Fold { span, kind });
        }
    };
    for (index, stage) in document.cx.stages.iter().enumerate() {
        if let (Some(from), Some(last)) = (document.inst(stage.from), document.last_node(index)) {
            // The fold of a stage that is one instruction is that instruction's.
            if !std::ptr::eq(from.node, last) {
                push(FoldKind::Stage, from.node.span.to(last.span));
            }
        }
    }
    for node in &document.file.nodes {
        instruction(node, &mut push);
    }
    let mut comments: Option<Span> = None;
    for item in &document.file.items {
        if let ItemKind::Comment(i) = item.kind {
            if let Some(comment) = document.file.comments.get(i as usize) {
                comments = Some(comments.map_or(comment.span, |c| c.to(comment.span)));
            }
        } else if let Some(span) = comments.take() {
            push(FoldKind::Comment, span);
        }
    }
    if let Some(span) = comments {
        push(FoldKind::Comment, span);
    }
    crate::order::sort_by(&mut folds, |a, b| a.span.start.cmp(&b.span.start).then(b.span.end.cmp(&a.span.end)));
    folds
}

fn instruction(node: &Node, push: &mut dyn FnMut(FoldKind, Span)) {
    let bodies = node.heredocs.first().map_or(node.span.end, |h| line_before(h.body));
    match node.heredocs.as_slice() {
        // The command's own lines, before the bodies.
        [] | [_] => push(FoldKind::Instruction, Span { start: node.span.start, end: bodies.max(node.span.start) }),
        _ => push(FoldKind::Instruction, node.span),
    }
    for heredoc in &node.heredocs {
        push(
            FoldKind::Heredoc,
            Span { start: line_before(heredoc.body), end: heredoc.terminator.end.min(node.span.end) },
        );
    }
}

/// The end of the line before a body.
fn line_before(body: Span) -> u32 {
    body.start.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn folds(text: &str) -> Vec<(FoldKind, &str)> {
        let file = parse(text.as_bytes());
        folding(&Document::new(text.as_bytes(), &file)).into_iter().map(|f| (f.kind, f.span.str_of(text))).collect()
    }

    #[test]
    fn stages_instructions_heredocs_and_comments_fold() {
        let text = "# a\n# b\nFROM x\nRUN a \\\n  b\nRUN <<E cat\nbody\nE\n\n# one\nFROM y\n";
        assert_eq!(
            folds(text),
            [
                (FoldKind::Comment, "# a\n# b"),
                (FoldKind::Stage, "FROM x\nRUN a \\\n  b\nRUN <<E cat\nbody\nE"),
                (FoldKind::Instruction, "RUN a \\\n  b"),
                (FoldKind::Heredoc, "\nbody\nE"),
            ]
        );
    }

    #[test]
    fn two_heredocs_fold_on_their_own() {
        let text = "FROM x\nCOPY <<A <<B /\n1\nA\n2\nB\n";
        assert_eq!(
            folds(text)[1..],
            [
                (FoldKind::Instruction, "COPY <<A <<B /\n1\nA\n2\nB"),
                (FoldKind::Heredoc, "\n1\nA"),
                (FoldKind::Heredoc, "\n2\nB"),
            ]
        );
    }
}
