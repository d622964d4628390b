use super::prelude::*;

rule! {
    /// `npm install` of packages without a version.
    ///
    /// The build takes what the registry has that day.
    ///
    /// ```dockerfile
    /// FROM node:22
    /// RUN npm install express
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM node:22
    /// RUN npm install express@4.19.2
    /// ```
    "DL3016", "unpinned-npm-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        let mut operands = c.operands(&["loglevel", "registry"]);
        if !c.is(&["npm"]) || operands.next().is_none_or(|a| a.text != "install") {
            return Vec::new();
        }
        operands.filter(|a| !is_fixed(&a.text)).cloned().collect()
    };
    unpinned(cx, out, packages, "packages without a version", "write `package@version`");
}

fn is_fixed(package: &str) -> bool {
    if ["git://", "git+ssh://", "git+http://", "git+https://"].iter().any(|p| package.starts_with(p)) {
        return package.contains('#');
    }
    let tarball = [".tar", ".tar.gz", ".tgz"].iter().any(|s| package.ends_with(s));
    let path = ["/", "./", "../", "~/"].iter().any(|p| package.starts_with(p)) || package == ".";
    // The first `@` may be that of a scope.
    tarball || path || package.strip_prefix('@').unwrap_or(package).contains('@')
}
