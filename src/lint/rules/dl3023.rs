use super::prelude::*;

rule! {
    /// `COPY --from` names the stage it is in.
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// COPY --from=build /a /b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// RUN cp /a /b
    /// ```
    "DL3023", "copy-from-own-stage", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Copy(copy) = &inst.read else { continue };
        let own = inst.stage.and_then(|s| cx.stages.get(s)).and_then(|s| s.name);
        if let Some(from) = copy.from.filter(|f| own == Some(f.text)) {
            out.report(inst, from.span, "a stage cannot copy from itself");
        }
    }
}
