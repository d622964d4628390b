use super::prelude::*;

rule! {
    /// `apk add` keeps its index in the layer.
    ///
    /// `--no-cache` fetches the index, uses it and keeps nothing.
    ///
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add curl=~8.9
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl=~8.9
    /// ```
    "DL3019", "apk-cache-left", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let keeps = |c: &Cmd| c.runs(&["apk"], &["add"]) && !c.has_flag(&["no-cache"]);
    each_command(cx, out, true, keeps, |out, inst, c| {
        if cached(inst, |t| t == "/var/cache/apk") {
            return;
        }
        let raw = out.report(inst, c.span, "the package index stays in this layer").help("add `--no-cache`");
        if let Some(add) = c.args.iter().find(|a| a.text == "add") {
            let at = Span { start: add.span.end, end: add.span.end };
            raw.fix(Fix::suggested("Add --no-cache", at, " --no-cache"));
        }
    });
}
