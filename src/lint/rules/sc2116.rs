use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `$(echo …)` only repeats its text.
    ///
    /// ```sh
    /// cp "$(echo a)" b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// cp a b
    /// ```
    "SC2116", "useless-echo-substitution", Style, Style, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    let PartKind::CommandSubstitution { body, .. } = &part.kind else { return };
    let Some(simple) = only_simple(body) else { return };
    let piped = body.items.first().is_some_and(|i| i.and_or.first.commands.len() > 1);
    let redirects =
        body.items.first().and_then(|i| i.and_or.first.single()).is_some_and(|c| !c.redirections.is_empty());
    let [_, arg] = simple.words.as_slice() else { return };
    let plain = arg.parts.iter().all(|p| !matches!(p.kind, PartKind::Glob | PartKind::Brace(_)));
    if name(cx, simple).as_deref() == Some("echo") && plain && !piped && !redirects && !rough(cx, arg).starts_with('-')
    {
        out.report(part.span, "`$(echo …)` only repeats its text");
    }
}
