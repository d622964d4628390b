//! The number formats of tar headers, read as Go's `archive/tar` reads them.

/// A NUL-terminated string field: everything before the first NUL.
pub(crate) fn cstring(field: &[u8]) -> &[u8] {
    field.get(..memchr::memchr(0, field).unwrap_or(field.len())).unwrap_or_default()
}

/// A numeric field: base-256 where the first bit is set, octal otherwise. `None` for what Go refuses.
pub(crate) fn parse_numeric(field: &[u8]) -> Option<i64> {
    let Some(first) = field.first().copied() else { return Some(0) };
    if first & 0x80 == 0 {
        return parse_octal(field);
    }
    // Two's complement, big-endian, with the top bit as the mark. Negative numbers are inverted, read, inverted back.
    let invert = if first & 0x40 != 0 { 0xff } else { 0 };
    let mut value: u64 = 0;
    for (at, byte) in field.iter().enumerate() {
        let mut byte = byte ^ invert;
        if at == 0 {
            byte &= 0x7f;
        }
        if value >> 56 > 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).ok()?;
    Some(if invert == 0 { value } else { !value })
}

/// An octal field between spaces and NULs; empty is 0.
pub(crate) fn parse_octal(field: &[u8]) -> Option<i64> {
    // As nearly all are written: digits to the last byte, which is a NUL or a space.
    if let Some((0 | b' ', digits)) = field.split_last()
        && digits.len() < 20
    {
        let digit = |value: u64, byte: &u8| value << 3 | u64::from(byte & 7);
        if digits.iter().all(|byte| byte & !7 == b'0') {
            return Some(digits.iter().fold(0, digit) as i64);
        }
    }
    let padding = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !padding(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !padding(byte)).map_or(start, |at| at + 1);
    let digits = cstring(field.get(start..end).unwrap_or_default());
    if start == end {
        return Some(0);
    }
    if digits.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for byte in digits {
        if !matches!(byte, b'0'..=b'7') || value >> 61 != 0 {
            return None;
        }
        value = value << 3 | u64::from(byte - b'0');
    }
    Some(value as i64)
}

/// A decimal number with an optional sign that fits 64 bits: Go's `strconv.ParseInt(text, 10, 64)`.
pub(crate) fn parse_decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(byte - b'0');
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

/// A PAX time, `seconds[.fraction]`, negative too, as whole seconds rounded down and nanoseconds (digits beyond the ninth
/// are cut). `None` for what Go refuses.
pub(crate) fn parse_time(text: &[u8]) -> Option<(i64, u32)> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, &[][..]),
    };
    let seconds = parse_decimal(whole)?;
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut nanos: u32 = 0;
    for at in 0..9 {
        nanos = nanos * 10 + fraction.get(at).map_or(0, |byte| u32::from(byte - b'0'));
    }
    if whole.first() == Some(&b'-') && nanos > 0 {
        return Some((seconds.checked_sub(1)?, 1_000_000_000 - nanos));
    }
    Some((seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_between_padding() {
        assert_eq!(parse_octal(b"0000644\0"), Some(0o644));
        assert_eq!(parse_octal(b"   644 \0"), Some(0o644));
        assert_eq!(parse_octal(b"\0\0\0\0"), Some(0));
        assert_eq!(parse_octal(b"64\x004\0"), Some(0o64));
        assert_eq!(parse_octal(b"6 4\0"), None);
        assert_eq!(parse_octal(b"-1"), None);
        assert_eq!(parse_octal(b"0000008"), None);
    }

    #[test]
    fn base_256_with_sign() {
        assert_eq!(parse_numeric(b"\x80\0\0\0\0\0\0\x01"), Some(1));
        assert_eq!(parse_numeric(b"\xff\xff\xff\xff\xff\xff\xff\xff"), Some(-1));
        assert_eq!(parse_numeric(b"\x80\0\0\0\x80\0\0\0\0\0\0\0"), None);
        assert_eq!(parse_numeric(b"\xff\xff\xff\xff\x80\0\0\0\0\0\0\0"), Some(i64::MIN));
    }

    #[test]
    fn times_keep_nine_digits_and_their_sign() {
        assert_eq!(parse_time(b"1.5"), Some((1, 500_000_000)));
        assert_eq!(parse_time(b"-1.25"), Some((-2, 750_000_000)));
        assert_eq!(parse_time(b"-0.5"), Some((-1, 500_000_000)));
        assert_eq!(parse_time(b"1.1234567899"), Some((1, 123_456_789)));
        assert_eq!(parse_time(b"now"), None);
        assert_eq!(parse_time(b"1.-5"), None);
        assert_eq!(parse_time(b""), None);
    }
}
