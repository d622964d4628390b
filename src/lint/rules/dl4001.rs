use super::prelude::*;

rule! {
    /// Both `wget` and `curl` are used.
    ///
    /// One of them is enough; the other is a package more.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN wget -q https://example.com/a
    /// RUN curl -O https://example.com/b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -O https://example.com/a -O https://example.com/b
    /// ```
    "DL4001", "wget-and-curl", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let (mut curl, mut wget) = (false, false);
    for (inst, run) in cx.runs() {
        if inst.stage != stage {
            stage = inst.stage;
            (curl, wget) = (false, false);
        }
        let mut hit = None;
        for c in run.commands.iter().filter(|c| c.is(&["curl", "wget"])) {
            curl |= c.name == "curl";
            wget |= c.name == "wget";
            if curl && wget {
                hit = hit.or(Some(c));
            }
        }
        if let Some(c) = hit {
            out.report(inst, c.name_span, "the stage uses both wget and curl").help("keep to one of them");
        }
    }
}
