use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A brace that is no group and no expansion.
    ///
    /// ```sh
    /// echo a } b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo a "}" b
    /// ```
    "SC1083", "literal-brace", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, false) = node else { return };
    if !matches!(part.kind, PartKind::Literal) || !matches!(parents.last(), Some(Node::Word(..))) {
        return;
    }
    if matches!(parents.last(), Some(Node::Word(_, Role::Test | Role::Value | Role::Pattern))) {
        return;
    }
    let text = cx.text(part.span);
    let b = text.as_bytes();
    let mut i = 0;
    while i < b.len() {
        if b[i] == b'{' && b.get(i + 1) == Some(&b'}') {
            i += 2;
            continue;
        }
        if matches!(b[i], b'{' | b'}') {
            let at = part.span.start as usize + i;
            out.report(Span::new(at, at + 1), format!("this `{}` is only a character", char::from(b[i])))
                .help("quote it, or write `;` before it");
        }
        i += 1;
    }
}
