use super::shell_prelude::*;

rule! {
    /// A variable is set and never read.
    ///
    /// ```sh
    /// x=1; echo done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// x=1; echo "$x"
    /// ```
    "SC2034", "unused-variable", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    const USED: [&str; 40] = [
        "PATH",
        "IFS",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "PWD",
        "OLDPWD",
        "SHELL",
        "TERM",
        "USER",
        "MAIL",
        "PS1",
        "PS2",
        "PS3",
        "PS4",
        "CDPATH",
        "ENV",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "TMPDIR",
        "TZ",
        "LD_LIBRARY_PATH",
        "OPTIND",
        "OPTARG",
        "OPTERR",
        "COLUMNS",
        "LINES",
        "HISTFILE",
        "HISTSIZE",
        "FCEDIT",
        "BASH_ENV",
        "GLOBIGNORE",
        "TIMEFORMAT",
        "PROMPT_COMMAND",
        "REPLY",
        "_",
        "SECONDS",
        "RANDOM",
    ];
    let flow = cx.flow();
    for (name, span) in &flow.plain {
        let read = flow.read.contains(name) || cx.known.contains_key(name.as_str()) || USED.contains(&name.as_str());
        if !read && !name.starts_with('_') && !name.is_empty() {
            out.report(*span, format!("nothing reads `{name}`")).help("use it, export it, or drop it");
        }
    }
}
