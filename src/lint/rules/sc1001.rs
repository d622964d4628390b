use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A backslash before a character that needs none.
    ///
    /// ```sh
    /// echo \d
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo d
    /// ```
    "SC1001", "pointless-escape", Info, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, false) = node else { return };
    if !matches!(part.kind, PartKind::Escape) || parents.iter().any(|p| matches!(p, Node::Heredoc(_))) {
        return;
    }
    if matches!(parents.last(), Some(Node::Part(..)))
        && !matches!(parents.last(), Some(Node::Part(Part { kind: PartKind::Brace(_), .. }, _)))
    {
        return;
    }
    if matches!(parents.last(), Some(Node::Word(_, Role::Test))) {
        return;
    }
    let c = cx.text(part.span).chars().nth(1).unwrap_or(' ');
    // An alias is avoided by `\name`.
    if matches!(parents.last(), Some(Node::Word(word, Role::CommandName)) if word.span.start == part.span.start) {
        return;
    }
    const MEANINGFUL: &str = "|&;<>()\\ '\t\n\r\u{a0}\"$`?*@!+[]{}.,~#ntr";
    if !MEANINGFUL.contains(c) {
        out.report(part.span, format!("this is just `{c}`"));
    }
}
