use super::prelude::*;

rule! {
    /// `zypper install` leaves its cache in the layer.
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install -y httpd=2.4.46
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install -y httpd=2.4.46 && zypper clean
    /// ```
    "DL3036", "zypper-cache-left", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs() {
        let Some(at) = run.commands.iter().rposition(|c| c.runs(&["zypper"], &["install", "in"])) else { continue };
        let Some(install) = run.commands.get(at) else { continue };
        let cleans = run.commands.iter().skip(at + 1).any(|c| c.runs(&["zypper"], &["clean", "cc"]));
        if cleans || cached(inst, |t| t == "/var/cache/zypp") || (!cx.exact && removes(cx, run, &[], "/var/cache/zypp"))
        {
            continue;
        }
        out.report(inst, install.span, "zypper's cache stays in this layer")
            .help("end the same RUN with `zypper clean`");
    }
}
