use super::dl3051::labels;
use super::prelude::*;

rule! {
    /// A label that should be a semantic version is none.
    ///
    /// ```yaml
    /// label-schema: { version: semver }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL version="v1"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL version="1.0.0"
    /// ```
    "DL3056", "label-not-semver", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    labels(cx, out, |k| k == LabelType::Semver, is_semver, "is not a semantic version");
}

fn is_semver(text: &str) -> bool {
    let (rest, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()) && (t == "0" || !t.starts_with('0'));
    let name = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let pre_ok =
        pre.is_none_or(|p| p.split('.').all(|t| name(t) && (!t.bytes().all(|b| b.is_ascii_digit()) || number(t))));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre_ok
        && build.is_none_or(|b| b.split('.').all(name))
}
