use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// The output of `grep` is tested instead of its status.
    ///
    /// ```sh
    /// if [ -n "$(grep x f)" ]; then a; fi
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// if grep -q x f; then a; fi
    /// ```
    "SC2143", "grep-output-tested", Style, Style, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((words, _)) = test_words(cx, &node) else { return };
    let [flag, word] = words.as_slice() else { return };
    if !matches!(cx.text(flag.span), "-n" | "-z") {
        return;
    }
    let inner = match word.parts.as_slice() {
        [Part { kind: PartKind::DoubleQuoted(inner), .. }] if inner.len() == 1 => inner.first(),
        [one] => Some(one),
        _ => None,
    };
    let Some(Part { kind: PartKind::CommandSubstitution { body, .. }, .. }) = inner else { return };
    let last = body.items.last().filter(|_| body.items.len() == 1).and_then(|i| i.and_or.first.commands.last());
    let greps = last.and_then(|c| c.simple()).and_then(|s| name(cx, s)).is_some_and(|n| n.ends_with("grep"));
    if greps {
        out.report(node.span(), "the status of `grep -q` says the same").help("write `if grep -q …`");
    }
}
