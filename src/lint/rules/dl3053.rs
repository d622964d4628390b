use super::dl3051::labels;
use super::prelude::*;

rule! {
    /// A label that should be a time is none.
    ///
    /// ```yaml
    /// label-schema: { created: rfc3339 }
    /// ```
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL created="yesterday"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL created="2024-05-01T10:00:00Z"
    /// ```
    "DL3053", "label-not-time", Warning, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    labels(cx, out, |k| k == LabelType::Rfc3339, is_time, "is not a time as in RFC 3339");
}

fn is_time(text: &str) -> bool {
    let b = text.as_bytes();
    let number = |from: usize, to: usize| {
        b.get(from..to)
            .filter(|d| d.iter().all(u8::is_ascii_digit))
            .and_then(|d| std::str::from_utf8(d).ok()?.parse::<u32>().ok())
    };
    let within = |n: Option<u32>, low: u32, high: u32| n.is_some_and(|n| (low..=high).contains(&n));
    let at = |i: usize, set: &[u8]| b.get(i).is_some_and(|c| set.contains(c));
    let date = number(0, 4).is_some()
        && at(4, b"-")
        && within(number(5, 7), 1, 12)
        && at(7, b"-")
        && within(number(8, 10), 1, 31);
    let time = at(10, b"Tt ")
        && within(number(11, 13), 0, 23)
        && at(13, b":")
        && within(number(14, 16), 0, 59)
        && at(16, b":")
        && within(number(17, 19), 0, 60);
    let mut i = 19;
    if at(i, b".") {
        i += 1;
        let digits = b.get(i..).unwrap_or(&[]).iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        i += digits;
    }
    let zone = (at(i, b"Zz") && b.len() == i + 1)
        || (at(i, b"+-")
            && b.len() == i + 6
            && within(number(i + 1, i + 3), 0, 23)
            && at(i + 3, b":")
            && within(number(i + 4, i + 6), 0, 59));
    date && time && zone
}
