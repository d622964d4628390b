use super::prelude::*;

rule! {
    /// `zypper dist-upgrade` in a build.
    ///
    /// It moves the image to another state of the distribution than its base names.
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper -n dup
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper -n patch
    /// ```
    "DL3035", "zypper-dist-upgrade", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    each_command(
        cx,
        out,
        true,
        |c| c.runs(&["zypper"], &["dist-upgrade", "dup"]),
        |out, inst, c| {
            out.report(inst, c.span, "this replaces the distribution that the base image names")
                .help("start from a newer base image");
        },
    );
}
