//! Reads `.dockerignore`.

/// The patterns of a `.dockerignore` file, in order, as BuildKit reads them: lines that begin with `#` are comments, white
/// space around a line does not count, paths are cleaned and lose a leading slash, `!` in front stays in front.
pub fn read(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut patterns = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        let line = line.trim();
        let (mark, body) = match line.strip_prefix('!') {
            Some(rest) => ("!", rest.trim()),
            None => ("", line),
        };
        if line.is_empty() {
            continue;
        }
        let mut pattern = String::from(mark);
        if !body.is_empty() {
            let cleaned = super::patterns::clean(body);
            pattern.push_str(cleaned.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&cleaned));
        }
        patterns.push(pattern);
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn comments_slashes_and_white_space() {
        let text = "\u{feff}# c\n /a/../b/ \n\n!  /x/./y\n #not\n/\n!\n";
        assert_eq!(read(text), ["b", "!x/y", "#not", "/", "!"]);
    }
}
