use super::prelude::*;

rule! {
    /// An image from a registry that is not trusted.
    ///
    /// Which ones are is said by `trustedRegistries` in the configuration.
    ///
    /// ```yaml
    /// trustedRegistries: [example.com]
    /// ```
    ///
    /// ```dockerfile
    /// FROM other.example/debian:12
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM example.com/debian:12
    /// ```
    "DL3026", "untrusted-registry", Error, Security, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    if cx.config.trusted_registries.is_empty() {
        return;
    }
    let trusted = |name: &str| {
        let registry = image(name).registry.unwrap_or("docker.io");
        let same_hub =
            |r: &str| registry == "docker.io" && matches!(r, "docker.io" | "hub.docker.com" | "index.docker.io");
        cx.config.trusted_registries.iter().any(|allowed| {
            let inner = allowed.trim_matches('*');
            match (allowed.starts_with('*'), allowed.ends_with('*')) {
                _ if allowed == "*" => true,
                (true, true) => registry.contains(inner),
                (true, false) => registry.ends_with(inner),
                (false, true) => registry.starts_with(inner),
                (false, false) => registry == allowed || same_hub(allowed),
            }
        })
    };
    let message = |name: &str| format!("`{name}` is not from a trusted registry");
    for inst in cx.top() {
        let count = inst.stage.map_or(0, |s| s + 1);
        let is_stage =
            |name: &str| name == "scratch" || name.parse::<usize>().is_ok() || cx.is_stage_before(name, count);
        match &inst.read {
            Instruction::From(from) if !is_stage(from.image.text) && !trusted(from.image.text) => {
                out.report(inst, from.image.span, message(from.image.text));
            }
            Instruction::Copy(copy) => {
                if let Some(from) = copy.from.filter(|f| !is_stage(f.text) && !trusted(f.text)) {
                    out.report(inst, from.span, message(from.text));
                }
            }
            Instruction::Run(run) => {
                for (mount, text) in mounts(run).iter().zip(&run.mounts) {
                    if let Some(from) = mount.from.as_deref().filter(|f| !is_stage(f) && !trusted(f)) {
                        out.report(inst, text.span, message(from));
                    }
                }
            }
            _ => {}
        }
    }
}
