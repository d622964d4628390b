use super::prelude::*;
use crate::plan::platform::Platform;

rule! {
    /// `FROM --platform` with a constant.
    ///
    /// The stage can then be built for one platform only. A stage whose name says the platform is taken for meant.
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
    "FromPlatformFlagConstDisallowed", "constant-from-platform", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, scope) in cx.stages.iter().zip(&cx.scopes().froms) {
        let (Some(inst), Some(platform)) = (cx.from_of(stage), &scope.platform) else { continue };
        if !platform.matched.is_empty() || !platform.unmatched.is_empty() {
            continue;
        }
        let Ok(parsed) = Platform::parse(&platform.value, &Platform::linux("amd64")) else { continue };
        let name = stage.name.unwrap_or("").to_lowercase();
        if !name.contains(&parsed.os) && !name.contains(&parsed.architecture) {
            let span = inst.node.flag("platform").map_or(inst.node.keyword.span, |f| f.span);
            out.report(inst, span, format!("the stage is tied to `{}`", platform.value));
        }
    }
}
