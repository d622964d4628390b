use super::prelude::*;

rule! {
    /// `EXPOSE` with a host address or host port.
    ///
    /// It says which ports the container listens on; which of the host's lead there is said when it is run.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 127.0.0.1:80:80
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80
    /// ```
    "ExposeInvalidFormat", "expose-host-port", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (index, inst) in cx.instructions.iter().enumerate().filter(|(_, i)| !i.onbuild && i.kind() == Keyword::Expose) {
        for (port, span) in cx.scopes().expanded.get(&index).into_iter().flatten() {
            if let Some((_, container)) = port.rsplit_once(':') {
                out.report(inst, *span, format!("`{port}` names the host")).help(format!("write `{container}`"));
            }
        }
    }
}
