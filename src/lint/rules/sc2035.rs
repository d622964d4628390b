use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// An argument begins with a glob.
    ///
    /// A file whose name begins with a dash would be taken for an option.
    ///
    /// ```sh
    /// rm *
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// rm ./*
    /// ```
    "SC2035", "glob-as-option", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((simple, _)) = simple(&node) else { return };
    if name(cx, simple).is_some_and(|n| matches!(n.as_ref(), "echo" | "printf" | "[" | "test"))
        || simple.words.is_empty()
    {
        return;
    }
    for word in simple.words.iter().skip(1).take_while(|w| !matches!(rough(cx, w).as_str(), "--" | ":::" | "::::")) {
        let first =
            word.parts.first().filter(|p| matches!(p.kind, PartKind::Glob) && matches!(cx.text(p.span), "*" | "?"));
        if let Some(part) = first {
            let at = Span { start: part.span.start, end: part.span.start };
            out.report(word.span, "a file name that begins with `-` would be an option")
                .help("write `./` before the glob")
                .fix(Fix::suggested("Write ./", at, "./"));
        }
    }
}
