use super::dl3051::labels;
use super::prelude::*;

rule! {
    /// A label that should be a mail address is none.
    ///
    /// ```yaml
    /// label-schema: { contact: email }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL contact="me"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL contact="me@example.com"
    /// ```
    "DL3058", "label-not-email", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    labels(cx, out, |k| k == LabelType::Email, is_mail, "is not a mail address");
}

fn is_mail(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok =
        !local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
    let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    local_ok && !local.starts_with('.') && !local.ends_with('.') && domain.split('.').all(part)
}
