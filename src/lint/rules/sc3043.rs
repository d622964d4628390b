use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `local`, which POSIX does not define.
    ///
    /// ```sh
    /// f() { local a=1; echo "$a"; }; f
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// f() { a=1; echo "$a"; }; f
    /// ```
    "SC3043", "local-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if cx.dialect != Dialect::Sh {
        return;
    }
    if let Some((simple, _)) = call(cx, &node, &["local"]) {
        out.report(simple.words.first().map_or(node.span(), |w| w.span), "`local` is not defined in POSIX sh");
    }
}
