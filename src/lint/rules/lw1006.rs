use super::prelude::*;

rule! {
    /// The image starts its program as root.
    ///
    /// The final stage has a `CMD` or `ENTRYPOINT` and no `USER`; a base image whose own user is known and not root is
    /// fine.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["app"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER 1000
    /// CMD ["app"]
    /// ```
    "LW1006", "runs-as-root", Info, Security, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let Some(last) = cx.stages.len().checked_sub(1) else { return };
    let switches = |s: &Stage<'_>| cx.stage_body(s).any(|i| matches!(i.read, Instruction::User(_)));
    if cx.lineage(Some(last)).any(switches) {
        return;
    }
    let root = cx.lineage(Some(last)).last().and_then(|s| cx.stages.iter().position(|x| x.from == s.from));
    let config = root.and_then(|r| cx.scopes().froms.get(r)).and_then(|f| f.config.as_ref());
    let image = root.and_then(|r| cx.scopes().froms.get(r)).and_then(|f| f.image.as_deref());
    let base_user = match config {
        Some(config) => config["config"]["User"].as_str().unwrap_or(""),
        None => image.and_then(crate::lint::bases::known).and_then(|b| b.user).unwrap_or(""),
    };
    let named = root
        .and_then(|r| cx.stages.get(r))
        .is_some_and(|s| s.image.contains("nonroot") || s.image.contains("rootless"));
    if !matches!(base_user, "" | "root" | "0") || named {
        return;
    }
    let starts = |i: &&Inst<'_>| matches!(i.read, Instruction::Cmd(_) | Instruction::Entrypoint(_));
    if let Some(inst) = cx.stages.get(last).and_then(|s| cx.stage_body(s).find(starts)) {
        out.instruction(inst, "this starts as root").help("write USER before it");
    }
}
