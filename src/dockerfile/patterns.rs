//! Path patterns of `.dockerignore`, `COPY --exclude` and `COPY --parents` on paths of bytes.
//!
//! `*` is any run without a slash, `**` any number of directories, `?` one character, `[…]` a class, `\` takes the meaning
//! from what follows, a leading `!` takes matches back. A pattern that matches a directory matches all below it. The
//! matching is that of [`dockerignore`](super::dockerignore).

use super::dockerignore::{IgnoreError, Matcher};

/// Patterns in order: the last one that matches decides.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Matcher);

/// Which patterns matched a directory, for [`Patterns::matches_below`]. The default knows of no directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched(Vec<bool>);

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `!` with nothing behind it.
    #[error("illegal exclusion pattern: \"!\"; write what is to be taken back behind it")]
    EmptyExclusion,
    /// An unclosed class, a backslash at the end, and the like.
    #[error("syntax error in pattern `{0}`: close the [ or remove the trailing \\")]
    Syntax(String),
}

impl From<IgnoreError> for PatternError {
    fn from(error: IgnoreError) -> Self {
        match error {
            IgnoreError::BareExclusion => Self::EmptyExclusion,
            IgnoreError::Pattern(text) | IgnoreError::TooLong(_, text) => {
                Self::Syntax(text.chars().take(200).collect())
            }
        }
    }
}

impl Patterns {
    /// Reads patterns. Empty ones are left out; white space around one does not count; `.`, `..` and doubled slashes are
    /// cleaned away.
    ///
    /// # Errors
    /// Where a pattern cannot be matched.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        let list: Vec<&str> = patterns.into_iter().collect();
        let matcher = Matcher::new(&list)?;
        matcher.usable()?;
        Ok(Self(matcher))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them takes matches back.
    pub fn has_exclusions(&self) -> bool {
        self.0.has_exclusions()
    }

    /// Whether `path` (relative, with slashes) or a directory above it is matched, all patterns taken together.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.matches_below(path, &Matched::default()).0
    }

    /// The same for a path in a directory whose result is known, and the result for what is below `path`.
    pub fn matches_below(&self, path: &[u8], parent: &Matched) -> (bool, Matched) {
        let path = String::from_utf8_lossy(path);
        let known = Some(parent.0.as_slice()).filter(|p| !p.is_empty());
        // What is too long to be matched is not matched.
        let (matched, each) = self.0.with_parent(&path, known).unwrap_or_default();
        (matched, Matched(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(patterns: &[&str], path: &str) -> bool {
        Patterns::new(patterns.iter().copied()).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn each_form() {
        for (pattern, path, wanted) in [
            ("**", "a/b", true),
            ("**/", "a", true),
            ("dir/**", "dir/x/y", true),
            ("dir/**", "dir", false),
            ("**/dir", "dir", true),
            ("**/dir", "a/b/dir", true),
            ("**/dir", "xdir", false),
            ("**dir", "xdir", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/*.txt", "a/b/c.txt", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/d/c", true),
            ("a/**/c", "a/bc", false),
            ("*", "a/b", true),
            ("*.md", "a/x.md", false),
            ("a.c", "abc", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a[b\\-]c", "a-c", true),
            ("abc\\*", "abc*", true),
            ("abc\\*", "abcd", false),
            ("./a//b/../c", "a/c", true),
            ("/a", "a", false),
            ("dir", "dir/sub/x", true),
            ("?", "é", true),
        ] {
            assert_eq!(hit(&[pattern], path), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_match_decides() {
        assert!(!hit(&["*.md", "!README.md"], "README.md"));
        assert!(hit(&["*.md", "!README.md", "README*"], "README.md"));
        assert!(!hit(&["a", "!a/b"], "a/b/c"));
    }

    #[test]
    fn the_way_down_knows_what_a_whole_path_knows() {
        let patterns = Patterns::new(["a/*", "!a/b/**/keep", "x"]).unwrap();
        for path in ["a/b/c/keep", "a/b/c/other", "x/y", "a", "a/b/keep/deep"] {
            let mut parent = Matched::default();
            let mut result = false;
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                (result, parent) = patterns.matches_below(&path.as_bytes()[..end], &parent);
            }
            assert_eq!(result, patterns.matches(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn bad_patterns_are_refused() {
        for pattern in ["!", "[", "a[", "[]a]", "[z-a]", "a\\"] {
            assert!(Patterns::new([pattern]).is_err(), "{pattern}");
        }
    }
}
