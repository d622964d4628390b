use super::prelude::*;

rule! {
    /// `zypper install` of packages without a version.
    ///
    /// The build takes what the repository has that day.
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install -y httpd && zypper clean
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install -y httpd=2.4.46 && zypper clean
    /// ```
    "DL3037", "unpinned-zypper-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        if !c.runs(&["zypper"], &["install", "in"]) {
            return Vec::new();
        }
        let fixed = |t: &str| matches!(t, "install" | "in") || t.contains(['=', '<', '>']) || t.ends_with(".rpm");
        c.operands(&[]).filter(|a| !fixed(&a.text)).cloned().collect()
    };
    unpinned(cx, out, packages, "packages without a version", "write `package=version`");
}
