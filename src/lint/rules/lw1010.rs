use super::prelude::*;

rule! {
    /// The same variable is set twice in one instruction.
    ///
    /// Only the last value counts.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV A=1 B=2 A=3
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV A=3 B=2
    /// ```
    "LW1010", "repeated-key", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep() {
        let (Instruction::Env(pairs) | Instruction::Label(pairs)) = &inst.read else { continue };
        let mut later = std::collections::HashSet::new();
        for pair in pairs.iter().rev() {
            if !later.insert(pair.key.text) {
                out.report(inst, pair.key.span, format!("`{}` is set again in this instruction", pair.key.text));
            }
        }
    }
}
