use super::prelude::*;

rule! {
    /// `zypper` that asks for confirmation.
    ///
    /// Nobody is there to answer, so the build fails.
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install httpd=2.4.46 && zypper clean
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install -y httpd=2.4.46 && zypper clean
    /// ```
    "DL3034", "zypper-without-yes", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const ACTIONS: [&str; 8] = ["install", "in", "remove", "rm", "source-install", "si", "patch", "dup"];
    let asks =
        |c: &Cmd| c.runs(&["zypper"], &ACTIONS[..7]) && !c.has_flag(&["non-interactive", "n", "no-confirm", "y"]);
    each_command(cx, out, true, asks, |out, inst, c| {
        let raw =
            out.report(inst, c.span, "this waits for an answer that nobody gives").help("add `--non-interactive`");
        let end = c.name_span.end;
        raw.fix(Fix::safe("Add --non-interactive", Span { start: end, end }, " --non-interactive"));
    });
}
