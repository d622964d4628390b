use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A word or sign that closes nothing.
    ///
    /// ```sh
    /// fi
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// true
    /// ```
    "SC1089", "stray-keyword", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Unexpected {
            out.report(error.span, "this closes nothing");
        }
    }
}
