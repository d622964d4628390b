use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A glob or brace expansion in an assignment is literal.
    ///
    /// ```sh
    /// x=*.c; echo "$x"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// x="*.c"; echo "$x"
    /// ```
    "SC2125", "glob-in-assignment", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Assignment(check)
}

fn check<'t>(_: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Assignment(a) = node else { return };
    if a.value.parts.iter().any(|p| matches!(p.kind, PartKind::Glob | PartKind::Brace(_))) {
        out.report(a.value.span, "nothing expands here").help("quote it, or use an array");
    }
}
