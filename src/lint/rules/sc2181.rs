use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `$?` is compared instead of testing the command itself.
    ///
    /// ```sh
    /// make; if [ $? -ne 0 ]; then exit 1; fi
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// if ! make; then exit 1; fi
    /// ```
    "SC2181", "indirect-status", Style, Style, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((words, _)) = test_words(cx, &node) else { return };
    let [left, operator, right] = words.as_slice() else { return };
    let comparison = matches!(cx.text(operator.span), "-eq" | "-ne" | "=" | "==" | "!=" | "-gt");
    let status = |w: &Word| matches!(cx.text(w.span), "$?" | "\"$?\"" | "${?}");
    let zero = |w: &Word| rough(cx, w) == "0";
    let (word, other) = if status(left) { (left, right) } else { (right, left) };
    if comparison && status(word) && zero(other) {
        let start = word.span.start + u32::from(cx.text(word.span).starts_with('"'));
        out.report(Span { start, end: word.span.end }, "the command itself can be tested")
            .help("write `if command; then`");
    }
}
