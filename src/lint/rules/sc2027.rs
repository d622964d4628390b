use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// The quotes end around a variable in the middle of a text.
    ///
    /// ```sh
    /// echo "a "${X}" b"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "a ${X} b"
    /// ```
    "SC2027", "unquoted-between-quotes", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Word(check)
}

fn check<'t>(_: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Word(word, _) = node else { return };
    for window in word.parts.windows(3) {
        let [before, middle, after] = window else { continue };
        let quoted = |p: &Part| matches!(p.kind, PartKind::DoubleQuoted(_));
        let plain = matches!(&middle.kind, PartKind::Parameter(_) | PartKind::CommandSubstitution { .. });
        if quoted(before) && quoted(after) && plain {
            out.report(middle.span, "the quotes around this end before it and begin again behind it");
        }
    }
}
