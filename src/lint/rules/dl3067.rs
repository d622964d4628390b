use super::prelude::*;

rule! {
    /// `COPY --from` of a whole file system.
    ///
    /// It takes build tools, caches and secrets along, and hides what the image consists of.
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// FROM alpine:3.20
    /// COPY --from=build / /
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// FROM alpine:3.20
    /// COPY --from=build /app /app
    /// ```
    "DL3067", "copy-whole-filesystem", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Copy(copy) = &inst.read else { continue };
        let root = copy.sources.iter().find(|s| unquoted(s.text) == "/");
        if let (Some(_), Some(source), "/") = (copy.from, root, unquoted(copy.dest.text)) {
            out.report(inst, source.span, "this copies a whole file system");
        }
    }
}
