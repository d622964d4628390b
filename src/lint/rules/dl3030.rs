use super::prelude::*;

rule! {
    /// `yum install` that asks for confirmation.
    ///
    /// Nobody is there to answer, so the build fails.
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install httpd-2.4.6 && yum clean all
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6 && yum clean all
    /// ```
    "DL3030", "yum-without-yes", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let asks = |c: &Cmd| {
        c.runs(&["yum"], &["install", "groupinstall", "localinstall"]) && !c.has_flag(&["y", "yes", "assumeyes"])
    };
    each_command(cx, out, true, asks, |out, inst, c| {
        let raw = out.report(inst, c.span, "this waits for an answer that nobody gives").help("add `-y`");
        let end = c.name_span.end;
        raw.fix(Fix::safe("Add -y", Span { start: end, end }, " -y"));
    });
}
