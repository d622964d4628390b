use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `==` in `[ … ]`, where POSIX knows `=` only.
    ///
    /// ```sh
    /// [ "$A" == x ]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// [ "$A" = x ]
    /// ```
    "SC3014", "double-equals", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check), changes_build
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((words, _)) = test_words(cx, &node) else { return };
    if !cx.dialect.is_posix() || cx.dialect == Dialect::Ash {
        return;
    }
    for word in words.iter().filter(|w| cx.text(w.span) == "==") {
        out.report(word.span, "`==` is not defined here").fix(Fix::safe("Write =", word.span, "="));
    }
}
