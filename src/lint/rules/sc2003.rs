use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `expr` for arithmetic.
    ///
    /// ```sh
    /// expr 1 + 2
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "$((1 + 2))"
    /// ```
    "SC2003", "expr", Style, Style, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((simple, args)) = call(cx, &node, &["expr"]) else { return };
    let strings = args.iter().any(|a| {
        matches!(rough(cx, a).as_str(), ":" | "<" | ">" | "<=" | ">=" | "match" | "length" | "substr" | "index")
    });
    if !strings {
        out.report(simple.words.first().map_or(node.span(), |w| w.span), "the shell calculates by itself")
            .help("write `$((…))`");
    }
}
