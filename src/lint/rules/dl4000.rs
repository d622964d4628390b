use super::prelude::*;

rule! {
    /// `MAINTAINER` is used.
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
    /// LABEL maintainer="me@example.com"
    /// ```
    "DL4000", "maintainer", Error, Style, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top().filter(|i| i.kind() == Keyword::Maintainer) {
        out.instruction(inst, "MAINTAINER is deprecated").help("write a label");
    }
}
