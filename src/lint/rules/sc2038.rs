use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `find` piped to `xargs` without NUL separators.
    ///
    /// Names with spaces become several.
    ///
    /// ```sh
    /// find . -name "*.o" | xargs rm
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . -name "*.o" -print0 | xargs -0 rm
    /// ```
    "SC2038", "find-to-xargs", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    for pair in pipeline.commands.windows(2) {
        let (Some(find), Some(xargs)) = (pair[0].simple(), pair[1].simple()) else { continue };
        if name(cx, find).as_deref() != Some("find") || name(cx, xargs).as_deref() != Some("xargs") {
            continue;
        }
        let finds: Vec<String> = find.words.iter().map(|w| rough(cx, w)).collect();
        let takes = flags(cx, xargs.words.get(1..).unwrap_or(&[]));
        let safe = finds.iter().any(|f| matches!(f.as_str(), "-print0" | "-printf" | "-fprint0"))
            || takes.iter().any(|f| matches!(f.as_str(), "0" | "null" | "d" | "delimiter"));
        if !safe {
            out.report(pair[0].span, "names with spaces become several arguments")
                .help("use `-print0` and `xargs -0`, or `-exec … +`");
        }
    }
}
