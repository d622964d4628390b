use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// Reading stopped at a parenthesis.
    ///
    /// ```sh
    /// echo a (b)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo a "(b)"
    /// ```
    "SC1088", "stopped-at-parenthesis", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Parenthesis {
            out.report(error.span, "the shell cannot read on from this parenthesis");
        }
    }
}
