use super::prelude::*;

rule! {
    /// The protocol of a port is not in lower case.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80/TCP
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80/tcp
    /// ```
    "ExposeProtoCasing", "expose-protocol-casing", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (index, inst) in cx.instructions.iter().enumerate().filter(|(_, i)| !i.onbuild && i.kind() == Keyword::Expose) {
        for (port, span) in cx.scopes().expanded.get(&index).into_iter().flatten() {
            let Some((_, protocol)) = port.split_once('/') else { continue };
            if protocol != protocol.to_lowercase() {
                let raw = out.report(inst, *span, format!("the protocol of `{port}` should be in lower case"));
                if span.of(cx.source) == port.as_bytes() {
                    raw.fix(Fix::safe("Write it in lower case", *span, port.to_lowercase()));
                }
            }
        }
    }
}
