use super::dl3051::labels;
use super::prelude::*;

rule! {
    /// A label that should be a URL is none.
    ///
    /// ```yaml
    /// label-schema: { homepage: url }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL homepage="not a url"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL homepage="https://example.com"
    /// ```
    "DL3052", "label-not-url", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    labels(cx, out, |k| k == LabelType::Url, is_uri, "is not an absolute URI");
}

/// `scheme:rest` with the characters RFC 3986 allows.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    scheme_ok
        && rest.bytes().all(|b| {
            b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        })
}
