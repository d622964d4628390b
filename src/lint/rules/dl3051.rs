use super::prelude::*;

rule! {
    /// A label of the schema is empty.
    ///
    /// ```yaml
    /// label-schema: { author: text }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL author=""
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL author="me"
    /// ```
    "DL3051", "empty-label", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    labels(cx, out, |_| true, |value| !value.is_empty(), "is empty");
}

/// Reports labels of the schema of the wanted type whose value is not `valid`, once an instruction.
pub(super) fn labels(
    cx: &Context<'_>,
    out: &mut Sink<'_>,
    wanted: impl Fn(LabelType) -> bool,
    valid: impl Fn(&str) -> bool,
    what: &str,
) {
    for inst in cx.top() {
        let Instruction::Label(pairs) = &inst.read else { continue };
        let bad = pairs.iter().find(|p| {
            let kind = cx.config.label_schema.get(unquoted(p.key.text));
            kind.is_some_and(|k| wanted(*k)) && !valid(unquoted(p.value.map_or("", |v| v.text)))
        });
        if let Some(pair) = bad {
            let span = pair.value.map_or(pair.key.span, |v| v.span);
            out.report(inst, span, format!("the label `{}` {what}", unquoted(pair.key.text)));
        }
    }
}
