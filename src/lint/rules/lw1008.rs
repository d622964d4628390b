use super::prelude::*;

rule! {
    /// A base image without a digest.
    ///
    /// A tag can be moved to other content; a digest cannot.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12@sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d
    /// ```
    "LW1008", "base-without-digest", Info, Reproducibility, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, parent) in cx.stages.iter().zip(&cx.scopes().parents) {
        let (Some(inst), None) = (cx.from_of(stage), parent) else { continue };
        let Instruction::From(from) = &inst.read else { continue };
        let name = from.image.text;
        if name != "scratch" && !name.is_empty() && !name.contains(['@', '$']) {
            out.report(inst, from.image.span, format!("`{name}` can become other content")).help("add `@sha256:…`");
        }
    }
}
