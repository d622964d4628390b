use super::prelude::*;

rule! {
    /// `COPY` of several sources to something that is not written as a directory.
    ///
    /// The build stops: several files need a destination that ends in `/`.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY a b /dir
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY a b /dir/
    /// ```
    "DL3021", "copy-many-to-file", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Copy(copy) = &inst.read else { continue };
        let dest = copy.dest.text;
        let directory = dest.ends_with('/')
            || dest.ends_with("/\"")
            || dest.ends_with("/'")
            || (!cx.exact && matches!(dest, "." | ".."));
        if copy.sources.len() + if cx.exact { 0 } else { copy.inline.len() } > 1 && !directory {
            let raw = out.report(inst, copy.dest.span, "several sources need a directory").help("end it with `/`");
            if !dest.ends_with(['"', '\'']) && !inst.node.json {
                let end = copy.dest.span.end;
                raw.fix(Fix::safe("Add a slash", Span { start: end, end }, "/"));
            }
        }
    }
}
