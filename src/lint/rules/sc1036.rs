use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A parenthesis inside a command.
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
    "SC1036", "stray-parenthesis", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Parenthesis {
            out.report(error.span, "a parenthesis has no meaning here").help("quote it");
        }
    }
}
