use super::prelude::*;

rule! {
    /// `yum install` leaves its cache in the layer.
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6 && yum clean all
    /// ```
    "DL3032", "yum-cache-left", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs() {
        let installs = |c: &Cmd| c.runs(&["yum"], &["install"]);
        // hadolint is content with a clean-up between two installs.
        let at = if cx.exact {
            run.commands.iter().position(installs)
        } else {
            run.commands.iter().rposition(installs)
        };
        let Some((install, later)) = at.and_then(|at| run.commands.get(at..)?.split_first()) else { continue };
        let cleans = later.iter().any(|c| {
            if cx.exact {
                return c.runs(&["yum"], &["clean", "all"]) || c.runs(&["rm"], &["-rf", "/var/cache/yum/*"]);
            }
            c.is(&["yum"]) && c.has_arg(&["clean"]) && c.has_arg(&["all"])
        });
        if cleans
            || (!cx.exact && (removes(cx, run, &[], "/var/cache/yum") || cached(inst, |t| t == "/var/cache/yum")))
        {
            continue;
        }
        out.report(inst, install.span, "yum's cache stays in this layer").help("end the same RUN with `yum clean all`");
    }
}
