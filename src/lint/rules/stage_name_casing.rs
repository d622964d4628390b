use super::prelude::*;

rule! {
    /// A stage's name has an upper-case letter.
    ///
    /// Names are compared in lower case; written so, they are found when searched for.
    ///
    /// ```dockerfile
    /// FROM debian:12 AS Build
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// ```
    "StageNameCasing", "stage-name-casing", Warning, Style, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::From(from) = &inst.read else { continue };
        if let Some(name) = from.name.filter(|n| n.text.chars().any(char::is_uppercase)) {
            out.report(inst, name.span, format!("the stage's name `{}` should be in lower case", name.text));
        }
    }
}
