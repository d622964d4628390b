use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// `ln` with one operand links into the current directory.
    ///
    /// ```sh
    /// ln -s a/b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// ln -s a/b .
    /// ```
    "SC2226", "ln-without-target", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((simple, args)) = call(cx, &node, &["ln"]) else { return };
    let operands: Vec<&Word> = args.iter().filter(|a| !rough(cx, a).starts_with('-')).collect();
    let target = flags(cx, args).iter().any(|f| matches!(f.as_str(), "t" | "target-directory" | "help" | "version"));
    let many = |w: &Word| {
        w.parts.iter().any(|p| {
            matches!(
                p.kind,
                PartKind::Glob | PartKind::Brace(_) | PartKind::CommandSubstitution { .. } | PartKind::Parameter(_)
            )
        })
    };
    if let [one] = operands.as_slice()
        && !target
        && !many(one)
    {
        out.report(simple.words.first().map_or(node.span(), |w| w.span).to(one.span), "this link has no destination")
            .help("write `.`");
    }
}
