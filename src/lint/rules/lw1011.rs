use super::prelude::*;

rule! {
    /// A tool or extension is installed without a version.
    ///
    /// A build of tomorrow installs another one: PHP extensions, PECL and Composer packages, global tools of .NET, Cargo,
    /// and Deno.
    ///
    /// ```dockerfile
    /// FROM php:8.3
    /// RUN install-php-extensions gd
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM php:8.3
    /// RUN install-php-extensions gd-8.3.0
    /// ```
    "LW1011", "unversioned-tool", Info, Reproducibility, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (inst, c) in cx.commands() {
        let bare = |from: usize, has_version: fn(&str) -> bool| {
            c.operands(&[]).skip(from).find(|a| !a.text.contains("${VAR}") && !has_version(&a.text))
        };
        let found = match c.name.as_str() {
            "install-php-extensions" => bare(0, |t| {
                t.starts_with(['@', '/', '.']) || t.contains('/') || t.contains(['@', '^']) || dashed_version(t)
            }),
            "pecl" if c.has_arg(&["install"]) => bare(1, |t| dashed_version(t) || t.contains(['/', ':'])),
            "composer" if c.has_arg(&["require"]) => bare(1, |t| t.contains([':', '=']) || !t.contains('/')),
            "dotnet" if c.args.first().is_some_and(|a| a.text == "tool") && c.has_arg(&["install"]) => {
                bare(2, |_| false).filter(|_| !c.has_flag(&["version"]))
            }
            "cargo" if c.args.first().is_some_and(|a| a.text == "install") => {
                let sourced = ["version", "path", "git", "locked", "vers"];
                bare(1, |t| t.contains('@')).filter(|_| !c.has_flag(&sourced))
            }
            _ => None,
        };
        if let Some(arg) = found {
            out.report(inst, arg.span, format!("`{}` is installed in whatever version is the newest", arg.text))
                .help("name the version");
        }
    }
}

/// `name-1.2`
fn dashed_version(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(_, v)| v.starts_with(|c: char| c.is_ascii_digit()))
}
