use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// Backticks instead of `$(…)`.
    ///
    /// They do not nest, and backslashes mean other things in them.
    ///
    /// ```sh
    /// x=`date`; echo "$x"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// x=$(date); echo "$x"
    /// ```
    "SC2006", "backticks", Style, Style, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::CommandSubstitution { body, backticks: true } = &part.kind else { return };
    if body.items.is_empty() {
        return;
    }
    let raw = out.report(part.span, "backticks are the old form of `$(…)`");
    let text = cx.text(part.span);
    let inner = text.strip_prefix('`').and_then(|t| t.strip_suffix('`')).unwrap_or("");
    if !inner.is_empty() && !inner.contains(['\\', '`', '#']) {
        // `$((` would begin arithmetic. What is between the ticks stays, with its line breaks and comments.
        let open = if inner.starts_with('(') { "$( " } else { "$(" };
        let Span { start, end } = part.span;
        raw.fix(Fix::safe("Write $(…)", Span { start, end: start + 1 }, open).and(Span { start: end - 1, end }, ")"));
    }
}
