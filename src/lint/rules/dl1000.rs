use super::prelude::*;

rule! {
    /// The file does not parse.
    ///
    /// A build stops here: BuildKit refuses the instruction. The rest of the file is checked all the same, and the
    /// finding's message says what is expected.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPPY app.py /app/
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app.py /app/
    /// ```
    "DL1000", "syntax-error", Error, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    // Nothing was written yet: that is no mistake.
    if cx.file.nodes.is_empty() {
        return;
    }
    for diagnostic in &cx.file.diagnostics {
        let raw = out.at(diagnostic.lines, diagnostic.span, diagnostic.message.clone());
        if let Some(help) = &diagnostic.help {
            raw.help(help.clone());
        }
    }
}
