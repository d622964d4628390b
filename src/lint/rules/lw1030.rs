use super::prelude::*;

rule! {
    /// `curl` saves the server's error page as if it were the file.
    ///
    /// Without `--fail` a status of 404 is a success.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -L -o tool.tar https://example.com/tool.tar
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fL -o tool.tar https://example.com/tool.tar
    /// ```
    "LW1030", "download-without-fail", Info, ErrorProne, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, c) in cx.commands().filter(|(_, c)| c.is(&["curl"])) {
        let fails = c.has_flag(&["f", "fail", "fail-with-body", "fail-early"]);
        let asks = c.has_flag(&["I", "head", "w", "write-out", "V", "version", "X", "request", "d", "data"]);
        if !fails && !asks && c.args.iter().any(|a| a.text.contains("://")) {
            let at = c.name_span.end;
            out.report(inst, c.name_span, "a failed request is taken for a download")
                .help("add `-f`")
                .fix(Fix::suggested("Add -f", Span { start: at, end: at }, " -f"));
        }
    }
}
