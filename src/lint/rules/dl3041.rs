use super::dl3033::unpinned_rpms;
use super::prelude::*;

rule! {
    /// `dnf install` of packages without a version.
    ///
    /// The build takes what the repository has that day.
    ///
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd && dnf clean all
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.59 && dnf clean all
    /// ```
    "DL3041", "unpinned-dnf-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, inst: &Inst<'_>| unpinned_rpms(cx, c, inst, &["dnf", "microdnf"]);
    unpinned(cx, out, packages, "packages without a version", "write `package-version`");
}
