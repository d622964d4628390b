use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `${x:1:2}`, which POSIX does not define.
    ///
    /// ```sh
    /// echo "${X:0:1}"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "$X" | cut -c1
    /// ```
    "SC3057", "substring-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    if cx.dialect.is_posix() && cx.dialect != Dialect::Ash && p.operator == ":" && p.name != "@" && p.name != "*" {
        out.report(part.span, "substrings in an expansion are not defined in this shell");
    }
}
