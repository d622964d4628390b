use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// Process substitution, which POSIX does not define.
    ///
    /// ```sh
    /// cat <(ls)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// ls | cat
    /// ```
    "SC3001", "process-substitution-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if cx.dialect.is_posix() && matches!(part.kind, PartKind::ProcessSubstitution(_)) {
        out.report(part.span, "process substitution is not defined in this shell");
    }
}
