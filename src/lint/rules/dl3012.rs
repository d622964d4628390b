use super::prelude::*;

rule! {
    /// More than one `HEALTHCHECK` in a stage.
    ///
    /// Only the last one counts.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK CMD ["a"]
    /// HEALTHCHECK CMD ["b"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK CMD ["b"]
    /// ```
    "DL3012", "repeated-healthcheck", Error, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    repeated(
        cx,
        out,
        |i| matches!(i, Instruction::Healthcheck(_)),
        "a second HEALTHCHECK takes the place of the first",
    );
}

/// Reports each instruction of a stage that matches, from the second on.
pub(super) fn repeated(
    cx: &Context<'_>,
    out: &mut Sink<'_>,
    matches: impl Fn(&Instruction<'_>) -> bool,
    message: &str,
) {
    let mut seen = None;
    for inst in cx.top().filter(|i| matches(&i.read)) {
        if seen == Some(inst.stage) {
            out.instruction(inst, message);
        }
        seen = Some(inst.stage);
    }
}
