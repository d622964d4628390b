use super::prelude::*;

rule! {
    /// `WORKDIR` with a relative path.
    ///
    /// Where it leads depends on every `WORKDIR` before it, the base image's included.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /app
    /// ```
    "DL3000", "relative-workdir", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Workdir(path) = &inst.read else { continue };
        if !is_absolute(unquoted(path.text)) {
            out.report(inst, path.span, format!("`{}` is relative to whatever directory was set before", path.text))
                .help("write an absolute path");
        }
    }
}
