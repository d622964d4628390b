use super::prelude::*;

rule! {
    /// A port above 65535.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80000
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 8000
    /// ```
    "DL3011", "port-out-of-range", Error, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Expose(ports) = &inst.read else { continue };
        let beyond = |t: &Text<'_>| {
            let number = unquoted(t.text).split('/').next().unwrap_or("");
            number.split('-').any(|n| n.parse::<u64>().is_ok_and(|n| n > 65_535))
        };
        if let Some(port) = ports.iter().find(|p| beyond(p)) {
            out.report(inst, port.span, format!("`{}`: ports end at 65535", port.text));
        }
    }
}
