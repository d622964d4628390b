use super::prelude::*;

rule! {
    /// A line of a RUN is an argument of the command before it.
    ///
    /// The `&&` between the two is missing.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update \
    ///     apt-get install -y --no-install-recommends curl=8.0
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update \
    ///     && apt-get install -y --no-install-recommends curl=8.0
    /// ```
    "LW1028", "lost-operator", Error, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    /// A program and what must follow for it to be one.
    const STARTS: [(&str, &[&str]); 13] = [
        ("apt-get", &["install", "update", "clean", "autoremove", "-y", "upgrade"]),
        ("apt", &["install", "update", "clean"]),
        ("apk", &["add", "update", "del"]),
        ("yum", &["install", "clean", "update", "-y"]),
        ("dnf", &["install", "clean", "update", "-y"]),
        ("pip", &["install"]),
        ("pip3", &["install"]),
        ("npm", &["install", "ci", "run", "cache"]),
        ("rm", &["-rf", "-f", "-r", "-fr"]),
        ("mkdir", &["-p"]),
        ("chmod", &["+x", "-R", "755"]),
        ("chown", &["-R"]),
        ("git", &["clone", "checkout"]),
    ];
    /// Programs whose arguments are commands.
    const RUNNERS: [&str; 22] = [
        "sudo",
        "env",
        "time",
        "exec",
        "command",
        "xargs",
        "find",
        "echo",
        "printf",
        "su",
        "gosu",
        "runuser",
        "nice",
        "timeout",
        "bash",
        "sh",
        "eatmydata",
        "retry",
        "apt-install",
        "trap",
        "chroot",
        "if",
    ];
    for (inst, run) in cx.runs().filter(|(i, r)| !r.exec && i.node.heredocs.is_empty()) {
        for c in run.commands.iter().filter(|c| !c.is(&RUNNERS)) {
            let hit = c.args.windows(2).find(|pair| {
                let [word, next] = pair else { return false };
                STARTS.iter().any(|(name, then)| word.text == *name && then.contains(&next.text.as_str()))
                    && starts_line(cx.source, word.span.start)
            });
            if let Some([word, _]) = hit {
                let at = Span { start: word.span.start, end: word.span.start };
                out.report(inst, word.span, format!("`{}` is an argument of `{}` here", word.text, c.name))
                    .help("put `&&` before it")
                    .fix(Fix::suggested("Add &&", at, "&& "));
            }
        }
    }
}

/// Only white space stands before it on its line.
fn starts_line(source: &[u8], at: u32) -> bool {
    let before = source.get(..at as usize).unwrap_or(&[]);
    before.iter().rev().find(|b| !matches!(b, b' ' | b'\t')) == Some(&b'\n')
}
