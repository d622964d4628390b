use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `${x/a/b}`, which POSIX does not define.
    ///
    /// ```sh
    /// echo "${X/a/b}"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "$X" | sed s/a/b/
    /// ```
    "SC3060", "replacement-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    if cx.dialect.is_posix() && cx.dialect != Dialect::Ash && p.operator.starts_with('/') {
        out.report(part.span, "replacement in an expansion is not defined in this shell");
    }
}
