use super::prelude::*;

rule! {
    /// The comment above an `ARG` or a named `FROM` does not begin with its name.
    ///
    /// Tools show such comments as the description of the argument or stage. Off unless asked for, as in BuildKit
    /// (`# check=experimental=InvalidDefinitionDescription`).
    ///
    /// ```dockerfile
    /// # the version
    /// ARG VERSION=12
    /// FROM debian:$VERSION
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// # VERSION of Debian
    /// ARG VERSION=12
    /// FROM debian:$VERSION
    /// ```
    "InvalidDefinitionDescription", "misnamed-description", Warning, Style, [OPT_IN], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let names: Vec<&str> = match &inst.read {
            Instruction::Arg(pairs) => pairs.iter().map(|p| p.key.text).collect(),
            Instruction::From(from) => from.name.map(|n| n.text).into_iter().collect(),
            _ => continue,
        };
        let range = inst.node.comments.start as usize..inst.node.comments.end as usize;
        let Some(last) = cx.file.comments.get(range).and_then(|c| c.last()) else { continue };
        if names.is_empty() || last.text.is_empty() {
            continue;
        }
        let first = last.text.split_whitespace().next().unwrap_or("");
        let matches = |n: &&str| {
            if inst.kind() == Keyword::From { n.to_lowercase() == first } else { **n == *first }
        };
        if !names.iter().any(matches) {
            out.report(inst, last.span, format!("the comment should begin with `{}`", names[0]));
        }
    }
}
