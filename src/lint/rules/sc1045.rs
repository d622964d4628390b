use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// `&;` where `&` alone ends the command.
    ///
    /// ```sh
    /// sleep 1 & ; echo a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// sleep 1 & echo a
    /// ```
    "SC1045", "background-and-separator", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.kind == SyntaxErrorKind::Separator) {
        out.report(error.span, "`&` has ended the command already").help("remove the `;`");
    }
}
