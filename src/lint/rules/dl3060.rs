use super::prelude::*;

rule! {
    /// `yarn install` leaves its cache in the layer.
    ///
    /// ```dockerfile
    /// FROM node:22
    /// RUN yarn install
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM node:22
    /// RUN yarn install && yarn cache clean
    /// ```
    "DL3060", "yarn-cache-left", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, run) in cx.runs().filter(|(i, _)| i.onbuild || cx.is_shipped(i.stage)) {
        let at = run.commands.iter().position(|c| c.runs(&["yarn"], &["install"]));
        let Some((install, later)) = at.and_then(|at| run.commands.get(at..)?.split_first()) else { continue };
        let cleans = later.iter().any(|c| {
            let both = c.has_arg(&["cache"]) && c.has_arg(&["clean"]);
            c.is(&["yarn"]) && (both || (cx.exact && c.has_arg(&["cache", "clean"])))
        });
        if cleans || cached(inst, |t| t.contains(".cache/yarn") || (!cx.exact && t.contains("yarn"))) {
            continue;
        }
        out.report(inst, install.span, "yarn's cache stays in this layer")
            .help("end the same RUN with `yarn cache clean`, or mount a cache");
    }
}
