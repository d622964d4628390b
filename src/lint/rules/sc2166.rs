use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `-a` or `-o` in a test, whose meaning is not well defined.
    ///
    /// ```sh
    /// [ "$A" = 1 -a "$B" = 2 ]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// [ "$A" = 1 ] && [ "$B" = 2 ]
    /// ```
    "SC2166", "test-and-or", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((words, false)) = test_words(cx, &node) else { return };
    for (i, word) in words.iter().enumerate().skip(1) {
        let text = cx.text(word.span);
        if matches!(text, "-a" | "-o") && i + 1 < words.len() && !matches!(rough(cx, words[i - 1]).as_str(), "!" | "(")
        {
            out.report(word.span, format!("`{text}` in a test is not well defined"))
                .help("use two tests with `&&` or `||`");
        }
    }
}
