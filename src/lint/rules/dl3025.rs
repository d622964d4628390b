use super::prelude::*;

rule! {
    /// `CMD`, `ENTRYPOINT` or `HEALTHCHECK CMD` in shell form.
    ///
    /// A shell then stands between the container and the program, and keeps signals from it.
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
    "DL3025", "shell-form-command", Warning, ErrorProne, [HADOLINT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let command = match &inst.read {
            Instruction::Cmd(c) | Instruction::Entrypoint(c) => c,
            Instruction::Healthcheck(h) if h.kind.starts_with("CMD") => &h.command,
            _ => continue,
        };
        let text = inst.node.rest();
        // hadolint takes any brackets for an array, also where the escapes in it are not JSON.
        let bracketed =
            cx.exact && text.ends_with(']') && text.strip_prefix('[').is_some_and(|t| t.trim_start().starts_with('"'));
        if command.shell && !bracketed {
            let span = inst.node.source_span(inst.node.rest.clone());
            out.report(inst, span, "the shell form puts a shell before the program").help("write a JSON array");
        }
    }
}
