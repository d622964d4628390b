use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `let`, which POSIX does not define.
    ///
    /// ```sh
    /// let x=1; echo "$x"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// x=1; echo "$x"
    /// ```
    "SC3039", "let-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if !cx.dialect.is_posix() {
        return;
    }
    if let Some((simple, _)) = call(cx, &node, &["let"]) {
        out.report(simple.words.first().map_or(node.span(), |w| w.span), "`let` is not defined in this shell");
    }
}
