use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// The script does not parse from here on.
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
    "SC1072", "shell-syntax-error", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        use SyntaxErrorKind::{AfterCompound, Parenthesis, Stray, TooDeep, Unexpected};
        if !matches!(error.kind, AfterCompound | Parenthesis | Stray | Unexpected | TooDeep) {
            let at = error.stopped;
            out.report(Span { start: at, end: at }, "the shell cannot read on from here");
        }
    }
}
