use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `$'…'`, which POSIX did not define.
    ///
    /// ```sh
    /// printf $'a'
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf 'a'
    /// ```
    "SC3003", "ansi-quotes-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if cx.dialect.is_posix() && cx.dialect != Dialect::Ash && matches!(part.kind, PartKind::AnsiQuoted) {
        out.report(part.span, "`$'…'` is not defined in this shell");
    }
}
