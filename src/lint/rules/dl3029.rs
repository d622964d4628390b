use super::prelude::*;

rule! {
    /// `FROM --platform` with a fixed value.
    ///
    /// The image can then be built for one platform only.
    ///
    /// ```dockerfile
    /// FROM --platform=linux/amd64 debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM --platform=$BUILDPLATFORM debian:12
    /// ```
    "DL3029", "fixed-from-platform", Warning, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        let variable = |t: &str| t.contains("BUILDPLATFORM") || t.contains("TARGETPLATFORM");
        if let Some(platform) = from.platform.filter(|p| !variable(p.text)) {
            out.report(inst, platform.span, "the stage is tied to one platform");
        }
    }
}
