use super::shell_prelude::*;
use crate::shell::SyntaxErrorKind;

rule! {
    /// A function with parameters in its parentheses.
    ///
    /// Its arguments are `$1`, `$2` and so on.
    ///
    /// ```sh
    /// f(a) { echo; }; f
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// f() { echo "$1"; }; f
    /// ```
    "SC1065", "function-parameters", Error, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    for error in cx.script.errors.iter().filter(|e| e.kind == SyntaxErrorKind::Parameters) {
        out.report(error.span, "a function has no parameters here").help("use `$1`, `$2`");
    }
}
