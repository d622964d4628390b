use super::prelude::*;

rule! {
    /// Files are copied for a user and belong to root.
    ///
    /// COPY and ADD make files of root, whatever USER says.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER app
    /// COPY app /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// USER app
    /// COPY --chown=app app /app
    /// ```
    "LW1029", "copied-by-root", Info, Security, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut user = "";
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            user = "";
        }
        match &inst.read {
            Instruction::User(name) => user = name.text.split(':').next().unwrap_or(""),
            Instruction::Copy(copy) | Instruction::Add(copy)
                if copy.chown.is_none() && !matches!(user, "" | "root" | "0") && copy.chmod.is_none() =>
            {
                let at = inst.node.keyword.span.end;
                out.instruction(inst, format!("these files belong to root, and `{user}` cannot change them"))
                    .help("add `--chown`, or leave it so on purpose")
                    .fix(Fix::suggested("Add --chown", Span { start: at, end: at }, format!(" --chown={user}")));
            }
            _ => {}
        }
    }
}
