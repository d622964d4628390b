//! "Did you mean": the nearest of some names.

/// The name nearest to `written` by edit distance, case ignored, if it is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.is_empty() || written.len() > 64 {
        return None;
    }
    let lower = |text: &str, out: &mut Vec<char>| {
        out.clear();
        out.extend(text.chars().flat_map(char::to_lowercase));
    };
    let (mut a, mut b, mut row) = (Vec::new(), Vec::new(), Vec::new());
    lower(written, &mut a);
    let limit = if a.len() <= 3 { 1 } else { 2 };
    let mut best: Option<(usize, &'a str)> = None;
    for name in names {
        lower(name, &mut b);
        if a.len().abs_diff(b.len()) > limit {
            continue;
        }
        let found = distance(&a, &b, &mut row);
        if found > 0 && found <= limit && best.is_none_or(|(least, _)| found < least) {
            best = Some((found, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Levenshtein distance. `row` is room to work in.
fn distance(a: &[char], b: &[char], row: &mut Vec<usize>) -> usize {
    row.clear();
    row.extend(0..=b.len());
    for (i, ca) in a.iter().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, cb) in b.iter().enumerate() {
            let replace = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("COYP", ["COPY", "CMD"]), Some("COPY"));
        assert_eq!(nearest("frm", ["FROM", "RUN"]), Some("FROM"));
        assert_eq!(nearest("hello", ["FROM", "RUN"]), None);
    }
}
