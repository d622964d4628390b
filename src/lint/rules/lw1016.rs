use super::prelude::*;

rule! {
    /// Package lists are fetched in one RUN and used in another.
    ///
    /// The first layer comes from the cache for weeks, and the packages of its old lists are gone from the server by then.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update
    /// RUN apt-get install -y --no-install-recommends curl=8.0
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl=8.0
    /// ```
    "LW1016", "update-in-own-layer", Warning, Cache, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const MANAGERS: [&str; 4] = ["apt-get", "apt", "aptitude", "apk"];
    let mut stage = None;
    let mut alone: Option<(&Inst<'_>, &Cmd)> = None;
    for (inst, run) in cx.runs().filter(|(i, _)| !i.onbuild) {
        if inst.stage != stage {
            stage = inst.stage;
            alone = None;
        }
        let update = run.commands.iter().find(|c| c.runs(&MANAGERS, &["update"]));
        let install = run.commands.iter().any(|c| c.runs(&MANAGERS, &["install", "add"]));
        match (update, install) {
            (Some(c), false) => alone = Some((inst, c)),
            (None, true) => {
                if let Some((at, c)) = alone.take() {
                    out.report(at, c.span, "these lists are used in another RUN, and grow old in the cache")
                        .help("update and install in one RUN");
                }
            }
            (Some(_), true) => alone = None,
            (None, false) => {}
        }
    }
}
