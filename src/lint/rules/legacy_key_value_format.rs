use super::prelude::*;

rule! {
    /// `ENV` or `LABEL` without `=`.
    ///
    /// The form takes one pair only, and its value to the end of the line.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DIR /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DIR=/app
    /// ```
    "LegacyKeyValueFormat", "legacy-key-value", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top().filter(|i| i.stage.is_some()) {
        let (Instruction::Env(pairs) | Instruction::Label(pairs)) = &inst.read else { continue };
        for pair in pairs.iter().filter(|p| p.legacy) {
            let span = pair.value.map_or(pair.key.span, |v| pair.key.span.to(v.span));
            let raw = out.report(inst, span, format!("`{}` is set without `=`", pair.key.text));
            raw.help("write `KEY=value`");
            // Quotes, escapes and continuations mean other things in the new form: only plain values are rewritten.
            let Some(value) = pair.value.filter(|_| inst.node.lines.from == inst.node.lines.to) else { continue };
            let plain = |t: &str| !t.contains(['"', '\'', '\\', '`', '\t']);
            if plain(value.text) && plain(pair.key.text) && !value.text.is_empty() {
                let quoted = value.text.contains([' ', '#', '&', ';', '(', ')', '<', '>', '|']);
                let text = if quoted { format!("\"{}\"", value.text) } else { value.text.to_owned() };
                raw.fix(Fix::safe("Write `=`", span, format!("{}={text}", pair.key.text)));
            }
        }
    }
}
