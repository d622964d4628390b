use super::prelude::*;

rule! {
    /// `cd` in a `RUN`.
    ///
    /// The change ends with the `RUN`; `WORKDIR` holds for all that follows and creates the directory.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN cd /src && make
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /src
    /// RUN make
    /// ```
    "DL3003", "cd-in-run", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    // One WORKDIR is the remedy for all of a RUN.
    let mut told = None;
    each_command(
        cx,
        out,
        false,
        |c| c.is(&["cd"]),
        |out, inst, c| {
            if told.replace(inst.node.span.start) != Some(inst.node.span.start) {
                out.report(inst, c.span, "`cd` holds for this RUN only").help("set the directory with WORKDIR");
            }
        },
    );
}
