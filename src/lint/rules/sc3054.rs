use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// An element of an array, which POSIX does not have.
    ///
    /// ```sh
    /// echo "${a[1]}"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "$a"
    /// ```
    "SC3054", "array-reference-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    if cx.dialect.is_posix() && p.index.is_some() {
        out.report(part.span, "there are no arrays in this shell");
    }
}
