use super::prelude::*;

rule! {
    /// `apk add` of packages without a version.
    ///
    /// The build takes what the repository has that day.
    ///
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl=~8.9
    /// ```
    "DL3018", "unpinned-apk-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        if !c.runs(&["apk"], &["add"]) {
            return Vec::new();
        }
        let fixed = |t: &str| t == "add" || t.contains(['=', '~', '<', '>']) || t.ends_with(".apk");
        c.operands(&["t", "virtual", "repository", "X"]).filter(|a| !fixed(&a.text)).cloned().collect()
    };
    unpinned(cx, out, packages, "packages without a version", "write `package=version` or `package=~version`");
}
