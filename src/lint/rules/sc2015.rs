use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `a && b || c` is not if-then-else: `c` runs too when `b` fails.
    ///
    /// ```sh
    /// [ -f a ] && cp a b || rm c
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// if [ -f a ]; then cp a b; else rm c; fi
    /// ```
    "SC2015", "and-or-as-if", Info, ErrorProne, [HADOLINT, RECOMMENDED], Node(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink) {
    let Node::AndOr(and_or) = node else { return };
    for (i, pair) in and_or.rest.windows(2).enumerate() {
        let [(AndOrOperator::And, then), (AndOrOperator::Or, otherwise)] = pair else { continue };
        if i > 0 {
            continue;
        }
        let called =
            |p: &Pipeline| p.commands.first().and_then(|c| c.simple()).and_then(|s| name(cx, s)).unwrap_or_default();
        let only_assigns = then.single().and_then(|c| c.simple()).is_some_and(|s| s.words.is_empty());
        let sure = matches!(called(then).as_str(), "echo" | "exit" | "return" | "printf") || only_assigns;
        let harmless = matches!(
            called(otherwise).as_str(),
            "true" | "echo" | "exit" | "return" | "printf" | ":" | "die" | "false"
        );
        let tests = |p: &Pipeline| {
            p.commands.last().is_some_and(|c| {
                matches!(c.kind, CommandKind::Test(_))
                    || c.simple().and_then(|s| name(cx, s)).is_some_and(|n| n == "[" || n == "test")
            })
        };
        if sure || harmless || tests(then) || is_condition(&node, parents) {
            continue;
        }
        out.report(then.span, "the part after `||` also runs when this fails").help("use `if`");
    }
}
