use super::prelude::*;

rule! {
    /// `FROM --platform=$TARGETPLATFORM` says what is the default.
    ///
    /// ```dockerfile
    /// FROM --platform=$TARGETPLATFORM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    "DL3065", "platform-is-default", Warning, Style, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        if let Some(platform) = from.platform.filter(|p| matches!(p.text, "$TARGETPLATFORM" | "${TARGETPLATFORM}")) {
            out.report(inst, platform.span, "this is the default platform");
        }
    }
}
