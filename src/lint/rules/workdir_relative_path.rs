use super::prelude::*;

rule! {
    /// The first `WORKDIR` of a stage is relative.
    ///
    /// Where it leads is decided by the base image.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /app
    /// ```
    "WorkdirRelativePath", "workdir-relative-path", Warning, ErrorProne, [BUILDKIT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut set = vec![false; cx.stages.len()];
    let windows = cx.scopes().target.os == "windows";
    for (index, inst) in cx.instructions.iter().enumerate().filter(|(_, i)| !i.onbuild) {
        let Some(stage) = inst.stage else { continue };
        match &inst.read {
            Instruction::From(_) => {
                set[stage] = cx.scopes().parents.get(stage).copied().flatten().is_some_and(|p| set[p])
            }
            Instruction::Workdir(text) => {
                let value = cx.scopes().expanded.get(&index).and_then(|v| v.first());
                let absolute = |path: &str| {
                    let b = path.as_bytes();
                    let drive =
                        b.len() > 2 && b[0].is_ascii_alphabetic() && b[1] == b':' && matches!(b[2], b'/' | b'\\');
                    path.starts_with('/') || (windows && (drive || path.starts_with('\\')))
                };
                if let (false, Some((path, _))) = (set[stage], value)
                    && !absolute(path)
                {
                    out.report(inst, text.span, format!("`{path}` is relative to the base image's directory"));
                }
                set[stage] = true;
            }
            _ => {}
        }
    }
}
