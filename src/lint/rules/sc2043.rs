use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A loop over one word runs once.
    ///
    /// ```sh
    /// for i in a; do echo "$i"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// for i in a b; do echo "$i"; done
    /// ```
    "SC2043", "single-word-loop", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(Command { kind: CommandKind::For { words: Some(words), .. }, .. }) = node else { return };
    if let [word] = words.as_slice()
        && word.literal(&cx.script.source).is_some()
    {
        out.report(word.span, "the loop runs once");
    }
}
