use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// An expansion that comes before the assignment in front of the command.
    ///
    /// ```sh
    /// A=1 echo "$A"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// A=1; echo "$A"
    /// ```
    "SC2098", "prefix-expanded-before", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(_: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    let word = parents
        .iter()
        .rposition(|n| matches!(n, Node::Word(_, Role::Argument(_) | Role::CommandName) | Node::Assignment(_)));
    let Some(before) = word.and_then(|i| parents.get(..i)) else { return };
    let direct = word.is_some_and(|i| parents[i..].iter().all(|n| !matches!(n, Node::Command(_))));
    let Some((simple, _)) = before.last().and_then(simple) else { return };
    if direct
        && !simple.words.is_empty()
        && simple.assignments.iter().any(|a| a.name == p.name && a.span.end <= part.span.start)
    {
        out.report(part.span, format!("this is expanded before `{}` is set", p.name));
    }
}
