use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `source`, which POSIX spells `.`.
    ///
    /// ```sh
    /// source /etc/profile
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// . /etc/profile
    /// ```
    "SC3046", "source-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check), changes_build
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if !cx.dialect.is_posix() || cx.dialect == Dialect::Ash {
        return;
    }
    if let Some((simple, _)) = call(cx, &node, &["source"]) {
        let span = simple.words.first().map_or(node.span(), |w| w.span);
        out.report(span, "`source` is not defined in POSIX sh").fix(Fix::safe("Write .", span, "."));
    }
}
