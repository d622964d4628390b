use super::prelude::*;
use crate::lint::pragma::Ignores;

rule! {
    /// A comment silences a code that no rule has.
    ///
    /// It does nothing: a slip of the pen, or a rule that is no longer.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// # layerwright ignore=DL9999
    /// WORKDIR /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /app
    /// ```
    "LW2002", "unknown-ignored-code", Warning, ErrorProne, [RECOMMENDED], Ignores(check)
}

fn check(ignores: &Ignores<'_>, out: &mut Sink<'_>) {
    for entry in ignores.entries.iter().filter(|e| e.rule.is_none()) {
        // ShellCheck has more codes than we know: other tools that read these comments may use them.
        let digits = |code: &str| code.len() == 6 && code.bytes().skip(2).all(|b| b.is_ascii_digit());
        if entry.code.starts_with("SC") && digits(entry.code) {
            continue;
        }
        let line = ignores.line(entry);
        let raw = out.at(Lines { from: line, to: line }, entry.span, format!("no rule has the code {}", entry.code));
        match super::nearest(entry.code) {
            Some(near) => {
                raw.help(format!("did you mean {near}?"));
                raw.fix(Fix::suggested(format!("Write {near}"), entry.span, near));
            }
            None => {
                raw.help("remove it, or name a rule that there is");
            }
        }
    }
}
