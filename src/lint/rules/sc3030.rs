use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// An array, which POSIX does not have.
    ///
    /// ```sh
    /// a=(1 2); echo "$a"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// a="1 2"; echo "$a"
    /// ```
    "SC3030", "array-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if cx.dialect.is_posix() && matches!(part.kind, PartKind::Array(_)) {
        out.report(part.span, "there are no arrays in this shell");
    }
}
