use super::prelude::*;

rule! {
    /// PATH is set without what was in it.
    ///
    /// The shell then finds no programs but those in the new folders.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV PATH=/opt/app/bin
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV PATH=/opt/app/bin:$PATH
    /// ```
    "LW1026", "path-replaced", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep() {
        let Instruction::Env(pairs) = &inst.read else { continue };
        for pair in pairs.iter().filter(|p| p.key.text == "PATH") {
            let Some(value) = pair.value else { continue };
            let text = unquoted(value.text);
            let keeps =
                text.contains(['$', ';', '\\', '%']) || text.split(':').any(|p| matches!(p, "/bin" | "/usr/bin"));
            if !keeps {
                out.report(inst, value.span, "the folders that were in PATH are gone").help("end it in `:$PATH`");
            }
        }
    }
}
