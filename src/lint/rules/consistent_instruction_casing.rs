use super::prelude::*;

rule! {
    /// Instructions are in different cases.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true
    /// copy a /a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true
    /// COPY a /a
    /// ```
    "ConsistentInstructionCasing", "mixed-instruction-casing", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let keyword = |i: &Inst<'_>| i.node.keyword.text.to_string();
    let in_stages = || cx.top().filter(|i| i.stage.is_some() && i.kind() != Keyword::Unknown);
    let lower = in_stages().filter(|i| keyword(i) == keyword(i).to_lowercase()).count();
    let upper = in_stages().filter(|i| keyword(i) == keyword(i).to_uppercase()).count();
    for inst in in_stages() {
        let written = keyword(inst);
        let wanted = if lower > upper { written.to_lowercase() } else { written.to_uppercase() };
        if written != wanted {
            out.instruction(inst, format!("`{written}` is not in the case of most instructions")).fix(Fix::safe(
                format!("Write {wanted}"),
                inst.node.keyword.span,
                wanted,
            ));
        }
    }
}
