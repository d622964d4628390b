use std::collections::HashSet;

use super::prelude::*;

rule! {
    /// `USER` by name rather than by number.
    ///
    /// An orchestrator that forbids root can only check a number.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER 1000
    /// ```
    "DL3066", "user-by-name", Info, Security, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut arguments: HashSet<&str> = HashSet::new();
    let mut last: Option<(&Inst<'_>, Text<'_>)> = None;
    for inst in cx.top() {
        match &inst.read {
            Instruction::Arg(pairs) => arguments.extend(pairs.iter().map(|p| p.key.text)),
            Instruction::From(_) => last = None,
            Instruction::User(user) => {
                let name = user.text.split(':').next().unwrap_or("");
                let numeric = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
                let variable = user.text.match_indices('$').any(|(i, _)| {
                    let rest = &user.text[i + 1..];
                    match rest.strip_prefix('{') {
                        _ if !cx.exact => true,
                        Some(rest) => rest.split_once('}').is_some_and(|(name, _)| arguments.contains(name)),
                        None => (0..=rest.len()).any(|n| rest.get(..n).is_some_and(|name| arguments.contains(name))),
                    }
                });
                last = None;
                // Everyone knows root's number, and Windows has none.
                let numberless = name == "root" || name.starts_with("Container");
                if !numeric && !variable && (cx.exact || !numberless) {
                    if cx.exact {
                        done(out.report(inst, user.span, "the user is not a number"));
                    }
                    last = Some((inst, *user));
                }
            }
            _ => {}
        }
    }
    // Only the user that the image starts with matters to who runs it.
    if let (false, Some((inst, user))) = (cx.exact, last) {
        out.report(inst, user.span, "the user is not a number").help("write the numeric user id");
    }
}
