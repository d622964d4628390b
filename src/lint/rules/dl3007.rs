use super::prelude::*;

rule! {
    /// A base image with the tag `latest`.
    ///
    /// The tag moves to each new release, and the build with it.
    ///
    /// ```dockerfile
    /// FROM debian:latest
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    "DL3007", "latest-base-image", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        let parts = image(from.image.text);
        if parts.tag == Some("latest") && parts.digest.is_none() {
            out.report(inst, from.image.span, "`latest` is another image with each release").help("name a version");
        }
    }
}
