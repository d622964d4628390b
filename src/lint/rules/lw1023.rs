use super::prelude::*;

rule! {
    /// A RUN whose effect ends with it.
    ///
    /// Each RUN has a shell of its own: variables and aliases are gone after it.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN export PATH=/opt/bin:$PATH
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV PATH=/opt/bin:$PATH
    /// ```
    "LW1023", "effect-lost", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(i, r)| !r.exec && i.node.heredocs.is_empty()) {
        let lost = ["export", "source", ".", "alias", "umask", "unset", "ulimit", "shopt"];
        let [body] = run.bodies.as_slice() else { continue };
        let bare = body.script.simple_commands().all(|s| {
            s.words.is_empty()
                || s.words
                    .first()
                    .is_some_and(|w| w.literal(&body.script.source).is_some_and(|n| lost.contains(&n.as_ref())))
        });
        let substitutes = body.script.source.contains(['`', '>', '|']) || body.script.source.contains("$(");
        // Reading a script may well do something.
        let reads = run.commands.iter().any(|c| c.is(&["source", "."]));
        if let (true, false, false, Some(c)) = (bare, substitutes, reads, run.commands.first()) {
            out.report(inst, c.span, "this has no effect beyond its own RUN")
                .help("use ENV, or do it in the RUN that needs it");
        }
    }
}
