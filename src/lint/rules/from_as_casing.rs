use super::prelude::*;

rule! {
    /// `FROM` and `AS` are not in the same case.
    ///
    /// ```dockerfile
    /// FROM debian:12 as build
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// ```
    "FromAsCasing", "from-as-casing", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let (Instruction::From(from), keyword) = (&inst.read, inst.node.keyword.text.as_ref()) else { continue };
        let Some(as_keyword) = from.as_keyword else { continue };
        let (lower, upper) = (keyword == keyword.to_lowercase(), keyword == keyword.to_uppercase());
        let wanted = if lower { as_keyword.text.to_lowercase() } else { as_keyword.text.to_uppercase() };
        if (lower || upper) && as_keyword.text != wanted {
            out.report(inst, as_keyword.span, format!("`{}` and `{keyword}` are in different cases", as_keyword.text))
                .fix(Fix::safe(format!("Write {wanted}"), as_keyword.span, wanted));
        }
    }
}
