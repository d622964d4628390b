//! Texts as Go's `fmt` prints them, which is how they stand in an image's history.

use super::image::Healthcheck;

/// `%q` of a string.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            ' ' => out.push(' '),
            c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}

/// Go's `unicode.IsPrint`, near enough: white space, controls, format and private characters are not.
fn is_printable(c: char) -> bool {
    if c.is_control() || c.is_whitespace() {
        return false;
    }
    !matches!(u32::from(c),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f
        | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff | 0xf0000..)
}

/// `%q` of a list of strings.
pub(crate) fn quote_list(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|s| quote(s)).collect();
    format!("[{}]", quoted.join(" "))
}

/// A duration in nanoseconds as Go prints it: `1m30s`.
pub(crate) fn duration(nanoseconds: i64) -> String {
    let total = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let fraction = |value: u64, digits: usize| {
        let text = format!("{value:0digits$}");
        let text = text.trim_end_matches('0');
        if text.is_empty() { String::new() } else { format!(".{text}") }
    };
    if total == 0 {
        return "0s".to_owned();
    }
    if total < 1_000_000_000 {
        let (unit, size, digits) = match total {
            0..1_000 => ("ns", 1, 0),
            1_000..1_000_000 => ("\u{b5}s", 1_000, 3),
            _ => ("ms", 1_000_000, 6),
        };
        let rest = if digits == 0 { String::new() } else { fraction(total % size, digits) };
        return format!("{sign}{}{rest}{unit}", total / size);
    }
    let seconds = total / 1_000_000_000;
    let rest = fraction(total % 1_000_000_000, 9);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{sign}{hours}h{minutes}m{seconds}{rest}s")
    } else if minutes > 0 {
        format!("{sign}{minutes}m{seconds}{rest}s")
    } else {
        format!("{sign}{seconds}{rest}s")
    }
}

/// A health check as it stands in the history.
pub(crate) fn healthcheck(h: &Healthcheck) -> String {
    format!(
        "{{Test:[{}] Interval:{} Timeout:{} StartPeriod:{} StartInterval:{} Retries:{}}}",
        h.test.join(" "),
        duration(h.interval),
        duration(h.timeout),
        duration(h.start_period),
        duration(h.start_interval),
        h.retries
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (n, want) in [
            (1_000_000_000, "1s"),
            (90_000_000_000, "1m30s"),
            (1_500_000, "1.5ms"),
            (3_600_000_000_000, "1h0m0s"),
            (2_500_000_000, "2.5s"),
        ] {
            assert_eq!(duration(n), want);
        }
    }

    #[test]
    fn quotes() {
        assert_eq!(quote("a\"\u{e9}\u{1b}\u{a0}"), "\"a\\\"\u{e9}\\x1b\\u00a0\"");
    }
}
