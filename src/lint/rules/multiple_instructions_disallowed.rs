use super::prelude::*;

rule! {
    /// More than one `CMD`, `ENTRYPOINT` or `HEALTHCHECK` in a stage.
    ///
    /// Only the last one counts.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["a"]
    /// CMD ["b"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["b"]
    /// ```
    "MultipleInstructionsDisallowed", "overridden-instruction", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for keyword in [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck] {
        let mut last: Option<&Inst<'_>> = None;
        for inst in cx.top().filter(|i| i.kind() == keyword && i.stage.is_some()) {
            if let Some(earlier) = last.filter(|l| l.stage == inst.stage) {
                out.instruction(earlier, format!("a later {} in this stage takes its place", keyword.name()));
            }
            last = Some(inst);
        }
    }
}
