use super::prelude::*;

rule! {
    /// `apt-get install` brings recommended packages along.
    ///
    /// They are not needed for the program to work, and can double the layer.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y curl=7.88.*
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y --no-install-recommends curl=7.88.*
    /// ```
    "DL3015", "apt-get-recommends", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let brings = |c: &Cmd| {
        let off = |a: &Arg| {
            let text = a.text.to_ascii_lowercase();
            text.contains("apt::install-recommends=false") || text.contains("apt::install-recommends=0")
        };
        c.runs(&["apt-get"], &["install"]) && !c.has_flag(&["no-install-recommends"]) && !c.args.iter().any(off)
    };
    each_command(cx, out, true, brings, |out, inst, c| {
        let raw = out.report(inst, c.span, "recommended packages come along").help("add `--no-install-recommends`");
        if let Some(install) = c.args.iter().find(|a| a.text == "install") {
            let at = Span { start: install.span.end, end: install.span.end };
            raw.fix(Fix::suggested("Add --no-install-recommends", at, " --no-install-recommends"));
        }
    });
}
