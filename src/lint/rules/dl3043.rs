use super::prelude::*;

rule! {
    /// `ONBUILD` around `ONBUILD`, `FROM` or `MAINTAINER`.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ONBUILD FROM debian:11
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ONBUILD RUN true
    /// ```
    "DL3043", "forbidden-onbuild-trigger", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep().filter(|i| i.onbuild) {
        if matches!(inst.kind(), Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
            out.instruction(inst, format!("ONBUILD cannot trigger {}", inst.kind().name()));
        }
    }
}
