use super::prelude::*;

rule! {
    /// A stage lacks a label that the schema asks for.
    ///
    /// ```yaml
    /// label-schema: { author: text }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL author="me"
    /// ```
    "DL3049", "missing-label", Info, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (index, stage) in cx.stages.iter().enumerate() {
        let Some(inst) = cx.from_of(stage) else { continue };
        for label in cx.config.label_schema.keys() {
            let has = |s: &Stage<'_>| {
                cx.stage_body(s).any(|i| {
                    matches!(&i.read, Instruction::Label(pairs) if pairs.iter().any(|p| unquoted(p.key.text) == label))
                })
            };
            // A stage that feeds one with the label is spared: it is not what is shipped.
            let mut feeds = vec![false; cx.stages.len()];
            let spared = (index + 1..cx.stages.len()).any(|i| {
                let from = |s: usize| s == index || feeds[s];
                let next = &cx.stages[i];
                let copies = cx.stage_body(next).any(|inst| match &inst.read {
                    Instruction::Copy(c) => c
                        .from
                        .and_then(|f| cx.stage_named(f.text).or(f.text.parse().ok()))
                        .is_some_and(|s| s < i && from(s)),
                    _ => false,
                });
                feeds[i] = next.parent.is_some_and(from) || copies;
                feeds[i] && has(next)
            });
            if !spared && !cx.lineage(Some(index)).any(has) {
                out.instruction(inst, format!("the label `{label}` is missing"));
            }
        }
    }
}
