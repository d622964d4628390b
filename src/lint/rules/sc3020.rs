use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `&>`, which POSIX does not define.
    ///
    /// ```sh
    /// a &> log
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// a > log 2>&1
    /// ```
    "SC3020", "both-redirect", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Redirection(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Redirection(r) = node else { return };
    if cx.dialect.is_posix() && matches!(r.operator, "&>" | "&>>") {
        out.report(r.span, format!("`{}` is not defined in this shell", r.operator)).help("write `> file 2>&1`");
    }
}
