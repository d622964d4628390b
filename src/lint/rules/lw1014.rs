use super::prelude::*;

rule! {
    /// Files that were copied get another owner or mode in a layer of its own.
    ///
    /// The later layer holds each of them a second time. `COPY --chown` and `COPY --chmod` need one layer.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app /app
    /// RUN chown -R app:app /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY --chown=app:app app /app
    /// ```
    "LW1014", "ownership-in-own-layer", Info, Size, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut copied: Vec<&str> = Vec::new();
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            copied.clear();
        }
        match &inst.read {
            Instruction::Copy(copy) | Instruction::Add(copy) => {
                let dest = unquoted(copy.dest.text).trim_end_matches('/');
                if dest.starts_with('/') && !copied.contains(&dest) {
                    copied.push(dest);
                }
            }
            Instruction::Run(_) => {
                let Some(run) = inst.run(cx.exact) else { continue };
                for c in run.commands.iter().filter(|c| c.is(&["chown", "chmod"]) && c.has_flag(&["R", "recursive"])) {
                    let hit = c.operands(&[]).skip(1).find(|a| {
                        let path = a.text.trim_end_matches('*').trim_end_matches('/');
                        !path.is_empty() && copied.contains(&path)
                    });
                    if let Some(arg) = hit {
                        out.report(inst, arg.span, "this layer holds the copied files a second time")
                            .help(format!("write `COPY --{}=…` where they are copied", &c.name));
                    }
                }
            }
            _ => {}
        }
    }
}
