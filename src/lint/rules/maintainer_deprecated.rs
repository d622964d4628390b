use super::prelude::*;

rule! {
    /// `MAINTAINER` is used.
    ///
    /// A label says the same and can be read with all others.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// MAINTAINER me@example.com
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.authors="me@example.com"
    /// ```
    "MaintainerDeprecated", "maintainer-deprecated", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Maintainer(name) = &inst.read else { continue };
        let raw = out.instruction(inst, "MAINTAINER is deprecated");
        raw.help("write the label `org.opencontainers.image.authors`");
        let text = name.text.trim();
        if !text.is_empty() && !text.contains(['"', '\\', '$', '\n']) && inst.node.lines.from == inst.node.lines.to {
            let label = format!("LABEL org.opencontainers.image.authors=\"{text}\"");
            raw.fix(Fix::suggested("Write a label", inst.node.span, label));
        }
    }
}
