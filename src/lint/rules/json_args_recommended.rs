use super::prelude::*;

rule! {
    /// `CMD` or `ENTRYPOINT` in shell form.
    ///
    /// A shell then stands between the container and the program, and keeps signals from it. With `SHELL` the choice
    /// is taken for meant.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD nginx -g "daemon off;"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    "JSONArgsRecommended", "shell-form-entry", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut has_shell = vec![false; cx.stages.len()];
    for inst in cx.top() {
        let Some(stage) = inst.stage else { continue };
        match &inst.read {
            Instruction::From(_) => {
                has_shell[stage] = match cx.scopes().parents.get(stage).copied().flatten() {
                    Some(parent) => has_shell[parent],
                    None => cx.scopes().froms.get(stage).is_some_and(|f| f.base_has_shell),
                };
            }
            Instruction::Shell(_) => has_shell[stage] = true,
            Instruction::Cmd(command) | Instruction::Entrypoint(command) if command.shell && !has_shell[stage] => {
                let span = inst.node.source_span(inst.node.rest.clone());
                let raw = out.report(
                    inst,
                    span,
                    format!("{} in shell form keeps signals from the program", inst.kind().name()),
                );
                raw.help("write a JSON array");
                // Only plain words mean the same without a shell.
                let words: Vec<&str> = inst.node.rest().split_whitespace().collect();
                let plain = |w: &&str| w.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:,@+%".contains(&b));
                let builtin = words.first().is_some_and(|w| ["exec", "cd", "set", "export", "source", "."].contains(w));
                if !words.is_empty() && words.iter().all(plain) && !builtin {
                    let array = words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", ");
                    raw.fix(Fix::suggested("Write a JSON array", span, format!("[{array}]")));
                }
            }
            _ => {}
        }
    }
}
