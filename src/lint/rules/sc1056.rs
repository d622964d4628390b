use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A brace group is never closed.
    ///
    /// ```sh
    /// { echo a }
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// { echo a; }
    /// ```
    "SC1056", "unclosed-brace-group", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if error.kind == SyntaxErrorKind::Unclosed && cx.text(error.span) == "{" {
            let at = error.stopped;
            out.report(Span { start: at, end: at }, "the group's `}` is missing").help("write `;` before the `}`");
        }
    }
}
