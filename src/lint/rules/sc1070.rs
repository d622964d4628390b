use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A sign that cannot follow what stands before it.
    ///
    /// ```sh
    /// echo a & | sort
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo a | sort
    /// ```
    "SC1070", "stray-sign", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.is_fatal()).take(1) {
        if matches!(error.kind, SyntaxErrorKind::Stray | SyntaxErrorKind::AfterCompound) {
            out.report(error.span, "the shell cannot read on from here").help("look for a separator too many or too few");
        }
    }
}
