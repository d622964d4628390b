use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// The output of `ls` is processed.
    ///
    /// It is made for people: names with odd characters come out changed.
    ///
    /// ```sh
    /// ls | wc -l
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . | wc -l
    /// ```
    "SC2012", "ls-output", Info, ErrorProne, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let called = |c: &Command| c.simple().and_then(|s| s.words.first()).map(|w| rough(cx, w)).unwrap_or_default();
        let next = called(&pair[1]);
        if called(&pair[0]) == "ls" && next != "grep" && next != "xargs" {
            out.report(pair[0].span, "`ls` changes names with odd characters").help("use `find`");
        }
    }
}
