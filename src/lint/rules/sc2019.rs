use super::shell_prelude::*;
use crate::shell::Node;

rule! {
    /// `tr` with `A-Z` leaves accents and other alphabets out.
    ///
    /// ```sh
    /// tr A-Z B-Y
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// tr '[:upper:]' '[:lower:]'
    /// ```
    "SC2019", "tr-upper-range", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["tr"]) else { return };
    for arg in args.iter().filter(|a| a.literal(&cx.script.source).is_some_and(|t| t == "A-Z")) {
        out.report(arg.span, "accents and other alphabets are left out").help("write `[:upper:]`");
    }
}
