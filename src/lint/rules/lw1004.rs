use std::collections::BTreeMap;

use super::prelude::*;

rule! {
    /// Files that an earlier instruction brought are removed.
    ///
    /// They stay in the layer that brought them: the image gets no smaller, and a secret stays readable.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY setup.tar /tmp/setup.tar
    /// RUN tar xf /tmp/setup.tar -C / && rm /tmp/setup.tar
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=bind,source=setup.tar,target=/tmp/setup.tar tar xf /tmp/setup.tar -C /
    /// ```
    "LW1004", "removed-in-later-layer", Warning, Size, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut brought: BTreeMap<String, &'static str> = BTreeMap::new();
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            brought.clear();
        }
        match &inst.read {
            Instruction::Copy(copy) | Instruction::Add(copy) => {
                let keyword = inst.kind().name();
                let dest = unquoted(copy.dest.text);
                let directory = dest.ends_with('/') || copy.sources.len() > 1;
                if !dest.starts_with('/') || dest.contains('$') {
                    continue;
                }
                for source in &copy.sources {
                    let name = unquoted(source.text).trim_end_matches('/').rsplit('/').next().unwrap_or("");
                    let unpacked = keyword == "ADD" && is_archive(name);
                    if unpacked || name.contains(['*', '?', '[', '$']) || matches!(name, "" | "." | "..") {
                        continue;
                    }
                    let path =
                        if directory { format!("{}/{name}", dest.trim_end_matches('/')) } else { dest.to_owned() };
                    brought.entry(path).or_insert(keyword);
                }
            }
            Instruction::Run(_) => {
                let Some(run) = inst.run(cx.exact) else { continue };
                for c in run.commands.iter().filter(|c| c.is(&["rm"])) {
                    for arg in c.operands(&[]) {
                        let path = arg.text.trim_end_matches('*').trim_end_matches('/');
                        let inside = || {
                            let below = format!("{path}/");
                            let (first, keyword) = brought.range(below.clone()..).next().filter(|_| path.len() > 1)?;
                            first.starts_with(&below).then_some(keyword)
                        };
                        if let Some(keyword) = brought.get(path).or_else(inside) {
                            out.report(inst, arg.span, format!("the layer of an earlier {keyword} keeps this"))
                                .help("mount it with `RUN --mount=type=bind`, or copy it in another stage");
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
