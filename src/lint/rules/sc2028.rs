use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `echo` of a text with escapes.
    ///
    /// Whether they are expanded depends on the shell.
    ///
    /// ```sh
    /// echo "a\nb"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf 'a\nb\n'
    /// ```
    "SC2028", "echo-escapes", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["echo"]) else { return };
    if args.iter().any(|a| rough(cx, a).starts_with("-e") || rough(cx, a) == "-ne") {
        return;
    }
    for arg in args {
        let text = quoted_text(cx, arg);
        let b = text.as_bytes();
        let mut i = 0;
        while i + 1 < b.len() {
            if b[i] != b'\\' {
                i += 1;
                continue;
            }
            if matches!(b[i + 1], b'r' | b'n' | b't' | b'a' | b'b' | b'e' | b'f' | b'v' | b'0'..=b'7')
                || b[i + 1] == b'x' && b.get(i + 2).is_some_and(u8::is_ascii_hexdigit)
            {
                out.report(arg.span, "whether `echo` expands this escape depends on the shell").help("use `printf`");
                break;
            }
            i += 2;
        }
    }
}

/// The literal text of a word's quoted parts, backslashes kept.
fn quoted_text(cx: &ShellContext<'_>, word: &Word) -> String {
    let mut out = String::new();
    for part in &word.parts {
        match &part.kind {
            PartKind::SingleQuoted => out.push_str(cx.text(part.span)),
            PartKind::DoubleQuoted(inner) => {
                for part in inner {
                    match part.kind {
                        PartKind::Literal => out.push_str(cx.text(part.span)),
                        PartKind::Escape => out.push_str(cx.text(part.span).get(1..).unwrap_or("")),
                        _ => out.push(' '),
                    }
                }
            }
            PartKind::Literal => out.push_str(cx.text(part.span)),
            PartKind::Escape => out.push_str(cx.text(part.span).get(1..).unwrap_or("")),
            _ => out.push(' '),
        }
    }
    out
}
