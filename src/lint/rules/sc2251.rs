use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A negated command as a statement under `set -e`, which does not stop the script.
    ///
    /// ```sh
    /// set -e; ! grep -q x f; echo ok
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// set -e; if grep -q x f; then exit 1; fi; echo ok
    /// ```
    "SC2251", "negation-without-effect", Info, ErrorProne, [HADOLINT, RECOMMENDED], Pipeline(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Pipeline(pipeline) = node else { return };
    let (Some(bang), true) = (pipeline.bang, cx.flow().errexit) else { return };
    if is_condition(&node, parents) {
        return;
    }
    // The last command gives the script's status, which is checked.
    let mut inner: Node<'_> = node;
    for parent in parents.iter().rev() {
        match (parent, inner) {
            (Node::List(list), Node::AndOr(and_or))
                if !list.items.last().is_some_and(|i| std::ptr::eq(&raw const i.and_or, and_or)) =>
            {
                out.report(bang.to(pipeline.span), "`set -e` does not look at a negated command")
                    .help("write `if …; then exit 1; fi`");
                return;
            }
            (
                Node::Command(Command {
                    kind: CommandKind::If { .. } | CommandKind::While { .. } | CommandKind::For { .. },
                    ..
                }),
                _,
            ) => {}
            _ => {}
        }
        inner = *parent;
    }
}
