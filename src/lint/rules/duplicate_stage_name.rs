use super::prelude::*;

rule! {
    /// Two stages have the same name.
    ///
    /// A later instruction can only mean one of them.
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// FROM alpine:3.20 AS build
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// FROM alpine:3.20 AS final
    /// ```
    "DuplicateStageName", "duplicate-stage-name", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut seen = std::collections::HashSet::new();
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        if let Some(name) = from.name.filter(|n| !seen.insert(n.text.to_lowercase())) {
            out.report(inst, name.span, format!("an earlier stage is called `{}` too", name.text));
        }
    }
}
