use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `echo` with options, which POSIX does not define.
    ///
    /// ```sh
    /// echo -e a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf a
    /// ```
    "SC3037", "echo-flags", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if cx.dialect != Dialect::Sh {
        return;
    }
    let Some((_, [first, ..])) = call(cx, &node, &["echo"]) else { return };
    let text = first.literal(&cx.script.source).unwrap_or_default();
    if text.len() > 1 && text.starts_with('-') && text[1..].bytes().all(|b| b"eEsn".contains(&b)) {
        out.report(first.span, format!("what `echo {text}` prints depends on the shell")).help("use `printf`");
    }
}
