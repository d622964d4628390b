use super::prelude::*;
use crate::lint::pragma::Ignores;

rule! {
    /// A comment silences a rule that finds nothing there.
    ///
    /// What it was for is gone, or it stands in the wrong place; the next finding of that rule would be lost in it.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// # hadolint ignore=DL3000
    /// WORKDIR /app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /app
    /// ```
    "LW2001", "unused-ignore", Info, Style, [RECOMMENDED], Ignores(check)
}

fn check(ignores: &Ignores<'_>, out: &mut Sink<'_>) {
    for entry in ignores.entries.iter().filter(|e| ignores.is_unused(e)) {
        let line = ignores.line(entry);
        let message = format!("nothing to ignore: {} finds nothing here", entry.code);
        let raw = out.at(Lines { from: line, to: line }, entry.span, message);
        raw.help("remove it");
        if let Some(fix) = ignores.removal(entry) {
            raw.fix(fix);
        }
    }
}
