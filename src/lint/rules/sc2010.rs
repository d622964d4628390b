use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `ls` piped to `grep`.
    ///
    /// ```sh
    /// ls | grep png
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// ls ./*png*
    /// ```
    "SC2010", "ls-to-grep", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let called = |c: &Command| c.simple().and_then(|s| s.words.first()).map(|w| rough(cx, w)).unwrap_or_default();
        if called(&pair[0]) == "ls" && called(&pair[1]) == "grep" {
            out.report(pair[0].span, "`ls` changes names with odd characters")
                .help("use a glob, or a loop with a condition");
        }
    }
}
