use super::dl3013::is_pip_install;
use super::prelude::*;

rule! {
    /// `pip install` leaves its cache in the layer.
    ///
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install flask==3.0.3
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask==3.0.3
    /// ```
    "DL3042", "pip-cache-left", Warning, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let is_off = |inst: &Inst<'_>| {
        let in_stage = |stage: Option<usize>| {
            cx.deep().filter(|i| i.stage == stage && i.node.span.start < inst.node.span.start).any(|i| match &i.read {
                Instruction::Env(pairs) => {
                    pairs.iter().any(|p| p.key.text == "PIP_NO_CACHE_DIR" && truthy(p.value.map_or("", |v| v.text)))
                }
                _ => false,
            })
        };
        let mut stage = inst.stage;
        loop {
            if in_stage(stage) {
                return true;
            }
            match stage.and_then(|s| cx.stages.get(s)).and_then(|s| s.parent) {
                Some(parent) => stage = Some(parent),
                None => return false,
            }
        }
    };
    for (inst, run) in cx.runs() {
        let keeps = |c: &&Cmd| is_pip_install(c) && !c.is(&["pipx"]) && !c.has_flag(&["no-cache-dir"]);
        let Some(install) = run.commands.iter().find(keeps) else { continue };
        let set = run.commands.iter().any(|c| {
            c.env.iter().any(|(k, v)| k == "PIP_NO_CACHE_DIR" && truthy(v))
                || (c.is(&["export"])
                    && c.args.iter().any(|a| a.text.strip_prefix("PIP_NO_CACHE_DIR=").is_some_and(truthy)))
        });
        let directory = install.env.iter().find(|(k, _)| k == "PIP_CACHE_DIR").map(|(_, v)| v.as_str());
        let mounted = cached(inst, |t| {
            t.ends_with(".cache/pip")
                || t.ends_with("/.cache")
                || (!cx.exact && directory.is_some_and(|d| d.trim_end_matches('/') == t))
        });
        if set || mounted || is_off(inst) {
            continue;
        }
        let raw = out
            .report(inst, install.span, "pip's cache stays in this layer")
            .help("add `--no-cache-dir`, or mount a cache there");
        if let Some(arg) = install.args.iter().find(|a| a.text == "install") {
            let at = Span { start: arg.span.end, end: arg.span.end };
            raw.fix(Fix::suggested("Add --no-cache-dir", at, " --no-cache-dir"));
        }
    }
}

fn truthy(value: &str) -> bool {
    matches!(unquoted(value).to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}
