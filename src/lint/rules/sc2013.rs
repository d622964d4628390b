use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A loop over the lines of a file reads words.
    ///
    /// ```sh
    /// for l in $(cat list); do echo "$l"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// while read -r l; do echo "$l"; done < list
    /// ```
    "SC2013", "loop-over-lines", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(Command { kind: CommandKind::For { words: Some(words), .. }, .. }) = node else { return };
    let [word] = words.as_slice() else { return };
    let Some((list, part)) = only_substitution(word) else { return };
    let Some((pipeline, _)) = first_simple(list) else { return };
    let reads = |c: &Command| {
        c.simple()
            .and_then(|s| name(cx, s))
            .is_some_and(|n| matches!(n.as_ref(), "grep" | "fgrep" | "egrep" | "sed" | "cat" | "awk" | "cut" | "sort"))
    };
    let counts = pipeline.commands.last().and_then(|c| c.simple()).is_some_and(|s| {
        let words: Vec<String> = s.words.iter().map(|w| rough(cx, w)).collect();
        words.first().is_some_and(|w| w.ends_with("grep"))
            && words.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(['o', 'l']))
    });
    if pipeline.commands.iter().all(reads) && !counts {
        out.report(part.span, "this loops over words, not lines").help("use `while read -r`");
    }
}
