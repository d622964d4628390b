use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// What begins here is never completed.
    ///
    /// ```sh
    /// echo "abc
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "abc"
    /// ```
    "SC1073", "unclosed-construct", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if matches!(error.kind, SyntaxErrorKind::Unclosed | SyntaxErrorKind::Incomplete) {
            out.report(error.span, "what begins here is not complete");
        }
    }
}
