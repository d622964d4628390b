use super::prelude::*;

rule! {
    /// An empty line inside a continued instruction.
    ///
    /// It reads as the end, and a later version will take it for one.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN a && \
    ///
    ///     b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN a && \
    ///     b
    /// ```
    "NoEmptyContinuation", "empty-continuation-line", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let index = crate::text::LineIndex::new(cx.source);
    for inst in cx.top().filter(|i| i.node.empty_continuation) {
        let lines = inst.node.lines;
        // The blank lines, found between the instruction's own lines.
        let blank = (lines.from..=lines.to).find(|l| index.line_text(*l).trim_ascii().is_empty());
        let span =
            blank.map_or(inst.node.keyword.span, |l| Span { start: index.line_start(l), end: index.line_start(l + 1) });
        // BuildKit names the last line.
        let body = inst.node.heredocs.first().map_or(lines.to, |h| index.line(h.body.start).saturating_sub(1));
        let raw = out.at(lines, span, "an empty line inside an instruction");
        raw.reported = Lines { from: body.max(lines.from), to: body.max(lines.from) };
        if blank.is_some() {
            raw.fix(Fix::safe("Remove the line", span, ""));
        }
    }
}
