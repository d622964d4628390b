use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A here-string, which POSIX does not define.
    ///
    /// ```sh
    /// cat <<< a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo a | cat
    /// ```
    "SC3011", "here-string-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Redirection(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Redirection(r) = node else { return };
    if cx.dialect.is_posix() && r.operator == "<<<" {
        out.report(r.span, "here-strings are not defined in this shell");
    }
}
