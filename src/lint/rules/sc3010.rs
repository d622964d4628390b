use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `[[ … ]]`, which POSIX does not define.
    ///
    /// ```sh
    /// [[ -f /x ]]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// [ -f /x ]
    /// ```
    "SC3010", "double-bracket-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(command) = node else { return };
    if cx.dialect.is_posix() && cx.dialect != Dialect::Ash && matches!(command.kind, CommandKind::Test(_)) {
        out.report(command.span, "`[[` is not defined in this shell");
    }
}
