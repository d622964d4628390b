use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// All elements are expanded without quotes, and each is split again.
    ///
    /// ```sh
    /// cmd $@
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// cmd "$@"
    /// ```
    "SC2068", "unquoted-array", Error, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, quoted) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    let all = p.name == "@" || p.index.as_ref().is_some_and(|i| i.first().is_some_and(|x| cx.text(x.span) == "@"));
    let in_loop = matches!(parents.last(), Some(Node::Word(_, Role::Loop)));
    if !all || p.length || matches!(p.operator, ":+" | "+") || quoted {
        return;
    }
    if in_loop
        || matches!(parents.last(), Some(Node::Word(_, Role::Element))) && p.name != "@"
        || is_split(cx, quoted, parents)
    {
        let text = cx.text(part.span);
        out.report(part.span, "each element is split again").help("put it in double quotes").fix(Fix::suggested(
            "Quote it",
            part.span,
            format!("\"{text}\""),
        ));
    }
}
