use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A loop over the output of `find`.
    ///
    /// ```sh
    /// for f in $(find . -name x); do rm "$f"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . -name x -exec rm {} +
    /// ```
    "SC2044", "loop-over-find", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((name, _, part)) = super::sc2045::loop_command(cx, &node) else { return };
    if name == "find" {
        out.report(part.span, "names with spaces become several").help("use `find -exec`");
    }
}
