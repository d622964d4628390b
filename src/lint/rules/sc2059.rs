use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A variable in the format of `printf`.
    ///
    /// A `%` or `\` in it is taken for a directive.
    ///
    /// ```sh
    /// printf "$FMT"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// printf '%s' "$FMT"
    /// ```
    "SC2059", "variable-in-format", Info, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Some((_, args)) = call(cx, &node, &["printf"]) else { return };
    let args = if args.first().is_some_and(|a| rough(cx, a) == "-v") { args.get(2..).unwrap_or(&[]) } else { args };
    let args = if args.first().is_some_and(|a| rough(cx, a) == "--") { args.get(1..).unwrap_or(&[]) } else { args };
    let Some(format) = args.first() else { return };
    let expands = |p: &Part| {
        matches!(p.kind, PartKind::Parameter(_) | PartKind::CommandSubstitution { .. })
            || matches!(&p.kind, PartKind::DoubleQuoted(inner) if inner.iter().any(|p| matches!(p.kind, PartKind::Parameter(_) | PartKind::CommandSubstitution { .. })))
    };
    let array = cx.text(format.span).contains("[@]");
    if format.parts.iter().any(expands) && !rough(cx, format).contains('%') && !array {
        out.report(format.span, "a `%` in the value is taken for a directive").help("write `printf '%s' \"$x\"`");
    }
}
