use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `echo` only repeats what a command prints.
    ///
    /// ```sh
    /// echo "$(date)"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// date
    /// ```
    "SC2005", "useless-echo", Style, Style, [HADOLINT, RECOMMENDED], Node(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink) {
    let Some((simple, [arg])) = call(cx, &node, &["echo"]) else { return };
    let substitution = match arg.parts.as_slice() {
        [Part { kind: PartKind::DoubleQuoted(inner), .. }] if inner.len() == 1 => inner.first(),
        [one] => Some(one),
        _ => None,
    };
    let Some(Part { kind: PartKind::CommandSubstitution { body, .. }, .. }) = substitution else { return };
    let dangling = |p: &Node<'_>| matches!(p, Node::Pipeline(p) if p.commands.len() > 1);
    let _ = (simple, dangling);
    if body.items.is_empty() || parents.is_empty() {
        return;
    }
    out.report(arg.span, "`echo` only repeats the output").help("run the command itself");
}
