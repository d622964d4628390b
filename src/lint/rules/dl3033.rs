use super::prelude::*;

rule! {
    /// `yum install` of packages without a version.
    ///
    /// The build takes what the repository has that day.
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd && yum clean all
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6 && yum clean all
    /// ```
    "DL3033", "unpinned-yum-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, inst: &Inst<'_>| unpinned_rpms(cx, c, inst, &["yum"]);
    unpinned(cx, out, packages, "packages without a version", "write `package-version`");
}

/// Packages and modules of `yum` or `dnf` that name no version.
pub(super) fn unpinned_rpms(cx: &Context<'_>, c: &Cmd, inst: &Inst<'_>, programs: &[&str]) -> Vec<Arg> {
    if !c.is(programs) || !c.has_arg(&["install"]) || c.has_arg(&["group"]) {
        return Vec::new();
    }
    let module = c.has_arg(&["module"]);
    let known = |name: &str| cx.is_declared(name, inst);
    let fixed = |a: &Arg| {
        let text = a.text.as_str();
        if module {
            return text.contains(':');
        }
        // A glob of files, a condition: neither is a name with a version.
        if programs.contains(&"dnf") && (cx.exact && text.contains(' ')) {
            return false;
        }
        let condition = !cx.exact && text.contains(['=', '<', '>']);
        let digits = text.match_indices('-').any(|(i, _)| text.as_bytes().get(i + 1).is_some_and(u8::is_ascii_digit));
        // A version may come out of a variable of the build.
        let variable = text.contains("-${VAR}") && a.variables.iter().any(|v| known(v));
        digits || variable || condition || (text.ends_with(".rpm") && !(cx.exact && programs.contains(&"dnf")))
    };
    c.operands(&[]).filter(|a| !matches!(a.text.as_str(), "install" | "module") && !fixed(a)).cloned().collect()
}
