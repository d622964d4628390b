use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// An `if` without its `fi`.
    ///
    /// ```sh
    /// if true; then echo a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// if true; then echo a; fi
    /// ```
    "SC1046", "if-without-fi", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Unclosed && cx.text(error.span) == "if" {
            out.report(error.span, "this `if` has no `fi`");
        }
    }
}
