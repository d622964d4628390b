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
    "SC2015", "and-or-as-if", Info, ErrorProne, [HADOLINT, RECOMMENDED], AndOr(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::AndOr(and_or) = node else { return };
    let called =
        |p: &Pipeline| p.commands.first().and_then(|c| c.simple()).and_then(|s| name(cx, s)).unwrap_or_default();
    for (i, pair) in and_or.rest.windows(2).enumerate() {
        let [(AndOrOperator::And, then), (AndOrOperator::Or, otherwise)] = pair else { continue };
        // What follows makes all of this a condition.
        if i + 2 != and_or.rest.len() {
            continue;
        }
        let assigns = otherwise.single().and_then(|c| c.simple()).is_some_and(|s| s.words.is_empty());
        let plain = matches!(called(otherwise).as_ref(), "echo" | "exit" | "return" | "printf" | "true" | ":");
        let harmless = otherwise.commands.len() == 1 && (assigns || plain);
        let tests = then.single().is_some_and(|c| matches!(c.kind, CommandKind::Test(_)))
            || matches!(called(then).as_ref(), "[" | "test");
        if harmless || tests || is_condition(&node, parents) {
            continue;
        }
        // The `&&` stands between the two pipelines.
        let before = i.checked_sub(1).and_then(|i| and_or.rest.get(i)).map_or(&and_or.first, |(_, p)| p);
        let between = Span { start: before.span.end, end: then.span.start };
        let at = between.start + cx.text(between).find("&&").unwrap_or(0) as u32;
        out.report(Span { start: at, end: at + 2 }, "the part after `||` also runs when the part before it fails")
            .help("use `if`");
    }
}
