use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `read` without `-r` takes backslashes away.
    ///
    /// ```sh
    /// read x; echo "$x"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// read -r x; echo "$x"
    /// ```
    "SC2162", "read-without-r", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((simple, args)) = call(cx, &node, &["read"]) else { return };
    let given = flags(cx, args);
    let has = |f: &str| given.iter().any(|g| g == f);
    // `read -t 0` only asks whether there is something to read.
    let asks = has("t") && args.iter().any(|a| rough(cx, a) == "0");
    if !has("r") && !asks {
        let span = simple.words.first().map_or(node.span(), |w| w.span);
        let end = span.end;
        out.report(span, "`read` takes backslashes away").fix(Fix::suggested(
            "Add -r",
            Span { start: end, end },
            " -r",
        ));
    }
}
