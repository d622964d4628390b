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
    let set_from = set_from(cx);
    let is_off = |inst: &Inst<'_>| {
        let from = set_from.get(inst.stage.map_or(0, |s| s + 1)).copied().flatten();
        from.is_some_and(|at| at < inst.node.span.start)
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

/// Where each stage begins to have the variable that turns the cache off, 0 where it inherits it. The first place is that
/// of what stands before all stages.
fn set_from(cx: &Context<'_>) -> Vec<Option<u32>> {
    let mut from = vec![None; cx.stages.len() + 1];
    for inst in cx.deep() {
        let slot = inst.stage.map_or(0, |s| s + 1);
        let value = match &inst.read {
            Instruction::From(_) if !inst.onbuild => {
                let parent = inst.stage.and_then(|s| cx.stages.get(s)?.parent);
                parent.and_then(|p| *from.get(p + 1)?).map(|_| 0)
            }
            Instruction::Env(pairs) => pairs
                .iter()
                .any(|p| p.key.text == "PIP_NO_CACHE_DIR" && truthy(p.value.map_or("", |v| v.text)))
                .then_some(inst.node.span.start),
            _ => None,
        };
        if let Some(place) = from.get_mut(slot) {
            *place = place.or(value);
        }
    }
    from
}

fn truthy(value: &str) -> bool {
    matches!(unquoted(value).to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}
