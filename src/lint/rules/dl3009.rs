use super::prelude::*;

rule! {
    /// Package lists are fetched and left in the layer.
    ///
    /// They are some tens of megabytes that the container never reads.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.*
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.* && rm -rf /var/lib/apt/lists/*
    /// ```
    "DL3009", "apt-lists-left", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(i, _)| i.onbuild || cx.is_shipped(i.stage)) {
        let update = run.commands.iter().find(|c| c.runs(&["apt-get", "apt", "aptitude"], &["update"]));
        let Some(update) = update else { continue };
        let lists = cached(inst, |t| t == "/var/lib/apt/lists");
        let both = cached(inst, |t| t == "/var/lib/apt") && cached(inst, |t| t == "/var/cache/apt");
        if lists || both || removes(cx, run, &["-rf", "/var/lib/apt/lists/*"], "/var/lib/apt/lists") {
            continue;
        }
        out.report(inst, update.span, "the package lists stay in this layer")
            .help("end the same RUN with `rm -rf /var/lib/apt/lists/*`, or mount caches there");
    }
}
