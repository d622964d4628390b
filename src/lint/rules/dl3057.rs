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
    let has = |s: &Stage<'_>| cx.stage_body(s).any(|i| matches!(i.read, Instruction::Healthcheck(_)));
    let own: Vec<bool> = cx.stages.iter().map(has).collect();
    // Those that a stage starts from have one, and those that start from it.
    let (mut above, mut below) = (own.clone(), own);
    for (index, stage) in cx.stages.iter().enumerate() {
        above[index] |= stage.parent.is_some_and(|p| above[p]);
    }
    for (index, stage) in cx.stages.iter().enumerate().rev() {
        if let Some(parent) = stage.parent {
            below[parent] |= below[index];
        }
    }
    for (index, stage) in cx.stages.iter().enumerate() {
        if let (false, Some(inst)) = (above[index] || below[index], cx.from_of(stage)) {
            out.instruction(inst, "the stage has no HEALTHCHECK");
        }
    }
}
