use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A flag of a builtin that POSIX does not define.
    ///
    /// ```sh
    /// ulimit -n 1024
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// ulimit -f 1024
    /// ```
    "SC3045", "builtin-flags-in-sh", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    const ALLOWED: [(&str, &str); 8] = [
        ("cd", "LP"),
        ("exec", ""),
        ("export", "p"),
        ("read", "r"),
        ("readonly", "p"),
        ("trap", ""),
        ("ulimit", "f"),
        ("unset", "fv"),
    ];
    let (Some((simple, _)), Dialect::Sh) = (simple(&node), cx.dialect) else { return };
    let called = simple.words.first().map(|w| rough(cx, w)).unwrap_or_default();
    let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| *n == called) else { return };
    for arg in simple.words.iter().skip(1) {
        let text = arg.literal(&cx.script.source).unwrap_or_default();
        let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty() && !l.starts_with('-')) else { return };
        if let Some(letter) = letters.chars().find(|c| !allowed.contains(*c)) {
            out.report(arg.span, format!("`{called} -{letter}` is not defined in POSIX sh"));
            return;
        }
    }
}
