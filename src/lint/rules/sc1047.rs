use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A `fi` is expected.
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
    "SC1047", "missing-fi", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Unclosed && cx.text(error.span) == "if" {
            let at = error.stopped;
            out.report(Span { start: at, end: at }, "`fi` is expected here");
        }
    }
}
