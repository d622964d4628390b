use super::prelude::*;

rule! {
    /// COPY --from or a mount takes files from an image without a version.
    ///
    /// `latest`, or no tag at all, is another image tomorrow.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY --from=busybox /bin/sh /bin/sh
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY --from=busybox:1.37 /bin/sh /bin/sh
    /// ```
    "LW1025", "copy-from-unpinned-image", Warning, Reproducibility, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep() {
        let from: Vec<(String, Span)> = match &inst.read {
            Instruction::Copy(copy) => copy.from.iter().map(|f| (f.text.to_owned(), f.span)).collect(),
            Instruction::Run(run) => {
                let names = mounts(run).into_iter().zip(&run.mounts);
                names.filter_map(|(m, text)| Some((m.from?, text.span))).collect()
            }
            _ => continue,
        };
        for (name, span) in from {
            let stage = cx.stage_named(&name).is_some() || name.parse::<usize>().is_ok();
            let parts = image(&name);
            let unpinned = parts.digest.is_none() && matches!(parts.tag, None | Some("latest"));
            // A bare name may be a context that the build is given.
            let likely = name.contains('/') || parts.tag.is_some() || crate::lint::bases::known(&name).is_some();
            if !stage && unpinned && likely && !name.contains('$') && name != "scratch" {
                out.report(inst, span, format!("`{name}` is whatever it is when this is built"))
                    .help("name a version or a digest");
            }
        }
    }
}
