use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// Something that looks like an expansion in single quotes.
    ///
    /// Nothing expands there.
    ///
    /// ```sh
    /// echo 'home: $HOME'
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// echo "home: $HOME"
    /// ```
    "SC2016", "expansion-in-single-quotes", Info, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, _) = node else { return };
    if !matches!(part.kind, PartKind::SingleQuoted) {
        return;
    }
    let text = cx.text(part.span);
    let inner = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).unwrap_or("");
    if !looks_expanded(inner) {
        return;
    }
    // A prompt, or a command that expands or interprets the text itself.
    for parent in parents.iter().rev() {
        match parent {
            Node::Assignment(a) if matches!(a.name.as_str(), "PS1" | "PS2" | "PS3" | "PS4" | "PROMPT_COMMAND") => {
                return;
            }
            Node::Command(command) => {
                let Some(simple) = command.simple() else { break };
                let Some(command) = name(cx, simple) else { break };
                if command == "sed" && is_sed(inner) || interprets(cx, &command, simple) {
                    return;
                }
                break;
            }
            _ => {}
        }
    }
    out.report(part.span, "nothing expands in single quotes").help("use double quotes if it should");
}

/// `$name`, `${`, `$(` or a pair of backticks.
fn looks_expanded(text: &str) -> bool {
    let b = text.as_bytes();
    let dollar =
        b.windows(2).any(|w| w[0] == b'$' && (w[1].is_ascii_alphanumeric() || matches!(w[1], b'{' | b'(' | b'_')));
    let tick = text.find('`').is_some_and(|i| text[i + 1..].find('`').is_some_and(|j| j > 0));
    dollar || tick
}

/// `$` followed by one of sed's commands: the last line.
fn is_sed(text: &str) -> bool {
    let b = text.as_bytes();
    (0..b.len()).any(|i| {
        b[i] == b'$'
            && b.get(i + 1).is_some_and(|c| b"{dpsaic".contains(c))
            && b.get(i + 2).is_none_or(|c| !c.is_ascii_alphabetic())
    })
}

fn interprets(cx: &ShellContext<'_>, command: &str, simple: &Simple) -> bool {
    const NAMES: [&str; 26] = [
        "trap",
        "sh",
        "bash",
        "ksh",
        "zsh",
        "ssh",
        "eval",
        "xprop",
        "alias",
        "sudo",
        "doas",
        "run0",
        "docker",
        "podman",
        "oc",
        "dpkg-query",
        "jq",
        "rename",
        "rg",
        "unset",
        "yq",
        "busybox",
        "dash",
        "ash",
        "su",
        "parallel",
    ];
    let known = |n: &str| NAMES[..21].contains(&n) || n.ends_with("awk") || n.starts_with("perl");
    if command == "find" {
        let words: Vec<String> = simple.words.iter().map(|w| rough(cx, w)).collect();
        let exec = words.iter().position(|w| w == "-exec" || w == "-execdir");
        return exec.and_then(|i| words.get(i + 1)).is_some_and(|w| known(w.rsplit('/').next().unwrap_or("")));
    }
    if command == "git" {
        return simple.words.get(1).is_some_and(|w| rough(cx, w) == "filter-branch");
    }
    known(command)
}
