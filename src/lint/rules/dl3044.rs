use std::collections::{HashMap, HashSet};

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
    let mut known: HashSet<&str> = HashSet::new();
    for inst in cx.top() {
        match &inst.read {
            Instruction::Env(pairs) => {
                let new: HashSet<&str> = pairs.iter().map(|p| p.key.text).filter(|n| !known.contains(n)).collect();
                let mut count: HashMap<&str, usize> = HashMap::new();
                pairs.iter().for_each(|p| *count.entry(p.key.text).or_default() += 1);
                // A value may refer to what its own name held before.
                let refers_to_sibling = |value: &str, own: &str| {
                    let alone = |name: &str| name == own && count.get(name).is_none_or(|n| *n < 2);
                    references(value).any(|name| !alone(name) && new.contains(name))
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

/// The names in `$name` and `${name}` of a text.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').map(|(i, _)| {
        let rest = &text[i + 1..];
        let word = |t: &str| t.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        match rest.strip_prefix('{') {
            Some(rest) => {
                let end = rest.find(['}', '$']).unwrap_or(0);
                if rest[end..].starts_with('}') { &rest[..end] } else { "" }
            }
            None => &rest[..word(rest)],
        }
    })
}
