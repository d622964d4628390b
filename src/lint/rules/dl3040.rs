use super::prelude::*;

rule! {
    /// `dnf install` leaves its cache in the layer.
    ///
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.59
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.59 && dnf clean all
    /// ```
    "DL3040", "dnf-cache-left", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs() {
        let Some(at) =
            run.commands.iter().rposition(|c| c.is(&["dnf", "microdnf"]) && c.args.iter().any(|a| fetches(&a.text)))
        else {
            continue;
        };
        let Some(install) = run.commands.get(at) else { continue };
        let later = run.commands.get(at + 1..).unwrap_or(&[]);
        let cleans = later.iter().any(|c| {
            let all = c.has_arg(&["clean"]) && c.has_arg(&["all"]);
            c.name == install.name && (all || (cx.exact && c.has_arg(&["clean", "all"])))
        });
        let removed = if cx.exact {
            later.iter().any(|c| c.runs(&["rm"], &["-rf", "/var/cache/libdnf5*"]))
        } else {
            removes(cx, run, &[], "/var/cache/libdnf5")
                || removes(cx, run, &[], "/var/cache/dnf")
                || later.iter().any(|c| c.runs(&["rm"], &["/var/cache/libdnf5*"]))
        };
        if cleans || removed || cached(inst, |t| t == "/var/cache/libdnf5" || (!cx.exact && t == "/var/cache/dnf")) {
            continue;
        }
        out.report(inst, install.span, "dnf's cache stays in this layer").help("end the same RUN with `dnf clean all`");
    }
}

/// Actions that download packages, with the short forms that dnf takes.
fn fetches(action: &str) -> bool {
    matches!(
        action,
        "install" | "in" | "localinstall" | "upgrade" | "up" | "upgrade-minimal" | "up-min" | "reinstall" | "rei"
    )
}
