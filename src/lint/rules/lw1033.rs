use super::prelude::*;

rule! {
    /// An ARG before the first FROM that nothing uses.
    ///
    /// No FROM uses it, and no stage repeats it: a value that is given for it has no effect.
    ///
    /// ```dockerfile
    /// ARG VERSION=1
    /// FROM debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// ARG VERSION=12
    /// FROM debian:${VERSION}
    /// ```
    "LW1033", "unused-global-arg", Info, Style, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    if cx.stages.is_empty() {
        return;
    }
    let used = |name: &str, from: &Inst<'_>| {
        cx.instructions.iter().any(|i| {
            if std::ptr::eq(i, from) {
                return false;
            }
            match &i.read {
                Instruction::From(f) => {
                    mentions(f.image.text, name) || f.platform.is_some_and(|p| mentions(p.text, name))
                }
                Instruction::Arg(pairs) if i.stage.is_some() => pairs.iter().any(|p| p.key.text == name),
                Instruction::Arg(pairs) => pairs.iter().any(|p| p.value.is_some_and(|v| mentions(v.text, name))),
                _ => false,
            }
        })
    };
    for inst in cx.top().take_while(|i| i.stage.is_none()) {
        let Instruction::Arg(pairs) = &inst.read else { continue };
        for pair in pairs.iter().filter(|p| !p.key.text.starts_with("BUILDKIT_") && p.key.text != "SOURCE_DATE_EPOCH") {
            let within = pairs.iter().any(|p| p.value.is_some_and(|v| mentions(v.text, pair.key.text)));
            if !within && !used(pair.key.text, inst) {
                out.report(inst, pair.key.span, format!("nothing uses `{}`", pair.key.text))
                    .help("repeat it in the stage that needs it, or take it away");
            }
        }
    }
}

/// The text refers to the variable.
fn mentions(text: &str, name: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.strip_prefix(name).is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}
