use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `else if` on one line nests a second `if`, which needs its own `fi`.
    ///
    /// ```sh
    /// if a; then b; else if c; then d; fi; fi
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// if a; then b; elif c; then d; fi
    /// ```
    "SC1075", "else-if", Error, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(Command { kind: CommandKind::If { otherwise: Some(list), .. }, .. }) = node else { return };
    let Some(first) = list.items.first().and_then(|i| i.and_or.first.commands.first()) else { return };
    if !matches!(first.kind, CommandKind::If { .. }) {
        return;
    }
    let before = cx.script.source.get(..first.span.start as usize).unwrap_or("");
    let trimmed = before.trim_end_matches([' ', '\t']);
    if trimmed.ends_with("else") {
        let start = trimmed.len() - 4;
        out.report(Span::new(start, first.span.start as usize + 2), "this nests a second `if`").help("write `elif`");
    }
}
