use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `echo` with options other than `-n` in dash.
    ///
    /// ```sh
    /// #!/bin/dash
    /// echo -e a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// #!/bin/dash
    /// printf a
    /// ```
    "SC3036", "dash-echo-flags", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    if !matches!(cx.dialect, Dialect::Dash | Dialect::Ash) {
        return;
    }
    let Some((_, [first, ..])) = call(cx, &node, &["echo"]) else { return };
    let text = first.literal(&cx.script.source).unwrap_or_default();
    let known =
        if cx.dialect == Dialect::Ash { matches!(text.as_ref(), "-n" | "-e" | "-ne" | "-en") } else { text == "-n" };
    if text.len() > 1 && text.starts_with('-') && text[1..].bytes().all(|b| b"eEsn".contains(&b)) && !known {
        out.report(first.span, format!("this shell's `echo` knows `-n` only, not `{text}`")).help("use `printf`");
    }
}
