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
    // The stages that each one is made of.
    let sources: Vec<Vec<usize>> = cx
        .stages
        .iter()
        .enumerate()
        .map(|(index, stage)| {
            let copied = cx.stage_body(stage).filter_map(|inst| match &inst.read {
                Instruction::Copy(c) => c.from.and_then(|f| cx.stage_named(f.text).or(f.text.parse().ok())),
                _ => None,
            });
            stage.parent.into_iter().chain(copied).filter(|&s| s < index).collect()
        })
        .collect();
    for label in cx.config.label_schema.keys() {
        let own = |s: &Stage<'_>| {
            cx.stage_body(s).any(|i| {
                matches!(&i.read, Instruction::Label(pairs) if pairs.iter().any(|p| unquoted(p.key.text) == label))
            })
        };
        let has: Vec<bool> = cx.stages.iter().map(own).collect();
        let (mut above, mut spared) = (has.clone(), vec![false; has.len()]);
        for (index, stage) in cx.stages.iter().enumerate() {
            above[index] |= stage.parent.is_some_and(|p| above[p]);
        }
        // A stage that feeds one with the label is spared: it is not what is shipped.
        for (index, sources) in sources.iter().enumerate().rev() {
            let spares = has[index] || spared[index];
            sources.iter().for_each(|&s| spared[s] |= spares);
        }
        for (index, stage) in cx.stages.iter().enumerate() {
            if let (false, Some(inst)) = (spared[index] || above[index], cx.from_of(stage)) {
                out.instruction(inst, format!("the label `{label}` is missing"));
            }
        }
    }
}
