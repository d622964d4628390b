use super::prelude::*;

rule! {
    /// `wget` draws its progress bar into the build log.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN wget https://example.com/a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN wget --progress=dot:giga https://example.com/a
    /// ```
    "DL3047", "wget-progress-bar", Info, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const QUIET: [&str; 9] = ["progress", "q", "quiet", "o", "output-file", "a", "append-output", "nv", "no-verbose"];
    let loud = |c: &Cmd| c.is(&["wget"]) && !c.has_flag(&QUIET) && !c.args.iter().any(|a| a.text == "-nv");
    each_command(cx, out, true, loud, |out, inst, c| {
        // BusyBox's wget has no such flag, and its bar is short.
        let base = cx.lineage(inst.stage).last().map_or("", |s| s.image);
        if !cx.exact && crate::lint::bases::is_alpine(base) {
            return;
        }
        let raw = out.report(inst, c.span, "the progress bar fills the build log").help("add `--progress=dot:giga`");
        let end = c.name_span.end;
        raw.fix(Fix::suggested("Add --progress=dot:giga", Span { start: end, end }, " --progress=dot:giga"));
    });
}
