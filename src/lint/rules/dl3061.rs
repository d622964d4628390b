use super::prelude::*;

rule! {
    /// An instruction before the first `FROM`.
    ///
    /// Only `ARG` may stand there.
    ///
    /// ```dockerfile
    /// LABEL a=b
    /// FROM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// ARG A=b
    /// FROM debian:12
    /// ```
    "DL3061", "instruction-before-from", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    if cx.stages.is_empty() && !cx.exact {
        // A fragment: its FROM is elsewhere.
        return;
    }
    for inst in cx.top().filter(|i| i.stage.is_none()) {
        if !matches!(inst.kind(), Keyword::Arg | Keyword::Unknown) {
            out.instruction(inst, format!("{} stands before the first FROM", inst.kind().name()));
        }
    }
}
