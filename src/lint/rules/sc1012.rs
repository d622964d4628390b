use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `\n`, `\t` or `\r` outside quotes is just the letter.
    ///
    /// ```sh
    /// echo a\tb
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf 'a\tb'
    /// ```
    "SC1012", "letter-escape", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, false) = node else { return };
    if !matches!(part.kind, PartKind::Escape) || !matches!(parents.last(), Some(Node::Word(..))) {
        return;
    }
    let c = cx.text(part.span).chars().nth(1).unwrap_or(' ');
    if matches!(c, 'n' | 't' | 'r') && !matches!(parents.last(), Some(Node::Word(_, Role::Test))) {
        out.report(part.span, format!("this is just `{c}`")).help("use `printf`, or quotes");
    }
}
