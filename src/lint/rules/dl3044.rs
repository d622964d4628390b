use super::prelude::*;

rule! {
    /// `ENV` refers to a variable that the same line sets.
    ///
    /// All values of a line are expanded before any of them is set.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV A=1 B=$A
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV A=1
    /// ENV B=$A
    /// ```
    "DL3044", "env-refers-to-itself", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut known: std::collections::HashSet<&str> = std::collections::HashSet::new();
    for inst in cx.top() {
        match &inst.read {
            Instruction::Env(pairs) => {
                // A value may refer to what its own name held before.
                let refers_to_sibling = |value: &str, own: &str| {
                    pairs.iter().any(|p| p.key.text != own && !known.contains(p.key.text) && refers(value, p.key.text))
                };
                let hit = pairs.iter().find(|p| p.value.is_some_and(|v| refers_to_sibling(v.text, p.key.text)));
                if let Some(value) = hit.and_then(|p| p.value) {
                    out.report(inst, value.span, "the variable is not set yet where this line is expanded")
                        .help("use two ENV instructions");
                }
                known.extend(pairs.iter().map(|p| p.key.text));
            }
            Instruction::Arg(pairs) => known.extend(pairs.iter().map(|p| p.key.text)),
            _ => {}
        }
    }
}

/// `$name` or `${name}` in a text.
fn refers(text: &str, name: &str) -> bool {
    text.match_indices('$').any(|(i, _)| {
        let rest = &text[i + 1..];
        if let Some(rest) = rest.strip_prefix('{') {
            return rest.strip_prefix(name).is_some_and(|r| r.starts_with('}'));
        }
        rest.strip_prefix(name).is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}
