use super::prelude::*;

rule! {
    /// `apt-get install` of packages without a version.
    ///
    /// The build takes what the archive has that day.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y --no-install-recommends curl
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y --no-install-recommends curl=7.88.*
    /// ```
    "DL3008", "unpinned-apt-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        if !c.runs(&["apt-get"], &["install"]) {
            return Vec::new();
        }
        let fixed = |t: &str| t == "install" || t.contains(['=', '/']) || t.ends_with(".deb");
        c.operands(&["t", "target-release"]).filter(|a| !fixed(&a.text)).cloned().collect()
    };
    unpinned(cx, out, packages, "packages without a version", "write `package=version`");
}
