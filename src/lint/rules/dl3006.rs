use super::prelude::*;

rule! {
    /// A base image with neither tag nor digest.
    ///
    /// It means `latest`, which is another image next month.
    ///
    /// ```dockerfile
    /// FROM debian
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    "DL3006", "untagged-base-image", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (index, stage) in cx.stages.iter().enumerate() {
        let (Some(inst), Instruction::From(from)) = (cx.from_of(stage), &cx.instructions[stage.from].read) else {
            continue;
        };
        let name = from.image.text;
        let parts = image(name);
        let earlier = cx.is_stage_before(name, index) || (!cx.exact && stage.parent.is_some());
        // hadolint knows a registry by its dot only, and takes the rest of `registry:5000/image` for a tag.
        let dotless = cx.exact && parts.registry.is_some_and(|r| !r.contains('.') && r.contains(':'));
        let known = name.is_empty()
            || dotless
            || name == "scratch"
            || name.strip_prefix(parts.registry.unwrap_or("")).unwrap_or(name).trim_start_matches('/').starts_with('$')
            || earlier;
        if !known && parts.tag.is_none() && parts.digest.is_none() {
            out.report(inst, from.image.span, format!("`{name}` has no tag: what it is changes with time"))
                .help("name a version or a digest");
        }
    }
}
