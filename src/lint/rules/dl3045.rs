use super::prelude::*;

rule! {
    /// `COPY` to a relative path in a stage without `WORKDIR`.
    ///
    /// Where it goes is decided by the base image.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /src
    /// COPY app app
    /// ```
    "DL3045", "relative-copy-without-workdir", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut has = vec![false; cx.stages.len() + 1];
    for inst in cx.top() {
        let slot = inst.stage.map_or(0, |s| s + 1);
        match &inst.read {
            Instruction::From(_) => {
                let parent = inst.stage.and_then(|s| cx.stages.get(s)).and_then(|s| s.parent);
                has[slot] = parent.is_some_and(|p| has[p + 1]);
            }
            Instruction::Workdir(_) => has[slot] = true,
            Instruction::Copy(copy) => {
                let dest = copy.dest.text.trim_matches(['"', '\'']);
                if !has[slot] && !is_absolute(dest) && !dest.is_empty() {
                    out.report(inst, copy.dest.span, "no WORKDIR says where this relative path starts");
                }
            }
            _ => {}
        }
    }
}
