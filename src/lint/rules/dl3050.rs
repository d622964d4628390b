use super::prelude::*;

rule! {
    /// A label that the schema does not know, where the configuration is strict.
    ///
    /// ```yaml
    /// label-schema: { author: text }
    /// strict-labels: true
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL author="me" other="x"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL author="me"
    /// ```
    "DL3050", "superfluous-label", Info, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    if !cx.config.strict_labels {
        return;
    }
    for inst in cx.top() {
        let Instruction::Label(pairs) = &inst.read else { continue };
        if let Some(pair) = pairs.iter().find(|p| !cx.config.label_schema.contains_key(unquoted(p.key.text))) {
            out.report(inst, pair.key.span, format!("the schema knows no label `{}`", pair.key.text));
        }
    }
}
