use super::prelude::*;
use crate::shell::{Command, Node, walk};

rule! {
    /// A download is piped into a shell.
    ///
    /// Whatever the server answers that day runs as root, unseen and unchecked; a broken download runs half.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSL https://example.com/install.sh | sh
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/install.sh /tmp/
    /// RUN sh /tmp/install.sh
    /// ```
    "LW1001", "download-piped-to-shell", Warning, Security, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const SHELLS: [&str; 9] = ["sh", "bash", "ash", "dash", "zsh", "ksh", "python", "python3", "perl"];
    for (inst, run) in cx.runs() {
        for body in &run.bodies {
            let source = body.script.source.as_str();
            let called = |c: &Command| {
                let words =
                    c.simple().map(|s| s.words.iter().map(|w| w.rough(source)).collect::<Vec<_>>()).unwrap_or_default();
                let prefix = |w: &&String| {
                    matches!(w.as_str(), "sudo" | "env" | "exec" | "command") || w.starts_with('-') || w.contains('=')
                };
                let name = words.iter().find(|w| !prefix(w)).map_or("", String::as_str);
                name.rsplit('/').next().unwrap_or("").to_owned()
            };
            walk(&body.script, &mut |node, _| {
                let Node::Pipeline(pipeline) = node else { return };
                let loads = pipeline.commands.iter().position(|c| matches!(called(c).as_str(), "curl" | "wget"));
                let Some(later) = loads.and_then(|i| pipeline.commands.get(i + 1..)) else { return };
                if let Some(shell) =
                    later.iter().find(|c| SHELLS.contains(&called(c).as_str()) && !reads_a_program(c, source))
                {
                    let span = body.source_span(shell.span);
                    out.report(inst, span, format!("`{}` runs whatever the server answers", called(shell)))
                        .help("download with `ADD --checksum`, or check the file before it is run");
                }
            });
        }
    }
}

/// `sh file`, `python -c …`: what is piped in is data.
fn reads_a_program(command: &Command, source: &str) -> bool {
    let words =
        command.simple().map(|s| s.words.iter().map(|w| w.rough(source)).collect::<Vec<_>>()).unwrap_or_default();
    let shell = words.iter().position(|w| {
        let base = w.rsplit('/').next().unwrap_or("");
        matches!(base, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "python" | "python3" | "perl")
    });
    let Some(args) = shell.and_then(|i| words.get(i + 1..)) else { return false };
    if args.iter().any(|a| a == "-s" || a == "-") {
        return false;
    }
    args.iter().any(|a| matches!(a.as_str(), "-c" | "-m" | "-e" | "-n" | "-ne" | "-pe"))
        || args.iter().any(|a| !a.starts_with('-'))
}
