use super::prelude::*;
use crate::lint::hadolint_parser::is_string_list;

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
        // hadolint takes a list of strings for an array, also where the escapes in them are not JSON, and after flags
        // that only HEALTHCHECK has, nothing else.
        let shell = match &inst.read {
            _ if !cx.exact => command.shell,
            Instruction::Healthcheck(h) => !is_list(cx, text.get(h.kind_word.text.len()..).unwrap_or("").trim_start()),
            _ => !inst.node.flags.is_empty() || !is_list(cx, text),
        };
        if shell {
            let span = inst.node.source_span(inst.node.rest.clone());
            out.report(inst, span, "the shell form puts a shell before the program").help("write a JSON array");
        }
    }
}

fn is_list(cx: &Context<'_>, text: &str) -> bool {
    is_string_list(text.as_bytes(), cx.file.escape.byte())
}
