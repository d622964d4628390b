use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A space after `=`: the variable is empty and the rest is a command.
    ///
    /// ```sh
    /// A= b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// A=b
    /// ```
    "SC1007", "space-after-equals", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Assignment(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Assignment(a) = node else { return };
    let Some(Node::Command(Command { kind: CommandKind::Simple(simple), .. })) = parents.last() else { return };
    let next = simple.words.first().map_or(u32::MAX, |w| w.span.start);
    let follows =
        simple.assignments.iter().map(|x| x.span.start).filter(|s| *s > a.span.start).min().unwrap_or(next).min(next);
    let gap = Span { start: a.span.end, end: follows };
    if a.value.parts.is_empty() && !a.append && follows != u32::MAX && a.name != "IFS" && cx.text(gap).trim().is_empty()
    {
        let at = a.span.end;
        out.report(Span { start: at, end: at + 1 }, "the value is empty, and what follows is a command")
            .help("write `''` if that is meant");
    }
}
