use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `find` without a starting directory, which only GNU takes.
    ///
    /// ```sh
    /// find -name core
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . -name core
    /// ```
    "SC2185", "find-without-path", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check), changes_build
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((simple, args)) = call(cx, &node, &["find"]) else { return };
    let start = args.iter().find(|a| {
        let text = rough(cx, a);
        !matches!(text.as_str(), "-H" | "-L" | "-P") && !text.starts_with("-O") && text != "-D"
    });
    let missing = match start {
        None => true,
        Some(word) => {
            let text = rough(cx, word);
            text.starts_with('-') || text.starts_with('(') || text.starts_with('!')
        }
    };
    if missing && !args.iter().any(|a| matches!(rough(cx, a).as_str(), "--help" | "-help" | "--version" | "-version")) {
        let span = simple.words.first().map_or(node.span(), |w| w.span);
        // Behind the options that must come first.
        let option = |w: &&Word| matches!(rough(cx, w).as_str(), "-H" | "-L" | "-P") || rough(cx, w).starts_with("-O");
        let end = args.iter().take_while(option).last().map_or(span.end, |w| w.span.end);
        out.report(span, "not every `find` starts in the current directory by itself")
            .help("write `.`")
            .fix(Fix::safe("Write .", Span { start: end, end }, " ."));
    }
}
