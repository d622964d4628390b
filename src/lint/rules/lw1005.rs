use super::prelude::*;

rule! {
    /// A stage that nothing uses.
    ///
    /// It is not built unless it is asked for with `--target`. Stages with a name are taken for such targets where
    /// they hold more than one instruction.
    ///
    /// ```dockerfile
    /// FROM golang:1.22
    /// RUN go build ./...
    /// FROM debian:12
    /// CMD ["app"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM golang:1.22 AS build
    /// RUN go build ./...
    /// FROM debian:12
    /// COPY --from=build /app /app
    /// CMD ["app"]
    /// ```
    "LW1005", "unused-stage", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut used = vec![false; cx.stages.len()];
    if let Some(last) = used.last_mut() {
        *last = true;
    }
    for parent in cx.scopes().parents.iter().flatten() {
        if let Some(slot) = used.get_mut(*parent) {
            *slot = true;
        }
    }
    let mut open = false;
    for inst in cx.deep() {
        let mut names: Vec<String> = Vec::new();
        match &inst.read {
            Instruction::Copy(copy) => names.extend(copy.from.map(|f| f.text.to_owned())),
            Instruction::Run(run) => names.extend(mounts(run).into_iter().filter_map(|m| m.from)),
            _ => {}
        }
        for name in names {
            // A variable may name any of them.
            open |= name.contains('$');
            let index = name.parse().ok().or_else(|| cx.stage_named(&name));
            if let Some(slot) = index.and_then(|i: usize| used.get_mut(i)) {
                *slot = true;
            }
        }
    }
    let variable_base = cx.stages.iter().any(|s| s.image.contains('$'));
    if open || variable_base || cx.options.target.is_some() {
        return;
    }
    for (stage, _) in cx.stages.iter().zip(&used).filter(|(s, used)| !**used && s.name.is_none()) {
        if let Some(inst) = cx.from_of(stage) {
            out.instruction(inst, "nothing uses this stage, and it has no name to ask for it by");
        }
    }
}
