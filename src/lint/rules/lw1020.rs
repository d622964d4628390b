use super::prelude::*;

rule! {
    /// Commands in a here-document go on after one fails.
    ///
    /// The RUN has the status of its last command, and what failed before is not seen.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN <<EOF
    /// make
    /// make install
    /// EOF
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN <<EOF
    /// set -e
    /// make
    /// make install
    /// EOF
    /// ```
    "LW1020", "document-without-errexit", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(i, r)| !r.exec && !i.node.heredocs.is_empty()) {
        let Some(document) = inst.node.heredocs.first() else { continue };
        for body in &run.bodies {
            let inside = body.source_span(body.script.body.span);
            let shell = body.interpreter.as_deref().unwrap_or(&inst.shell);
            let shebang = body.script.shebang.as_deref().unwrap_or("");
            let strict = |words: &str| {
                words
                    .split_whitespace()
                    .any(|w| w == "errexit" || (w.starts_with('-') && !w.starts_with("--") && w.contains('e')))
            };
            let [.., _, _] = body.script.body.items.as_slice() else { continue };
            if inside.start < document.body.start || Dialect::of(shell).is_none() || strict(shebang) {
                continue;
            }
            let on_line =
                body.interpreter.is_some() && strict(&inst.node.rest()[..inst.node.rest().find("<<").unwrap_or(0)]);
            let sets = body.script.simple_commands().any(|s| {
                let words: Vec<String> = s.words.iter().map(|w| w.rough(&body.script.source)).collect();
                words.first().is_some_and(|w| w == "set") && strict(&words.join(" "))
            });
            if on_line || sets || (body.interpreter.is_none() && strict(&inst.shell)) {
                continue;
            }
            let first = body.script.body.items.first().map_or(inside, |i| body.source_span(i.and_or.span));
            let at = Span { start: first.start, end: first.start };
            out.report(inst, first, "when this or a later command fails, the others run all the same")
                .help("begin with `set -e`")
                .fix(Fix::suggested("Add set -e", at, "set -e\n"));
        }
    }
}
