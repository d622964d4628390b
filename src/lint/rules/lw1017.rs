use super::prelude::*;

rule! {
    /// A comment at the end of a line takes the following lines with it.
    ///
    /// A continued RUN is one line for the shell: everything behind `#` is a comment, also what stands on the next lines.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN make # build it \
    ///   && make install
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// # build it
    /// RUN make \
    ///   && make install
    /// ```
    "LW1017", "comment-swallows-command", Error, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(_, r)| !r.exec) {
        for body in &run.bodies {
            if inst.shell.starts_with("cmd") || inst.shell.contains("power") || inst.shell.contains("pwsh") {
                continue;
            }
            for comment in &body.script.comments {
                let span = body.source_span(*comment);
                // Where it ends: behind the line it stands on, there is more than white space and comments.
                let joined = body.logical.map.iter().filter(|s| s.logical > comment.start && s.logical < comment.end);
                let text = body.script.source.as_str();
                let first = joined.map(|s| s.logical).min();
                let lost = first.and_then(|at| text.get(at as usize..comment.end as usize)).map_or("", str::trim);
                if !lost.is_empty() && !lost.starts_with('#') && !lost.contains('\n') {
                    out.report(inst, span, "the shell takes the following lines for part of this comment")
                        .help("move the comment to a line of its own");
                }
            }
        }
    }
}
