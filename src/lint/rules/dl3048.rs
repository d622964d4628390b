use super::prelude::*;

rule! {
    /// A label's name is malformed.
    ///
    /// Names begin with a lower-case letter, end with one or a digit, hold only lower-case letters, digits, `.`, `-`,
    /// `_` and `/`, and stay out of the namespaces `com.docker.*`, `io.docker.*` and `org.dockerproject.*`.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL +Version="1"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL version="1"
    /// ```
    "DL3048", "malformed-label-name", Style, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Label(pairs) = &inst.read else { continue };
        if let Some(pair) = pairs.iter().find(|p| !is_well_formed(unquoted(p.key.text))) {
            out.report(inst, pair.key.span, format!("`{}` is not a well-formed label name", pair.key.text))
                .help("use lower-case letters, digits, `.`, `-`, `_` and `/`");
        }
    }
}

fn is_well_formed(name: &str) -> bool {
    let (Some(first), Some(last)) = (name.bytes().next(), name.bytes().last()) else { return false };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_' | b'/');
    let reserved = ["com.docker.", "io.docker.", "org.dockerproject."].iter().any(|r| name.starts_with(r));
    let doubled = ["..", "--"].iter().any(|d| name.contains(d));
    first.is_ascii_lowercase()
        && (last.is_ascii_lowercase() || last.is_ascii_digit())
        && name.bytes().all(allowed)
        && !reserved
        && !doubled
}
