use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A `[` that is part of the word behind it.
    ///
    /// The shell looks for a program of that name, or finds no end of the test.
    ///
    /// ```sh
    /// ["$HOME" = /root ]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// [ "$HOME" = /root ]
    /// ```
    "SC1035", "glued-test", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink) {
    for error in &cx.script.errors {
        if error.kind == SyntaxErrorKind::GluedTest {
            let at = Span { start: error.span.end, end: error.span.end };
            out.report(error.span, "the `[` needs a space behind it")
                .help("put a space behind `[`")
                .fix(Fix::suggested("Add a space", at, " "));
        }
    }
}
