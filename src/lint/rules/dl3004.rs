use super::prelude::*;

rule! {
    /// `sudo` in a `RUN`.
    ///
    /// A build runs as root unless `USER` says otherwise, and `sudo` handles terminals and signals its own way.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN sudo make install
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER root
    /// RUN make install
    /// ```
    "DL3004", "sudo-in-run", Error, Security, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    each_command(
        cx,
        out,
        true,
        |c| c.is(&["sudo"]),
        |out, inst, c| {
            out.report(inst, c.name_span, "`sudo` behaves unpredictably in a build").help("switch users with USER");
        },
    );
}
