use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `${!x}`, which POSIX does not define.
    ///
    /// ```sh
    /// echo "${!X}"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// eval "echo \$$X"
    /// ```
    "SC3053", "indirect-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    if cx.dialect.is_posix() && p.indirect && !matches!(p.operator, "@" | "*") {
        out.report(part.span, "indirect expansion is not defined in this shell");
    }
}
