use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A builtin that POSIX does not define.
    ///
    /// ```sh
    /// pushd /tmp
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// cd /tmp || exit
    /// ```
    "SC3044", "bash-builtin", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Command(check)
}

fn check<'t>(cx: &ShellContext<'t>, node: Node<'t>, _: &[Node<'t>], out: &mut ShellSink<'_>) {
    const NAMES: [&str; 15] = [
        "caller",
        "builtin",
        "complete",
        "compgen",
        "declare",
        "dirs",
        "disown",
        "enable",
        "mapfile",
        "readarray",
        "pushd",
        "popd",
        "shopt",
        "suspend",
        "typeset",
    ];
    if !cx.dialect.is_posix() {
        return;
    }
    if let Some((simple, _)) = call(cx, &node, &NAMES) {
        let span = simple.words.first().map_or(node.span(), |w| w.span);
        out.report(span, format!("`{}` is not defined in this shell", cx.text(span)));
    }
}
