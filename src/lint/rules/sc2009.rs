use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `ps | grep` finds itself too.
    ///
    /// ```sh
    /// ps ax | grep nginx
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// pgrep nginx
    /// ```
    "SC2009", "ps-to-grep", Info, Style, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let called = |c: &Command| c.simple().and_then(|s| name(cx, s)).unwrap_or_default();
        let [ps, _] = pair else { continue };
        let selects = ps.simple().is_some_and(|s| {
            flags(cx, s.words.get(1..).unwrap_or(&[])).iter().any(|f| matches!(f.as_str(), "p" | "q" | "pid"))
        });
        if called(&pair[0]) == "ps" && called(&pair[1]) == "grep" && !selects {
            out.report(pair[0].span, "this finds the `grep` too").help("use `pgrep`");
        }
    }
}
