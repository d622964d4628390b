use super::prelude::*;

rule! {
    /// A stage is called `scratch` or `context`.
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
    "DL3063", "reserved-stage-alias", Warning, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        if let Some(name) = from.name.filter(|n| matches!(n.text, "scratch" | "context")) {
            out.report(inst, name.span, format!("`{}` is a reserved name", name.text));
        }
    }
}
