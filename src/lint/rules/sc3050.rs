use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `printf %q`, which POSIX does not define.
    ///
    /// ```sh
    /// printf "%q" a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf "%s" a
    /// ```
    "SC3050", "printf-q", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["printf"]) else { return };
    let Some(format) = args.first().filter(|f| rough(cx, f).contains("%q")) else { return };
    if cx.dialect.is_posix() && cx.dialect != Dialect::Ash {
        out.report(format.span, "`%q` is not defined in this shell");
    }
}
