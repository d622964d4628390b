use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A brace expansion, which POSIX does not define.
    ///
    /// ```sh
    /// rm a.{c,h}
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// rm a.c a.h
    /// ```
    "SC3009", "brace-expansion-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if cx.dialect.is_posix() && matches!(part.kind, PartKind::Brace(_)) {
        out.report(part.span, "this shell does not expand braces");
    }
}
