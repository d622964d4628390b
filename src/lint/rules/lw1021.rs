use super::prelude::*;

rule! {
    /// A shell is needed where there is none.
    ///
    /// `scratch` is empty: RUN and the shell form of CMD and ENTRYPOINT find no `/bin/sh` in it.
    ///
    /// ```dockerfile
    /// FROM scratch
    /// COPY app /app
    /// CMD /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM scratch
    /// COPY app /app
    /// CMD ["/app"]
    /// ```
    "LW1021", "shell-in-scratch", Error, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for stage in cx.stages.iter().filter(|s| s.image == "scratch") {
        // A tree or an archive may bring a shell.
        let mut filled = false;
        for inst in cx.stage_body(stage) {
            let command = match &inst.read {
                Instruction::Copy(copy) | Instruction::Add(copy) => {
                    let root = matches!(unquoted(copy.dest.text), "/" | "." | "./" | "/bin" | "/bin/" | "/bin/sh");
                    let several = copy.sources.iter().any(|s| {
                        let name = unquoted(s.text);
                        name.ends_with('/')
                            || name.contains(['*', '$'])
                            || matches!(name, "." | "..")
                            || is_archive(name)
                            || !name.rsplit('/').next().unwrap_or("").contains('.')
                    });
                    filled |= root && several || copy.sources.iter().any(|s| unquoted(s.text).ends_with("/sh"));
                    continue;
                }
                Instruction::Shell(_) => {
                    filled = true;
                    continue;
                }
                Instruction::Run(run) if run.mounts.is_empty() => &run.command,
                Instruction::Cmd(command) | Instruction::Entrypoint(command) => command,
                _ => continue,
            };
            if command.shell && !filled {
                out.instruction(inst, "there is no shell in `scratch` to run this").help("write a JSON array");
            }
        }
    }
}
