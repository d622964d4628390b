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
    "SC2005", "useless-echo", Style, Style, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, [arg])) = call(cx, &node, &["echo"]) else { return };
    let substitution = match arg.parts.as_slice() {
        [Part { kind: PartKind::DoubleQuoted(inner), .. }] if inner.len() == 1 => inner.first(),
        [one] => Some(one),
        _ => None,
    };
    let Some(Part { kind: PartKind::CommandSubstitution { body, .. }, .. }) = substitution else { return };
    if body.items.is_empty() {
        return;
    }
    out.report(arg.span, "`echo` only repeats the output").help("run the command itself");
}
