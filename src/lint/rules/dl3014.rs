use super::prelude::*;

rule! {
    /// `apt-get install` that asks for confirmation.
    ///
    /// Nobody is there to answer, so the build fails.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install --no-install-recommends curl=7.88.*
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y --no-install-recommends curl=7.88.*
    /// ```
    "DL3014", "apt-get-without-yes", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let asks = |c: &Cmd| {
        let quiet = c.count_flag("q") >= 2 || c.count_flag("quiet") >= 2 || c.has_arg(&["-q=2"]);
        c.runs(&["apt-get"], &["install"]) && !c.has_flag(&["y", "yes", "assume-yes"]) && !quiet
    };
    each_command(cx, out, true, asks, |out, inst, c| {
        let raw = out.report(inst, c.span, "this waits for an answer that nobody gives").help("add `-y`");
        if let Some(install) = c.args.iter().find(|a| a.text == "install") {
            raw.fix(Fix::safe("Add -y", Span { start: install.span.end, end: install.span.end }, " -y"));
        }
    });
}
