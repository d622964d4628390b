use super::dl3051::labels;
use super::prelude::*;

rule! {
    /// A label that should be a git hash is none.
    ///
    /// ```yaml
    /// label-schema: { revision: hash }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL revision="main"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL revision="1a2b3c4"
    /// ```
    "DL3055", "label-not-hash", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let hash =
        |t: &str| matches!(t.len(), 7 | 40) && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    labels(cx, out, |k| k == LabelType::Hash, hash, "is not a git hash");
}
