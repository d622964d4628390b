use super::shell_prelude::*;

rule! {
    /// A variable is read that nothing sets.
    ///
    /// Names in capitals may come from the environment and are left alone.
    ///
    /// ```sh
    /// echo "$name"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// name=x; echo "$name"
    /// ```
    "SC2154", "unassigned-variable", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    const KNOWN: [&str; 4] = ["_", "http_proxy", "https_proxy", "no_proxy"];
    let flow = cx.flow();
    for (name, span) in &flow.bare_reads {
        let local = name.bytes().any(|b| b.is_ascii_lowercase())
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let set =
            flow.assigned.contains_key(name) || cx.known.contains_key(name.as_str()) || KNOWN.contains(&name.as_str());
        if local && !set {
            out.report(*span, format!("nothing sets `{name}`"));
        }
    }
}
