use super::prelude::*;

rule! {
    /// A program that makes no sense in a build.
    ///
    /// `ssh`, `vim`, `shutdown`, `service`, `ps`, `free`, `top`, `kill` and `mount` talk to a person or to a running
    /// host; a build has neither.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN service nginx start
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    "DL3001", "host-command", Info, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const NAMES: [&str; 9] = ["free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];
    each_command(
        cx,
        out,
        true,
        |c| c.is(&NAMES),
        |out, inst, c| {
            done(out.report(inst, c.name_span, format!("`{}` has no purpose in a build", c.name)));
        },
    );
}
