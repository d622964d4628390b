use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// The command in which a syntax error stands.
    ///
    /// ```sh
    /// (if true; then echo a)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// (if true; then echo a; fi)
    /// ```
    "SC1009", "syntax-error-inside", Info, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        let open = matches!(error.kind, SyntaxErrorKind::Unclosed | SyntaxErrorKind::Incomplete);
        if let (true, Some(start)) = (open, error.enclosing) {
            out.report(Span { start, end: start + 1 }, "the syntax error is in this command");
        }
    }
}
