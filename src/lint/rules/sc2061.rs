use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// The pattern of `find` is not quoted: the shell may match it first.
    ///
    /// ```sh
    /// find . -name *.o
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// find . -name "*.o"
    /// ```
    "SC2061", "unquoted-find-pattern", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    const TESTS: [&str; 10] =
        ["-name", "-iname", "-path", "-ipath", "-lname", "-ilname", "-wholename", "-iwholename", "-regex", "-iregex"];
    let Some((_, args)) = call(cx, &node, &["find"]) else { return };
    for pair in args.windows(2) {
        let globs = |w: &Word| w.parts.iter().any(|p| matches!(p.kind, PartKind::Glob | PartKind::ExtendedGlob(_)));
        if TESTS.contains(&rough(cx, &pair[0]).as_str()) && globs(&pair[1]) {
            let raw = out.report(pair[1].span, "the shell may match this pattern first").help("quote it");
            let text = cx.text(pair[1].span);
            if !text.contains(['\'', '"', '$', '`', '\\']) {
                raw.fix(Fix::suggested("Quote it", pair[1].span, format!("'{text}'")));
            }
        }
    }
}
