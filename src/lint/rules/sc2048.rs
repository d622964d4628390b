use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `$*` without quotes splits the arguments again.
    ///
    /// ```sh
    /// for i in $*; do echo "$i"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// for i in "$@"; do echo "$i"; done
    /// ```
    "SC2048", "unquoted-star-arguments", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, false) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    let star = p.name == "*" || p.index.as_ref().is_some_and(|i| i.first().is_some_and(|x| cx.text(x.span) == "*"));
    let in_loop = matches!(parents.last(), Some(Node::Word(_, Role::Loop)));
    let whole = matches!(parents.last(), Some(Node::Word(word, _)) if word.parts.len() == 1);
    if star && !p.length && whole && (in_loop || is_split(cx, false, parents)) {
        out.report(part.span, "the arguments are split again").help("write `\"$@\"`");
    }
}
