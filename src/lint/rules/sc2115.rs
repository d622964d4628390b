use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `rm -r` below a variable that may be empty.
    ///
    /// It would then start at the root.
    ///
    /// ```sh
    /// rm -rf "$DIR"/lib
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// rm -rf "${DIR:?}"/lib
    /// ```
    "SC2115", "rm-of-empty-prefix", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["rm"]) else { return };
    let recursive = flags(cx, args).iter().any(|f| matches!(f.as_str(), "r" | "R" | "recursive"));
    if !recursive {
        return;
    }
    const IMPORTANT: [&str; 15] = [
        "",
        "bin",
        "etc",
        "home",
        "mnt",
        "usr",
        "usr/share",
        "usr/local",
        "var",
        "lib",
        "dev",
        "media",
        "boot",
        "lib64",
        "usr/bin",
    ];
    for arg in args {
        let mut template = String::new();
        if !expand(cx, &arg.parts, &mut template) {
            continue;
        }
        let Some(rest) = template.strip_prefix('\u{0}') else { continue };
        if !rest.contains('/') {
            continue;
        }
        let path = rest.replace('\u{0}', "");
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix("/*").unwrap_or(path).trim_end_matches('/');
        if path.is_empty() && rest.trim_matches('/').is_empty() && !rest.contains('*') && rest.len() > 1 {
            continue;
        }
        if IMPORTANT.contains(&path) || path == "*" {
            out.report(arg.span, "with an empty variable this starts at the root").help("write `${name:?}`");
        }
    }
}

/// The word with NUL for each variable; false where something else is in it, or a variable cannot be empty.
fn expand(cx: &ShellContext<'_>, parts: &[Part], out: &mut String) -> bool {
    for part in parts {
        match &part.kind {
            PartKind::Parameter(p) => {
                if matches!(p.operator, ":?" | "?" | ":-" | "-" | ":=" | "=") || p.length {
                    return false;
                }
                out.push('\u{0}');
            }
            PartKind::DoubleQuoted(inner) => {
                if !expand(cx, inner, out) {
                    return false;
                }
            }
            PartKind::Literal | PartKind::Glob => out.push_str(cx.text(part.span)),
            PartKind::SingleQuoted => out.push_str(cx.text(part.span).trim_matches('\'')),
            _ => return false,
        }
    }
    true
}
