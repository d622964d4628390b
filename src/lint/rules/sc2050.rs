use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A test compares two constants.
    ///
    /// ```sh
    /// [ a = b ] && c
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// [ "$a" = b ] && c
    /// ```
    "SC2050", "constant-test", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Command(command) = node else { return };
    let groups: Vec<Vec<&Word>> = match &command.kind {
        CommandKind::Test(tokens) => tokens
            .split(|t| matches!(t, TestToken::Operator(_)))
            .map(|g| g.iter().filter_map(|t| if let TestToken::Word(w) = t { Some(w) } else { None }).collect())
            .collect(),
        _ => test_words(cx, &node).map(|(words, _)| words).into_iter().collect(),
    };
    for words in groups {
        compare(cx, &words, out);
    }
}

fn compare(cx: &ShellContext<'_>, words: &[&Word], out: &mut ShellSink<'_>) {
    let [left, operator, right] = words else { return };
    let compares = matches!(cx.text(operator.span), "=" | "==" | "!=" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge");
    if compares && left.literal(&cx.script.source).is_some() && right.literal(&cx.script.source).is_some() {
        out.report(operator.span, "both sides are constants").help("is a `$` missing?");
    }
}
