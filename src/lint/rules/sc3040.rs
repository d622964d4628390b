use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `set -o` with an option that POSIX does not define.
    ///
    /// ```sh
    /// set -o pipefail; a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// set -e; a
    /// ```
    "SC3040", "set-option-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    const POSIX: [&str; 15] = [
        "allexport",
        "errexit",
        "ignoreeof",
        "monitor",
        "noclobber",
        "noexec",
        "noglob",
        "nolog",
        "notify",
        "nounset",
        "verbose",
        "vi",
        "emacs",
        "xtrace",
        "interactive",
    ];
    if cx.dialect != Dialect::Sh && cx.dialect != Dialect::Dash {
        return;
    }
    let Some((_, args)) = call(cx, &node, &["set"]) else { return };
    for pair in args.windows(2) {
        let (flag, option) = (rough(cx, &pair[0]), rough(cx, &pair[1]));
        if flag == "--" {
            return;
        }
        let asks = flag.len() > 1 && flag.starts_with(['-', '+']) && flag.ends_with('o');
        if asks && !POSIX.contains(&option.as_str()) && !option.is_empty() {
            out.report(pair[1].span, format!("`{option}` is not defined in this shell"));
        }
    }
}
