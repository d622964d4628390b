use super::prelude::*;

rule! {
    /// CMD is never used: the ENTRYPOINT of the stage has the shell form.
    ///
    /// `/bin/sh -c` takes the ENTRYPOINT's text and drops what CMD or `docker run` adds.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT app --serve
    /// CMD ["--verbose"]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["app", "--serve"]
    /// CMD ["--verbose"]
    /// ```
    "LW1022", "command-ignored", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for stage in &cx.stages {
        let mut body = cx.stage_body(stage).filter(|i| matches!(i.kind(), Keyword::Cmd | Keyword::Entrypoint));
        let last = |kind: Keyword| cx.stage_body(stage).filter(|i| i.kind() == kind).last();
        if body.next().is_none() {
            continue;
        }
        let (Some(entrypoint), Some(cmd)) = (last(Keyword::Entrypoint), last(Keyword::Cmd)) else { continue };
        let Instruction::Entrypoint(command) = &entrypoint.read else { continue };
        let text = command.args.first().map_or("", |a| a.text);
        if command.shell && !text.contains("$@") && !text.contains("$*") && !text.is_empty() {
            out.instruction(cmd, "the shell form of ENTRYPOINT ignores CMD").help("write ENTRYPOINT as a JSON array");
        }
    }
}
