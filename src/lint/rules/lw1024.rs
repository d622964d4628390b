use super::prelude::*;

rule! {
    /// DEBIAN_FRONTEND is set for the programs of the image, too.
    ///
    /// It is meant for the build. With ENV everybody who installs a package in a container gets no questions either.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DEBIAN_FRONTEND=noninteractive
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ARG DEBIAN_FRONTEND=noninteractive
    /// ```
    "LW1024", "frontend-in-env", Info, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for stage in cx.stages.iter().enumerate().filter(|(i, _)| cx.is_shipped(Some(*i))).map(|(_, s)| s) {
        // What is set last is what the image has.
        let last = cx.stage_body(stage).filter_map(|inst| {
            let Instruction::Env(pairs) = &inst.read else { return None };
            Some((inst, pairs, pairs.iter().find(|p| p.key.text == "DEBIAN_FRONTEND")?))
        });
        let Some((inst, pairs, pair)) = last.last() else { continue };
        if !pair.value.is_some_and(|v| v.text.contains("noninteractive")) {
            continue;
        }
        let raw = out.report(inst, pair.key.span, "this stays set in the image").help("use ARG");
        if let ([_], false) = (pairs.as_slice(), pair.legacy) {
            raw.fix(Fix::suggested("Use ARG", inst.node.keyword.span, "ARG"));
        }
    }
}
