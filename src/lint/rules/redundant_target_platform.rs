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
    "RedundantTargetPlatform", "redundant-target-platform", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let scopes = cx.scopes();
    let target = cx.options.build_args.get("TARGETPLATFORM").cloned().unwrap_or_else(|| scopes.target.to_string());
    for (stage, scope) in cx.stages.iter().zip(&scopes.froms) {
        let (Some(inst), Some(platform)) = (cx.from_of(stage), &scope.platform) else { continue };
        let only =
            platform.matched.len() == 1 && platform.matched.contains("TARGETPLATFORM") && platform.unmatched.is_empty();
        if only && platform.value == target {
            let flag = inst.node.flag("platform");
            let span = flag.map_or(inst.node.keyword.span, |f| f.span);
            let raw = out.report(inst, span, "this is the default platform");
            if let Some(flag) = flag {
                // The flag and the white space behind it.
                let rest = cx.source.get(flag.span.end as usize..).unwrap_or(&[]);
                let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count() as u32;
                let whole = Span { start: flag.span.start, end: flag.span.end + blank };
                raw.fix(Fix::safe("Remove the flag", whole, ""));
            }
        }
    }
}
