use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A set of `tr` is not quoted: the shell may match it.
    ///
    /// ```sh
    /// tr [a-z] x
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// tr "[a-z]" x
    /// ```
    "SC2060", "unquoted-tr-set", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["tr"]) else { return };
    for arg in args.iter().filter(|a| a.parts.iter().any(|p| matches!(p.kind, PartKind::Glob))) {
        out.report(arg.span, "the shell may match this first").help("quote it");
    }
}
