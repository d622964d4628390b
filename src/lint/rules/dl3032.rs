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
        let Some(install) = run.commands.iter().find(|c| c.runs(&["yum"], &["install"])) else { continue };
        let cleans =
            run.commands.iter().any(|c| c.is(&["yum"]) && c.has_arg(&["clean"]) && (cx.exact || c.has_arg(&["all"])));
        if cleans
            || removes(cx, run, &["-rf", "/var/cache/yum/*"], "/var/cache/yum")
            || (!cx.exact && cached(inst, |t| t == "/var/cache/yum"))
        {
            continue;
        }
        out.report(inst, install.span, "yum's cache stays in this layer").help("end the same RUN with `yum clean all`");
    }
}
