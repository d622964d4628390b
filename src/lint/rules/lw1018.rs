use super::prelude::*;

rule! {
    /// An instruction stands inside a RUN.
    ///
    /// The line before it ends in a continuation, so that the shell is given the instruction as a command or an argument.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN make && \
    /// COPY app /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN make
    /// COPY app /app
    /// ```
    "LW1018", "instruction-in-run", Error, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(i, r)| !r.exec && i.node.heredocs.is_empty()) {
        for body in &run.bodies {
            // Lines of the file that begin in the middle of the command.
            for segment in body.logical.map.iter().filter(|s| s.logical > 0) {
                let rest = body.script.source.get(segment.logical as usize..).unwrap_or("");
                let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let word = rest.get(indent..).and_then(|r| r.split([' ', '\t', '\n']).next()).unwrap_or("");
                let known = !matches!(Keyword::of(&word.to_ascii_lowercase()), Keyword::Unknown);
                // In lower case these are words of other programs, too.
                if known
                    && word.len() > 2
                    && word.bytes().all(|b| b.is_ascii_uppercase())
                    && rest.len() > indent + word.len()
                {
                    let start = segment.logical + indent as u32;
                    let span = body.source_span(Span { start, end: start + word.len() as u32 });
                    out.report(inst, span, format!("this `{word}` is part of the RUN before it"))
                        .help("take the continuation at the end of the line before it away");
                }
            }
        }
    }
}
