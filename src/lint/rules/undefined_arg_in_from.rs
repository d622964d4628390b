use super::prelude::*;

rule! {
    /// `FROM` uses a variable that no `ARG` before the first `FROM` declares.
    ///
    /// ```dockerfile
    /// ARG VERSION=12
    /// FROM debian:${VERSIN}
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// ARG VERSION=12
    /// FROM debian:${VERSION}
    /// ```
    "UndefinedArgInFrom", "undefined-arg-in-from", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, scope) in cx.stages.iter().zip(&cx.scopes().froms) {
        let Some(inst) = cx.from_of(stage) else { continue };
        for (name, span, nearest) in &scope.undefined {
            let raw =
                out.report(inst, *span, format!("FROM uses `{name}`, which no ARG before the first FROM declares"));
            if let Some(nearest) = nearest {
                raw.help(format!("did you mean `{nearest}`?"));
            }
        }
    }
}
