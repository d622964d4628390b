use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A loop's word mixes an unquoted expansion with a glob.
    ///
    /// ```sh
    /// for f in $DIR/*; do echo "$f"; done
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// for f in "$DIR"/*; do echo "$f"; done
    /// ```
    "SC2231", "unquoted-in-loop-glob", Info, ErrorProne, [HADOLINT, RECOMMENDED], Part(check)
}

fn check<'t>(_: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Part(part, false) = node else { return };
    let Some(Node::Word(word, Role::Loop)) = parents.last() else { return };
    let globs = word.parts.iter().any(|p| matches!(p.kind, PartKind::Glob));
    if globs && matches!(part.kind, PartKind::Parameter(_) | PartKind::CommandSubstitution { .. }) {
        out.report(part.span, "spaces in this part break the loop's words")
            .help("quote it, and leave the glob unquoted");
    }
}
