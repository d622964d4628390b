use super::prelude::*;
use crate::shell::{Node, walk};

rule! {
    /// A pipe whose failures are lost.
    ///
    /// A pipeline has the status of its last command unless `pipefail` is set.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl https://example.com/a | sort
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// SHELL ["/bin/bash", "-o", "pipefail", "-c"]
    /// RUN curl https://example.com/a | sort
    /// ```
    "DL4006", "pipe-without-pipefail", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut safe = false;
    let mut safe_at_end: Vec<bool> = Vec::new();
    for inst in cx.top() {
        if inst.stage != stage {
            if stage.is_some() {
                safe_at_end.push(safe);
            }
            stage = inst.stage;
            let parent = inst.stage.and_then(|s| cx.stages.get(s)).and_then(|s| s.parent);
            safe = !cx.exact
                && (parent.and_then(|p| safe_at_end.get(p)).copied().unwrap_or(false) || inst.shell.starts_with("cmd"));
        }
        match &inst.read {
            Instruction::Shell(words) => {
                let words: Vec<&str> = words.iter().map(|w| w.text).collect();
                safe = is_safe(&words.join(" "), cx.exact);
            }
            Instruction::Run(_) if !safe => {
                let Some(run) = inst.run(cx.exact) else { continue };
                for body in run.bodies.iter().filter(|b| !cx.exact || b.script.is_read()) {
                    if !cx.exact
                        && (run.exec
                            || sets_pipefail(body)
                            || body.interpreter.as_deref().is_some_and(|i| Dialect::of(i).is_none()))
                    {
                        continue;
                    }
                    let mut pipe = None;
                    walk(&body.script, &mut |node, _| {
                        if let (Node::Pipeline(p), None) = (node, pipe) {
                            pipe = p.pipes.first().copied();
                        }
                    });
                    if let Some(pipe) = pipe {
                        let base = cx.lineage(inst.stage).last().map_or("", |s| s.image);
                        let shell = if crate::lint::bases::is_alpine(base) { "/bin/ash" } else { "/bin/bash" };
                        out.report(inst, body.source_span(pipe), "a failure before the `|` is lost")
                            .help(format!("set `SHELL [\"{shell}\", \"-o\", \"pipefail\", \"-c\"]` before this RUN"));
                        break;
                    }
                }
            }
            _ => {}
        }
    }
}

/// The script itself sets `pipefail`.
fn sets_pipefail(body: &crate::lint::context::Body) -> bool {
    body.script.simple_commands().any(|s| {
        let words: Vec<String> = s.words.iter().map(|w| w.rough(&body.script.source)).collect();
        words.first().is_some_and(|w| w == "set") && words.iter().any(|w| w == "pipefail")
    })
}

fn is_safe(shell: &str, exact: bool) -> bool {
    if ["pwsh", "powershell", "cmd"].iter().any(|s| shell.to_ascii_lowercase().contains(s)) {
        return true;
    }
    let mut words = shell.split_whitespace();
    let first = words.next().unwrap_or("");
    let known = match first.rsplit_once('/') {
        None => matches!(first, "bash" | "zsh" | "ash"),
        Some((dir, name)) => matches!(name, "bash" | "zsh" | "ash") && (dir == "/bin" || !exact),
    };
    let mut previous_sets = false;
    known
        && words.any(|w| {
            let hit = previous_sets && w == "pipefail";
            previous_sets = w.starts_with('-') && w.ends_with('o');
            hit
        })
}
