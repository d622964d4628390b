use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `ls` piped to `xargs`.
    ///
    /// ```sh
    /// ls | xargs rm
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . -print0 | xargs -0 rm
    /// ```
    "SC2011", "ls-to-xargs", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let called = |c: &Command| c.simple().and_then(|s| s.words.first()).map(|w| rough(cx, w)).unwrap_or_default();
        if called(&pair[0]) == "ls" && called(&pair[1]) == "xargs" {
            out.report(pair[0].span, "names with spaces become several arguments")
                .help("use `find -print0` and `xargs -0`, or `find -exec`");
        }
    }
}
