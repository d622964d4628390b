use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A declaration takes its value from a command, whose status is lost.
    ///
    /// ```sh
    /// export A="$(mktemp -d)"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// A="$(mktemp -d)" && export A
    /// ```
    "SC2155", "masked-status", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["export", "local", "declare", "readonly", "typeset"]) else { return };
    for arg in args {
        let Some((_, value)) = crate::lint::flow::split_assignment(arg, &cx.script.source) else { continue };
        let runs = |p: &Part| matches!(p.kind, PartKind::CommandSubstitution { .. });
        let inside = |p: &Part| matches!(&p.kind, PartKind::DoubleQuoted(inner) if inner.iter().any(runs));
        if value.iter().any(|p| runs(p) || inside(p)) {
            out.report(arg.span, "the command's status is lost in the declaration").help("assign first, declare after");
        }
    }
}
