use super::prelude::*;

rule! {
    /// Files are made writable for everybody.
    ///
    /// Any program in the container can then change them.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN chmod -R 777 /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN chmod -R 755 /app
    /// ```
    "LW1002", "world-writable", Warning, Security, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let message = "everybody in the container may write here";
    for (inst, c) in cx.commands().filter(|(_, c)| c.is(&["chmod"])) {
        let Some(mode) = c.args.iter().find(|a| !a.text.starts_with('-')) else { continue };
        // A sticky directory such as /tmp is meant to be so.
        if opens(&mode.text) {
            out.report(inst, mode.span, message).help("give the rights to the user that needs them");
        }
    }
    for inst in cx.deep() {
        let (Instruction::Copy(copy) | Instruction::Add(copy)) = &inst.read else { continue };
        if let Some(mode) = copy.chmod.filter(|m| opens(m.text)) {
            out.report(inst, mode.span, message).help("give the rights to the user that needs them");
        }
    }
}

/// Whether a mode lets others write, without the sticky bit.
fn opens(mode: &str) -> bool {
    if let (true, Ok(bits)) = (mode.len() >= 3 && mode.len() <= 5, u32::from_str_radix(mode, 8)) {
        return bits & 0o002 != 0 && bits & 0o1000 == 0;
    }
    mode.split(',').any(|clause| {
        let at = clause.find(['+', '=']).unwrap_or(clause.len());
        let (who, rights) = clause.split_at(at);
        (who.contains('o') || who.contains('a'))
            && who.bytes().all(|b| b"ugoa".contains(&b))
            && rights.contains('w')
            && !rights.contains('t')
    })
}
