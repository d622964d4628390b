use super::prelude::*;

rule! {
    /// An ignore comment for hadolint stands in the file.
    ///
    /// Off unless it is enabled or given a level.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// # hadolint ignore=DL3000
    /// WORKDIR /a
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /a
    /// ```
    "DL1001", "inline-ignore", Info, Style, [OPT_IN], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for comment in cx.file.comments.iter().filter(|c| crate::lint::pragma::is_inline_ignore(&c.text)) {
        out.at(Lines { from: comment.line, to: comment.line }, comment.span, "a comment silences rules");
    }
}
