use super::prelude::*;

rule! {
    /// `/bin/sh` is replaced by a link.
    ///
    /// `SHELL` changes the shell of the build and leaves the system alone.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN ln -sf /bin/bash /bin/sh
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// SHELL ["/bin/bash", "-c"]
    /// ```
    "DL4005", "linked-shell", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    each_command(
        cx,
        out,
        true,
        |c| c.runs(&["ln"], &["/bin/sh"]),
        |out, inst, c| {
            out.report(inst, c.span, "this replaces the system's shell").help("use SHELL");
        },
    );
}
