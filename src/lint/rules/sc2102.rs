use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A character is repeated in `[…]`, as if a word were meant.
    ///
    /// ```sh
    /// ls foo[server]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// ls foo-server
    /// ```
    "SC2102", "repeated-in-range", Info, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if !matches!(part.kind, PartKind::Glob) {
        return;
    }
    if matches!(parents.last(), Some(Node::Word(_, Role::Test | Role::Value))) {
        return;
    }
    let text = cx.text(part.span);
    let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) else { return };
    let inner = inner.strip_prefix(['!', '^']).unwrap_or(inner);
    if inner.contains("[:") || inner.contains("[.") {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    if inner.chars().any(|c| c != '-' && !seen.insert(c)) {
        out.report(part.span, "the range has a character twice: it stands for one character");
    }
}
