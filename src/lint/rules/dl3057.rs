use super::prelude::*;

rule! {
    /// A stage has no `HEALTHCHECK`.
    ///
    /// Off unless it is enabled or given a level: many images are watched from outside.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK CMD ["true"]
    /// ```
    "DL3057", "missing-healthcheck", Info, ErrorProne, [OPT_IN], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (index, stage) in cx.stages.iter().enumerate() {
        let has = |s: &Stage<'_>| cx.stage_body(s).any(|i| matches!(i.read, Instruction::Healthcheck(_)));
        // A stage is also spared by one that starts from it and has one.
        let child = is_spared(cx, index, &|s| has(&cx.stages[s]));
        if let (false, Some(inst)) = (cx.lineage(Some(index)).any(has) || child, cx.from_of(stage)) {
            out.instruction(inst, "the stage has no HEALTHCHECK");
        }
    }
}

/// Whether a stage that starts from this one, directly or not, satisfies `has`.
fn is_spared(cx: &Context<'_>, index: usize, has: &dyn Fn(usize) -> bool) -> bool {
    let mut below = vec![false; cx.stages.len()];
    (index + 1..cx.stages.len()).any(|i| {
        below[i] = cx.stages[i].parent.is_some_and(|p| p == index || below[p]);
        below[i] && has(i)
    })
}
