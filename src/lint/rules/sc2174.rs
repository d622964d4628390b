use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `mkdir -p -m` gives the mode to the last directory only.
    ///
    /// ```sh
    /// mkdir -p -m 755 /a/b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// mkdir -p /a/b && chmod 755 /a /a/b
    /// ```
    "SC2174", "mkdir-mode-of-last", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["mkdir"]) else { return };
    let given = flags(cx, args);
    let parents_too = given.iter().any(|f| matches!(f.as_str(), "p" | "parents"));
    let flag = args.iter().find(|a| {
        let text = rough(cx, a);
        text.starts_with("--mode") || text.starts_with('-') && !text.starts_with("--") && text.contains('m')
    });
    // One new directory below an existing one is no difference.
    let operands: Vec<String> = args.iter().map(|a| rough(cx, a)).filter(|t| !t.starts_with('-')).collect();
    let deep = |t: &String| {
        let path = t.trim_start_matches("./").trim_start_matches("../").trim_end_matches('/');
        path.contains('/') && !path.is_empty()
    };
    if let (true, Some(flag)) = (parents_too, flag)
        && operands.iter().any(deep)
    {
        out.report(flag.span, "the mode is given to the last directory only");
    }
}
