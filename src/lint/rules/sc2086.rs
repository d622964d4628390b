use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A variable is not quoted where the shell splits words.
    ///
    /// Spaces in its value make several words of it, and globs are matched against files. Values that cannot hold any are
    /// known from the script and left alone.
    ///
    /// ```sh
    /// rm $file
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// rm "$file"
    /// ```
    "SC2086", "unquoted-variable", Info, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, quoted) = node else { return };
    let PartKind::Parameter(p) = &part.kind else { return };
    let array = p.name == "@" || p.index.as_ref().is_some_and(|i| i.first().is_some_and(|x| cx.text(x.span) == "@"));
    if array || p.length || matches!(p.operator, ":+" | "+") || p.name.is_empty() {
        return;
    }
    if !is_split(cx, quoted, parents) || is_whole_command_name(parents) || cx.flow().is_clean(part.span.start) {
        return;
    }
    let text = cx.text(part.span);
    out.report(part.span, format!("`{text}` is split at spaces, and its globs are matched"))
        .help("put it in double quotes")
        .fix(Fix::suggested("Quote it", part.span, format!("\"{text}\"")));
}
