use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// Quotes end right after `$` to make it literal.
    ///
    /// ```sh
    /// echo "It costs $"5
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "It costs \$5"
    /// ```
    "SC1135", "closed-to-protect-dollar", Style, Style, [HADOLINT, RECOMMENDED], Word(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Word(word, _) = node else { return };
    for pair in word.parts.windows(2) {
        let PartKind::DoubleQuoted(inner) = &pair[0].kind else { continue };
        let Some(last) = inner.last().filter(|p| matches!(p.kind, PartKind::Literal) && cx.text(p.span).ends_with('$'))
        else {
            continue;
        };
        let next = cx.text(pair[1].span);
        if next.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '(' | '\'' | '"')) {
            let at = last.span.end.saturating_sub(1);
            out.report(Span { start: at, end: at + 1 }, "the quotes end to protect the `$`").help("write `\\$`");
        }
    }
}
