use super::prelude::*;

rule! {
    /// A stage is called `scratch` or `context`.
    ///
    /// `FROM scratch` and `--from=context` mean something else.
    ///
    /// ```dockerfile
    /// FROM debian:12 AS scratch
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS base
    /// ```
    "ReservedStageName", "reserved-stage-name", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        if let Some(name) = from.name.filter(|n| matches!(n.text.to_lowercase().as_str(), "scratch" | "context")) {
            out.report(inst, name.span, format!("`{}` is a reserved name", name.text));
        }
    }
}
