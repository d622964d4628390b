use super::prelude::*;

rule! {
    /// The last `USER` of a stage is root.
    ///
    /// What runs in the container then has every right in it.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER root
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER 1000
    /// ```
    "DL3002", "last-user-root", Warning, Security, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut last: Option<(&Inst<'_>, Text<'_>)> = None;
    let mut settle = |last: &mut Option<(&Inst<'_>, Text<'_>)>| {
        if let Some((inst, user)) = last.take() {
            let name = user.text.split(':').next().unwrap_or("");
            if name == "root" || name == "0" {
                out.report(inst, user.span, "the stage ends as root").help("switch to another user at its end");
            }
        }
    };
    for inst in cx.top() {
        if inst.stage != stage {
            settle(&mut last);
            stage = inst.stage;
        }
        if let Instruction::User(user) = &inst.read
            && (stage.is_some() || (!cx.exact && cx.stages.is_empty()))
        {
            last = Some((inst, *user));
        }
    }
    settle(&mut last);
}
