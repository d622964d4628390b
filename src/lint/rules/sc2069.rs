use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `2>&1` before the redirection of stdout leaves stderr where it was.
    ///
    /// ```sh
    /// a 2>&1 >/dev/null; b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// a >/dev/null 2>&1; b
    /// ```
    "SC2069", "stderr-before-file", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(command) = node else { return };
    let piped = parents.iter().rev().take(2).any(|p| matches!(p, Node::Pipeline(p) if p.commands.len() > 1));
    if piped {
        return;
    }
    let fd = |r: &Redirection| r.fd.map_or("", |f| cx.text(f)).to_owned();
    let duplicates = |r: &Redirection| r.operator == ">&" && fd(r) == "2" && rough(cx, &r.target) == "1";
    let to_file = |r: &Redirection| matches!(r.operator, ">" | ">>" | ">|") && matches!(fd(r).as_str(), "" | "1");
    let mut before: Option<&Redirection> = None;
    let captured = parents.iter().any(|p| {
        matches!(
            p,
            Node::Part(Part { kind: PartKind::CommandSubstitution { .. } | PartKind::ProcessSubstitution(_), .. }, _)
        )
    });
    for r in &command.redirections {
        if duplicates(r) {
            before = before.or(Some(r));
        } else if let (true, Some(first), false) = (to_file(r), before, captured) {
            out.report(first.span, "stderr stays where stdout was").help("write the file first, then `2>&1`");
            return;
        }
    }
}
