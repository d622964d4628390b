use super::prelude::*;
use crate::dockerfile::patterns::Patterns;

rule! {
    /// A file that `.dockerignore` leaves out is copied.
    ///
    /// ```ignore
    /// secret.env
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY secret.env /
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app /
    /// ```
    "CopyIgnoredFile", "copy-of-ignored-file", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let Some(text) = cx.options.dockerignore.as_deref() else { return };
    let lines = || text.trim_start_matches('\u{feff}').lines().filter(|l| !l.starts_with('#')).map(str::trim);
    let rooted = || lines().map(|l| if l.len() > 1 { l.strip_prefix('/').unwrap_or(l) } else { l });
    let Ok(patterns) = Patterns::new(rooted()) else { return };
    if patterns.has_exclusions() || patterns.is_empty() {
        return;
    }
    let everything = rooted().any(|l| matches!(l, "*" | "**" | "**/*"));
    for (index, inst) in cx.instructions.iter().enumerate().filter(|(_, i)| !i.onbuild) {
        let (Instruction::Copy(copy) | Instruction::Add(copy)) = &inst.read else { continue };
        if copy.from.is_some() {
            continue;
        }
        for (source, span) in cx.scopes().expanded.get(&index).into_iter().flatten() {
            let remote = ["http://", "https://", "git@", "git://", "ssh://"].iter().any(|s| source.starts_with(s));
            if remote {
                continue;
            }
            let path = clean(source);
            let ignored = if path.is_empty() { everything } else { patterns.matches(path.as_bytes()) };
            if ignored {
                out.report(inst, *span, format!("`{source}` is left out by .dockerignore"));
            }
        }
    }
}

/// The path relative to the context without `.` and `..`; empty for the context itself.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
