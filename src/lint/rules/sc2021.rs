use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// Brackets around a set of `tr` are part of it.
    ///
    /// ```sh
    /// tr '[a-z]' '[A-Z]'
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// tr 'a-z' 'A-Z'
    /// ```
    "SC2021", "bracketed-tr-set", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["tr"]) else { return };
    for arg in args {
        let Some(text) = arg.literal(&cx.script.source) else { continue };
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if inner.is_some_and(|t| t.contains('-') && !t.starts_with(':') && !t.contains('*') && t.len() > 1) {
            out.report(arg.span, "the brackets are part of the set");
        }
    }
}
