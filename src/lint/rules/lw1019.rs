use super::prelude::*;
use crate::shell::{Node, PartKind, walk};

rule! {
    /// A RUN uses an ARG that is only declared before the first FROM.
    ///
    /// Such an ARG is known in FROM lines alone. In a stage it is empty until `ARG NAME` is repeated there.
    ///
    /// ```dockerfile
    /// ARG VERSION=1.2
    /// FROM debian:12
    /// RUN make VERSION="$VERSION"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// ARG VERSION=1.2
    /// FROM debian:12
    /// ARG VERSION
    /// RUN make VERSION="$VERSION"
    /// ```
    "LW1019", "global-arg-in-stage", Warning, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let globals = &cx.scopes().global_names;
    if globals.is_empty() {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    for (inst, run) in cx.runs().filter(|(i, r)| !r.exec && !i.onbuild && i.stage.is_some()) {
        for body in &run.bodies {
            let set: std::collections::HashSet<&str> =
                body.script.simple_commands().flat_map(|s| &s.assignments).map(|a| a.name.as_str()).collect();
            walk(&body.script, &mut |node, _| {
                let Node::Part(part, _) = node else { return };
                let PartKind::Parameter(p) = &part.kind else { return };
                let name = p.name.as_str();
                let guarded = matches!(p.operator.trim_start_matches(':'), "-" | "+" | "=");
                if guarded || !globals.contains(name) || set.contains(name) {
                    return;
                }
                let declared = cx.lineage(inst.stage).any(|s| {
                    cx.stage_body(s).filter(|i| i.node.span.start < inst.node.span.start).any(|i| {
                        matches!(&i.read, Instruction::Arg(pairs) | Instruction::Env(pairs)
                            if pairs.iter().any(|p| p.key.text == name))
                    })
                });
                // An image that is chosen by the variable may well set it.
                let base = cx.lineage(inst.stage).last().map_or("", |s| s.image);
                let brought = match crate::lint::bases::known(base) {
                    Some(known) => known.variables().any(|(n, _)| n == name),
                    None => base.contains(name),
                };
                if !declared && !brought && seen.insert((inst.stage, name.to_owned())) {
                    let at = inst.outer.span.start;
                    let span = Span { start: at, end: at };
                    out.report(inst, body.source_span(part.span), format!("`{name}` is empty here"))
                        .help(format!("repeat `ARG {name}` in this stage"))
                        .fix(Fix::suggested(format!("Add ARG {name}"), span, format!("ARG {name}\n")));
                }
            });
        }
    }
}
