use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `grep | wc -l` counts what `grep -c` counts.
    ///
    /// ```sh
    /// grep x f | wc -l
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// grep -c x f
    /// ```
    "SC2126", "grep-to-wc", Style, Style, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let (Some(grep), Some(wc)) = (pair[0].simple(), pair[1].simple()) else { continue };
        let given = flags(cx, grep.words.get(1..).unwrap_or(&[]));
        let lists = given.iter().any(|f| {
            matches!(
                f.as_str(),
                "l" | "L"
                    | "o"
                    | "only-matching"
                    | "files-with-matches"
                    | "r"
                    | "R"
                    | "recursive"
                    | "A"
                    | "B"
                    | "after-context"
                    | "before-context"
            )
        });
        let counts = wc.words.get(1..).unwrap_or(&[]).iter().map(|w| rough(cx, w)).collect::<Vec<_>>() == ["-l"];
        if name(cx, grep).is_some_and(|n| n == "grep") && name(cx, wc).as_deref() == Some("wc") && counts && !lists {
            out.report(pair[0].span, "`grep -c` counts by itself");
        }
    }
}
