use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A loop over the output of `ls`.
    ///
    /// ```sh
    /// for f in $(ls /x); do echo "$f"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// for f in /x/*; do echo "$f"; done
    /// ```
    "SC2045", "loop-over-ls", Error, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((name, args, part)) = loop_command(cx, &node) else { return };
    if name == "ls" && !args.iter().any(|a| a.starts_with('-') && a.contains('R')) {
        out.report(part.span, "names with spaces become several").help("use a glob");
    }
}

/// The command whose output a loop goes through.
pub(super) fn loop_command<'t>(cx: &ShellContext<'_>, node: &Node<'t>) -> Option<(String, Vec<String>, &'t Part)> {
    let Node::Command(Command { kind: CommandKind::For { words: Some(words), .. }, .. }) = node else { return None };
    let [word] = words.as_slice() else { return None };
    let (list, part) = only_substitution(word)?;
    let simple = only_simple(list)?;
    let args = simple.words.iter().skip(1).map(|w| rough(cx, w)).collect();
    Some((simple.words.first()?.literal(&cx.script.source)?.into_owned(), args, part))
}
