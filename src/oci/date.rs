//! Moments as the documents write them.

/// The seconds since 1970 that RFC 3339 can write: the years 0 to 9999.
pub const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Seconds since 1970 as RFC 3339 in UTC; outside of [`SECONDS`] the year has another number of digits.
pub fn rfc3339(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    // Civil date from days, counted from the first of March of the year 0 (the calendar repeats every 400 years).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Seconds since 1970 of a date as HTTP writes it (RFC 9110, 5.6.7), in any of its three forms.
pub fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once([',', ' '])?;
    let words: Vec<&str> = rest.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match *words.as_slice() {
        [day, month, year, time, "GMT"] => (day, month, year, time),
        [month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let day = number(day).filter(|day| (1..=31).contains(day))?;
    let year = match (year.len(), i64::from(number(year)?)) {
        // As Go reads two digits.
        (2, year) => year + if year >= 69 { 1900 } else { 2000 },
        (4, year) => year,
        _ => return None,
    };
    let parts: Option<Vec<u32>> = time.split(':').map(number).collect();
    let [hours @ ..=23, minutes @ ..=59, seconds @ ..=60] = *parts?.as_slice() else { return None };
    let days = days(year, month, i64::from(day));
    Some(days * 86_400 + i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds))
}

/// Days since 1970 of a date of the civil calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted from the first of March of the year 0.
    let shifted = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Seconds since 1970 and nanoseconds of a moment as RFC 3339 writes it: `2000-02-29T00:00:00.5+01:00`.
pub fn parse(text: &str) -> Option<(i64, u32)> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let separators = [4, 7, 10, 13, 16].map(|at| text.as_bytes().get(at).copied().unwrap_or(0).to_ascii_uppercase());
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if separators != *b"--T::" || !valid {
        return None;
    }
    let rest = text.get(19..)?;
    let fraction = rest.strip_prefix('.').unwrap_or("");
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let zone = if rest.starts_with('.') { fraction.get(digits..)? } else { rest };
    if rest.starts_with('.') && digits == 0 {
        return None;
    }
    let nanos = format!("{:0<9}", fraction.get(..digits.min(9))?).parse().ok()?;
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), a, b, b':', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => {
            let two = |high: u8, low: u8| i64::from(high - b'0') * 10 + i64::from(low - b'0');
            let seconds = two(*a, *b) * 3600 + two(*c, *d) * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let days = days(year, month, day);
    Some((days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanos))
}

#[cfg(test)]
mod tests {
    use super::{SECONDS, http_date, parse, rfc3339};

    #[test]
    fn moments_are_read_as_they_are_written() {
        for seconds in [0, -1, 951_782_400, 1_709_251_199, 1_700_000_000, -62_135_596_800, 253_402_300_799] {
            assert_eq!(parse(&rfc3339(seconds)), Some((seconds, 0)), "{seconds}");
        }
        assert_eq!(parse("2000-02-29T01:00:00.25+01:00"), Some((951_782_400, 250_000_000)));
        for wrong in ["", "2000", "2000-02-29", "2000-02-29T01:00:00", "2000-13-29T01:00:00Z", "2000-02-29T01:00:00.Z"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339(*SECONDS.start()), "0000-01-01T00:00:00Z");
        assert_eq!(rfc3339(*SECONDS.end()), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn dates_of_http() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date(text), Some(784_111_777), "{text}");
        }
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT").map(rfc3339).as_deref(), Some("2024-02-29T23:59:59Z"));
        for text in ["", "tomorrow", "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 99 Nov 1994 08:49:37 GMT", "1994-11-06"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
