use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `egrep` is an old name of `grep -E`.
    ///
    /// ```sh
    /// egrep x f
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// grep -E x f
    /// ```
    "SC2196", "egrep", Info, Style, [HADOLINT, RECOMMENDED], Command(check), changes_build
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if let Some((simple, _)) = call(cx, &node, &["egrep"]) {
        let span = simple.words.first().map_or(node.span(), |w| w.span);
        out.report(span, "`egrep` is deprecated").fix(Fix::safe("Write grep -E", span, "grep -E"));
    }
}
