use super::prelude::*;

rule! {
    /// Two `RUN` instructions in a row that could be one.
    ///
    /// Each makes a layer; what the second removes stays in the first.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd app
    /// RUN mkdir /data
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd app && mkdir /data
    /// ```
    "DL3059", "consecutive-runs", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut last: Option<(&Inst<'_>, usize)> = None;
    for inst in cx.top() {
        let Some(run) = inst.run(cx.exact) else {
            last = None;
            continue;
        };
        let count = run.commands.len();
        if let Some((before, commands)) = last {
            let flags = |i: &Inst<'_>| {
                let mut flags: Vec<_> = i.node.flags.iter().map(|f| f.text.to_string()).collect();
                crate::order::sort(&mut flags);
                flags
            };
            let chain = |i: &Inst<'_>| {
                let run = i.run(cx.exact);
                run.map(|r| r.commands.iter().map(|c| c.name.clone()).collect::<Vec<_>>()).unwrap_or_default()
            };
            // The same programs in the same order: one chain with more arguments would do.
            let repeated = !cx.exact && count > 2 && chain(before) == chain(inst);
            if (commands <= 1 && count <= 1 || repeated) && flags(before) == flags(inst) {
                out.instruction(inst, "this RUN and the one before it could be one").help("join them with `&&`");
            }
        }
        last = Some((inst, count));
    }
}
