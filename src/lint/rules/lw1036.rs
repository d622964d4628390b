use super::prelude::*;

rule! {
    /// A cache is removed in another layer than the one that filled it.
    ///
    /// The earlier layer keeps its bytes.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl=8.0
    /// RUN rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl=8.0 && rm -rf /var/lib/apt/lists/*
    /// ```
    "LW1036", "late-cleanup", Warning, Size, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    /// Where the cache is, and the programs that fill and clean it.
    const CACHES: [(&str, &[&str]); 5] = [
        ("/var/lib/apt/lists", &["apt-get", "apt", "aptitude"]),
        ("/var/cache/apk", &["apk"]),
        ("/var/cache/yum", &["yum"]),
        ("/var/cache/dnf", &["dnf", "microdnf"]),
        ("/root/.cache/pip", &["pip", "pip3"]),
    ];
    let mut stage = None;
    let mut filled: Vec<&str> = Vec::new();
    for (inst, run) in cx.runs().filter(|(i, r)| !i.onbuild && !r.exec) {
        if inst.stage != stage {
            stage = inst.stage;
            filled.clear();
        }
        for (path, programs) in CACHES {
            let fills = run.commands.iter().any(|c| c.runs(programs, &["update", "install", "add"]));
            let clean = run.commands.iter().find(|c| {
                let removed = c.is(&["rm"]) && c.operands(&[]).any(|a| a.text.starts_with(path));
                removed || c.runs(programs, &["clean"])
            });
            if let (Some(c), false, true) = (clean, fills, filled.contains(&path)) {
                out.report(inst, c.span, "an earlier layer keeps what this removes")
                    .help("clean up in the RUN that installs");
            }
            // A cache mount is no layer.
            if fills && clean.is_none() && !cached(inst, |t| path.starts_with(t)) {
                filled.push(path);
            }
        }
    }
}
