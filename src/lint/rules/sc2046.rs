use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// The output of a command is not quoted where the shell splits words.
    ///
    /// ```sh
    /// rm $(find . -name core)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// rm "$(find . -name core)"
    /// ```
    "SC2046", "unquoted-substitution", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, quoted) = node else { return };
    let PartKind::CommandSubstitution { body, .. } = &part.kind else { return };
    let counts = only_simple(body).and_then(|s| name(cx, s)).is_some_and(|n| matches!(n.as_ref(), "seq" | "pgrep"));
    if body.items.is_empty() || counts || !is_split(cx, quoted, parents) || is_whole_command_name(parents) {
        return;
    }
    out.report(part.span, "the output is split at spaces, and its globs are matched").help("put it in double quotes");
}
