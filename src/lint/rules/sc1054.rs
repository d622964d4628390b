use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// `{` needs a space behind it.
    ///
    /// ```sh
    /// true && {ls; }
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// true && { ls; }
    /// ```
    "SC1054", "glued-brace", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check), changes_build
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.kind == SyntaxErrorKind::GluedBrace) {
        let at = error.span.start;
        out.report(error.span, "`{` needs a space behind it").fix(Fix::safe(
            "Add a space",
            Span { start: at, end: at },
            " ",
        ));
    }
}
