use super::shell_prelude::*;
use crate::shell::*;

rule! {
    /// A variable set for one command is not seen in that command's own arguments.
    ///
    /// ```sh
    /// A=1 echo "$A"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// A=1; echo "$A"
    /// ```
    "SC2097", "prefix-not-seen", Warning, ErrorProne, [HADOLINT, RECOMMENDED], Assignment(check)
}

fn check<'t>(_: &ShellContext<'t>, node: Node<'t>, parents: &[Node<'t>], out: &mut ShellSink<'_>) {
    let Node::Assignment(a) = node else { return };
    let Some((simple, _)) = parents.last().and_then(simple) else { return };
    let later = simple.assignments.iter().filter(|x| x.span.start > a.span.start);
    if !simple.words.is_empty()
        && (uses(&simple.words, &a.name) || later.into_iter().any(|x| uses(std::slice::from_ref(&x.value), &a.name)))
    {
        out.report(a.span, format!("the command's arguments do not see this `{}`", a.name));
    }
}

/// Whether words refer to a variable, outside command substitutions.
pub(super) fn uses(words: &[Word], name: &str) -> bool {
    fn inside(parts: &[Part], name: &str) -> bool {
        parts.iter().any(|p| match &p.kind {
            PartKind::Parameter(p) => p.name == name,
            PartKind::DoubleQuoted(inner) => inside(inner, name),
            _ => false,
        })
    }
    words.iter().any(|w| inside(&w.parts, name))
}
