use std::collections::HashMap;

use super::prelude::*;

rule! {
    /// `COPY` to a relative path in a stage without `WORKDIR`.
    ///
    /// Where it goes is decided by the base image.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /src
    /// COPY app app
    /// ```
    "DL3045", "relative-copy-without-workdir", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut has = vec![false; cx.stages.len() + 1];
    // hadolint takes stages on the same image for one.
    let mut last_of: HashMap<&str, usize> = HashMap::new();
    for inst in cx.top() {
        let slot = inst.stage.map_or(0, |s| s + 1);
        match &inst.read {
            Instruction::From(_) => {
                let stage = inst.stage.and_then(|s| cx.stages.get(s));
                let parent = match stage {
                    Some(stage) if cx.exact => {
                        let parent = last_of.get(stage.image).copied();
                        last_of.insert(stage.name.unwrap_or(stage.image), slot);
                        parent
                    }
                    _ => stage.and_then(|s| s.parent).map(|p| p + 1),
                };
                has[slot] = parent.and_then(|p| has.get(p).copied()).unwrap_or(false);
            }
            Instruction::Workdir(_) => has[slot] = true,
            Instruction::Copy(copy) => {
                let dest = copy.dest.text.trim_matches(['"', '\'']);
                if !has[slot] && !is_absolute(dest) && (cx.exact || !dest.is_empty()) {
                    out.report(inst, copy.dest.span, "no WORKDIR says where this relative path starts");
                }
            }
            _ => {}
        }
    }
}
