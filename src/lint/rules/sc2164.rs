use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `cd` whose failure goes unnoticed.
    ///
    /// What follows then runs in the wrong directory.
    ///
    /// ```sh
    /// cd src; make
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// cd src || exit; make
    /// ```
    "SC2164", "unchecked-cd", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    if cx.flow().errexit {
        return;
    }
    let Some((simple, args)) = call(cx, &node, &["cd", "pushd", "popd"]) else { return };
    let texts: Vec<String> = args.iter().map(|a| rough(cx, a)).collect();
    let near = |t: &str| {
        let rest = t.trim_start_matches('/');
        rest.split('/').all(|p| matches!(p, "." | ".." | ""))
    };
    let stack = name(cx, simple).is_some_and(|n| n != "cd") && flags(cx, args).iter().any(|f| f == "n");
    if stack || texts.len() == 1 && near(&texts[0]) || is_condition(&node, parents) {
        return;
    }
    let span =
        simple.words.first().map_or(node.span(), |w| w.span).to(simple.words.last().map_or(node.span(), |w| w.span));
    out.report(span, "if this fails, what follows runs in the wrong directory").help("write `|| exit` after it");
}
