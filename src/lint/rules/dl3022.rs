use super::prelude::*;

rule! {
    /// `COPY --from` names no earlier stage.
    ///
    /// It is then taken for an image, which is rarely what was meant where it has neither tag nor registry.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY --from=builder /a /a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS builder
    /// FROM debian:12
    /// COPY --from=builder /a /a
    /// ```
    "DL3022", "copy-from-unknown-stage", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Copy(copy) = &inst.read else { continue };
        let Some(from) = copy.from else { continue };
        let name = from.text;
        let earlier = inst.stage.map_or(0, |s| if cx.exact { s + 1 } else { s });
        let named =
            if cx.exact { cx.is_stage_before(name, earlier) } else { cx.stage_before(name, earlier).is_some() };
        let index = name.parse::<usize>().is_ok_and(|n| n < earlier);
        let image = name.contains(':') || (!cx.exact && (name.contains(['/', '@', '$']) || name == "scratch"));
        if !named && !index && !image {
            out.report(inst, from.span, format!("no stage before this one is called `{name}`"));
        }
    }
}
