//! `.dockerignore`: reading it, and matching as `moby/patternmatcher` does (not as git does).
//!
//! A path is tried against every pattern in order, and so are its parent directories; the last pattern that matches
//! decides. `!` takes a path in again. Patterns are anchored at the root of the context.

use std::collections::{BTreeSet, HashSet};

use thiserror::Error;

use super::regexp::Regexp;

/// Why patterns cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum IgnoreError {
    #[error("illegal exclusion pattern: \"!\" needs a pattern after it")]
    BareExclusion,
    #[error("pattern {0:?} is malformed: close brackets, and put something after a backslash")]
    Pattern(String),
    #[error("path of {0} bytes with pattern {1:?} is over the limit for matching")]
    TooLong(usize, String),
}

impl IgnoreError {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BareExclusion => "DOCKERIGNORE_BARE_EXCLUSION",
            Self::Pattern(_) => "DOCKERIGNORE_PATTERN",
            Self::TooLong(..) => "DOCKERIGNORE_TOO_LONG",
        }
    }
}

/// Reads the lines of a `.dockerignore` into patterns: comments and blank lines out, paths cleaned, leading slashes
/// taken off.
pub fn read(text: &str) -> Vec<String> {
    read_lines(text).into_iter().map(|(_, pattern)| pattern).collect()
}

/// As [`read`], each pattern with its line, from 1.
pub fn read_lines(text: &str) -> Vec<(u32, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut patterns = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with('#') {
            continue;
        }
        let pattern = line.trim();
        if pattern.is_empty() {
            continue;
        }
        let (invert, path) = match pattern.strip_prefix('!') {
            Some(rest) => ("!", rest.trim()),
            None => ("", pattern),
        };
        let mut path = if path.is_empty() { String::new() } else { clean(path) };
        if path.len() > 1 && path.starts_with('/') {
            path.remove(0);
        }
        patterns.push((number, format!("{invert}{path}")));
    }
    patterns
}

/// Cleans a path lexically: `.` and `..` resolved, slashes single, none at the end; `.` where nothing is left.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&p| p != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Patterns ready to be matched.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// Its number in the list it came from.
    index: usize,
    exclusion: bool,
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Exact,
    /// `prefix**`
    Prefix(String),
    /// `**suffix`
    Suffix(String),
    Regexp(Regexp),
    /// What the regular expression of it would refuse.
    Bad,
}

impl Matcher {
    /// Compiles patterns, as [`read`] gives them.
    ///
    /// # Errors
    /// Where a pattern is `!` alone or has an open bracket or a backslash at its end.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, IgnoreError> {
        let mut list = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref().trim();
            if pattern.is_empty() {
                continue;
            }
            let cleaned = clean(pattern);
            let (exclusion, text) = match cleaned.strip_prefix('!') {
                Some("") => return Err(IgnoreError::BareExclusion),
                Some(rest) => (true, rest.to_owned()),
                None => (false, cleaned),
            };
            if !well_formed(&text) {
                return Err(IgnoreError::Pattern(text));
            }
            list.push(Pattern { index, exclusion, kind: compile(&text), text });
        }
        Ok(Self { patterns: list })
    }

    /// Whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Fails where a pattern would only fail once it is tried.
    pub(crate) fn usable(&self) -> Result<(), IgnoreError> {
        match self.patterns.iter().find(|p| matches!(p.kind, Kind::Bad)) {
            Some(bad) => Err(IgnoreError::Pattern(bad.text.clone())),
            None => Ok(()),
        }
    }

    /// Whether any pattern takes paths in again.
    pub fn has_exclusions(&self) -> bool {
        self.patterns.iter().any(|p| p.exclusion)
    }

    /// Whether a path, with `/` between its parts, is left out of the context.
    ///
    /// # Errors
    /// Where a pattern that has to be tried cannot be matched.
    pub fn ignored(&self, path: &str) -> Result<bool, IgnoreError> {
        Ok(self.decide(path)?.is_some_and(|rule| rule.ignored))
    }

    /// The pattern that decides about a path; `None` where none applies, and the path is part of the context.
    ///
    /// # Errors
    /// As [`Matcher::ignored`].
    pub fn decide(&self, path: &str) -> Result<Option<Decision>, IgnoreError> {
        let path = clean(path);
        if path == "." {
            return Ok(None);
        }
        let mut matched = false;
        let mut decision = None;
        for pattern in &self.patterns {
            if pattern.exclusion != matched {
                continue;
            }
            let mut hit = pattern.matches(&path)?;
            if !hit {
                let parents = path.match_indices('/').map(|(i, _)| &path[..i]);
                for parent in parents {
                    if pattern.matches(parent).unwrap_or(false) {
                        hit = true;
                        break;
                    }
                }
            }
            if hit {
                matched = !pattern.exclusion;
                decision = Some(Decision { pattern: pattern.index, ignored: matched });
            }
        }
        Ok(decision)
    }

    /// What a build would send of a context with these files, as `fsutil` walks it. Directories end in `/`; those on
    /// the way to a path need not be given.
    ///
    /// An ignored directory is sent where something below it is.
    ///
    /// # Errors
    /// As [`Matcher::ignored`].
    pub fn walk<S: AsRef<str>>(&self, paths: &[S]) -> Result<Vec<String>, IgnoreError> {
        Ok(self.divide(paths)?.sent)
    }

    /// As [`Matcher::walk`], with what is left out, and by which pattern.
    ///
    /// # Errors
    /// As [`Matcher::ignored`].
    pub fn divide<S: AsRef<str>>(&self, paths: &[S]) -> Result<Divided, IgnoreError> {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        for path in paths {
            let path = path.as_ref();
            all.extend(path.match_indices('/').filter_map(|(i, _)| path.get(..=i)));
            all.insert(path);
        }
        let mut divided = Divided::default();
        // Directories on the way down: path, the patterns that matched it, whether it is sent already.
        let mut open: Vec<(&str, Vec<bool>, bool)> = Vec::new();
        for path in all {
            while open.last().is_some_and(|(dir, ..)| !path.starts_with(dir)) {
                open.pop();
            }
            let bare = path.trim_end_matches('/');
            let (ignored, matches) = self.with_parent(bare, open.last().map(|(_, m, _)| m.as_slice()))?;
            if !ignored {
                for (dir, _, done) in &mut open {
                    if !std::mem::replace(done, true) {
                        divided.sent.push((*dir).to_owned());
                    }
                }
                divided.sent.push(path.to_owned());
            } else if let Some(last) = matches.iter().rposition(|m| *m).and_then(|i| self.patterns.get(i)) {
                divided.ignored.push((path.to_owned(), last.index));
            }
            if path.ends_with('/') {
                open.push((path, matches, !ignored));
            }
        }
        // A directory that is left out is sent all the same where something in it is.
        let taken: HashSet<&str> = divided.sent.iter().map(String::as_str).filter(|p| p.ends_with('/')).collect();
        let kept = |(path, _): &(String, usize)| !taken.contains(path.as_str());
        let ignored = divided.ignored.iter().filter(|i| kept(i)).cloned().collect();
        Ok(Divided { ignored, sent: divided.sent })
    }

    /// Matching on a walk: what matched the parent matches what is below.
    pub(crate) fn with_parent(&self, path: &str, parent: Option<&[bool]>) -> Result<(bool, Vec<bool>), IgnoreError> {
        let mut matched = false;
        let mut matches = vec![false; self.patterns.len()];
        for (i, pattern) in self.patterns.iter().enumerate() {
            let mut hit = parent.is_some_and(|p| p.get(i) == Some(&true));
            if !hit {
                if pattern.exclusion != matched {
                    continue;
                }
                hit = pattern.matches(path)?;
                if !hit && parent.is_none() {
                    hit = path.match_indices('/').any(|(i, _)| pattern.matches(&path[..i]).unwrap_or(false));
                }
            }
            if let Some(place) = matches.get_mut(i) {
                *place = hit;
            }
            if hit {
                matched = !pattern.exclusion;
            }
        }
        Ok((matched, matches))
    }
}

/// A context, divided by the patterns of a [`Matcher`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Divided {
    /// Paths that are sent, sorted but for directories that are sent because of what is in them.
    pub sent: Vec<String>,
    /// Paths that are left out, each with the index of the pattern that decides.
    pub ignored: Vec<(String, usize)>,
}

/// Which pattern decided about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Its index in the list the matcher was made from.
    pub pattern: usize,
    /// Whether the path is left out.
    pub ignored: bool,
}

/// Characters of path times tokens of pattern that are matched.
const MAX_WORK: usize = 16 << 20;

impl Pattern {
    fn matches(&self, path: &str) -> Result<bool, IgnoreError> {
        match &self.kind {
            Kind::Exact => Ok(path == self.text),
            Kind::Prefix(prefix) => Ok(path.starts_with(prefix.as_str())),
            Kind::Suffix(suffix) => {
                Ok(path.ends_with(suffix.as_str()) || suffix.strip_prefix('/').is_some_and(|name| path == name))
            }
            Kind::Regexp(regexp) => {
                if path.len().saturating_mul(regexp.size()) > MAX_WORK {
                    return Err(IgnoreError::TooLong(path.len(), self.text.clone()));
                }
                Ok(regexp.is_match(path))
            }
            Kind::Bad => Err(IgnoreError::Pattern(self.text.clone())),
        }
    }
}

/// moby's check of a pattern: Go's `filepath.Match(pattern, ".")` has to give no error.
///
/// Go looks at a pattern star by star and stops at the first part that does not match, so what is malformed after that
/// is found only when the pattern is used.
fn well_formed(pattern: &str) -> bool {
    let (mut rest, mut name) = (pattern, ".");
    while !rest.is_empty() {
        let bare = rest.trim_start_matches('*');
        let star = bare.len() < rest.len();
        let (chunk, after) = bare.split_at(chunk_end(bare));
        rest = after;
        if star && chunk.is_empty() {
            return true;
        }
        match match_chunk(chunk, name) {
            Err(()) => return false,
            Ok(Some(left)) if left.is_empty() || !rest.is_empty() => {
                name = left;
                continue;
            }
            Ok(_) => {}
        }
        // A star can also take the one character of the name.
        if star && name == "." {
            match match_chunk(chunk, "") {
                Err(()) => return false,
                Ok(Some(_)) => {
                    name = "";
                    continue;
                }
                Ok(None) => {}
            }
        }
        return true;
    }
    true
}

/// Where the part of a pattern up to the next star outside brackets ends.
fn chunk_end(pattern: &str) -> usize {
    let mut inside = false;
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => inside = true,
            ']' => inside = false,
            '*' if !inside => return at,
            _ => {}
        }
    }
    pattern.len()
}

/// Matches a part without stars at the start of `name`: what is left of it, `None` where it does not match, an error
/// where the part is malformed.
fn match_chunk<'n>(mut chunk: &str, name: &'n str) -> Result<Option<&'n str>, ()> {
    fn next(text: &mut &str) -> Option<char> {
        let mut chars = text.chars();
        let c = chars.next();
        *text = chars.as_str();
        c
    }
    /// A member of a bracket expression, after which there has to be more.
    fn member(chunk: &mut &str) -> Result<char, ()> {
        let mut c = next(chunk).filter(|c| !matches!(c, '-' | ']')).ok_or(())?;
        if c == '\\' {
            c = next(chunk).ok_or(())?;
        }
        if chunk.is_empty() { Err(()) } else { Ok(c) }
    }
    let mut left = name;
    let mut failed = false;
    while let Some(c) = next(&mut chunk) {
        failed |= left.is_empty();
        let subject = if failed { None } else { next(&mut left) };
        match c {
            '[' => {
                let negated = chunk.starts_with('^');
                if negated {
                    next(&mut chunk);
                }
                let (mut hit, mut first) = (false, true);
                while first || !chunk.starts_with(']') {
                    first = false;
                    let low = member(&mut chunk)?;
                    let mut high = low;
                    if chunk.starts_with('-') {
                        next(&mut chunk);
                        high = member(&mut chunk)?;
                    }
                    hit |= subject.is_some_and(|s| (low..=high).contains(&s));
                }
                next(&mut chunk);
                failed |= hit == negated;
            }
            '?' => failed |= subject == Some('/'),
            c => {
                let c = if c == '\\' { next(&mut chunk).ok_or(())? } else { c };
                failed |= subject != Some(c);
            }
        }
    }
    Ok((!failed).then_some(left))
}

/// Turns a pattern into what matches it, by way of the regular expression that moby makes of it.
fn compile(pattern: &str) -> Kind {
    #[derive(PartialEq)]
    enum Detected {
        Exact,
        Prefix,
        Suffix,
        Regexp,
    }
    let mut detected = Detected::Exact;
    let mut expression = String::from("^");
    let mut chars = pattern.strip_prefix('\u{feff}').unwrap_or(pattern).chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    expression.push_str("(.*/)?");
                    detected = Detected::Regexp;
                } else if detected == Detected::Exact {
                    detected = Detected::Prefix;
                } else {
                    expression.push_str(".*");
                    detected = Detected::Regexp;
                }
                if first {
                    detected = Detected::Suffix;
                }
            }
            '*' => {
                expression.push_str("[^/]*");
                detected = Detected::Regexp;
            }
            '?' => {
                expression.push_str("[^/]");
                detected = Detected::Regexp;
            }
            // moby means to escape `|`, `{` and `}` too, but its table has no place for characters from 64 on.
            '.' | '+' | '(' | ')' | '$' => expression.extend(['\\', c]),
            '\\' => {
                expression.push('\\');
                if let Some(c) = chars.next() {
                    expression.push(c);
                    detected = Detected::Regexp;
                }
            }
            '[' | ']' => {
                expression.push(c);
                detected = Detected::Regexp;
            }
            c => expression.push(c),
        }
        first = false;
    }
    match detected {
        Detected::Exact => Kind::Exact,
        Detected::Prefix => Kind::Prefix(pattern.get(..pattern.len() - 2).unwrap_or("").to_owned()),
        Detected::Suffix => Kind::Suffix(pattern.get(2..).unwrap_or("").to_owned()),
        Detected::Regexp => {
            expression.push('$');
            Regexp::new(&expression).map_or(Kind::Bad, Kind::Regexp)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_slashes_and_white_space() {
        let text = "\u{feff}# c\n /a/../b/ \n\n!  /x/./y\n #not\n/\n!\n";
        assert_eq!(read(text), ["b", "!x/y", "#not", "/", "!"]);
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let matcher = Matcher::new(&["**/*.md", "!docs", "docs/secret"]).unwrap();
        let decide = |path: &str| matcher.decide(path).unwrap().map(|d| (d.pattern, d.ignored));
        assert_eq!(decide("a/b.md"), Some((0, true)));
        assert_eq!(decide("docs/b.md"), Some((1, false)));
        assert_eq!(decide("docs/secret/x"), Some((2, true)));
        assert_eq!(decide("src/x"), None);
    }

    #[test]
    fn malformed_patterns_are_errors() {
        assert_eq!(Matcher::new(&["!"]).unwrap_err().code(), "DOCKERIGNORE_BARE_EXCLUSION");
        assert_eq!(Matcher::new(&["a["]).unwrap_err().code(), "DOCKERIGNORE_PATTERN");
    }

    #[test]
    fn a_walk_sends_the_directories_of_what_it_sends() {
        let matcher = Matcher::new(&read("*\n!a/b\n")).unwrap();
        assert_eq!(matcher.walk(&["a/b/c", "a/d", "e"]).unwrap(), ["a/", "a/b/", "a/b/c"]);
    }

    #[test]
    fn a_context_is_divided_by_the_patterns_that_decide() {
        let text = "# c\nnode_modules\n\n**/*.log\n!keep.log\n";
        assert_eq!(read_lines(text).iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 4, 5]);
        let matcher = Matcher::new(&read(text)).unwrap();
        let divided = matcher.divide(&["node_modules/a/b", "x/y.log", "keep.log", "z"]).unwrap();
        assert_eq!(divided.sent, ["keep.log", "x/", "z"]);
        let ignored: Vec<(&str, usize)> = divided.ignored.iter().map(|(p, i)| (p.as_str(), *i)).collect();
        assert_eq!(ignored, [("node_modules/", 0), ("node_modules/a/", 0), ("node_modules/a/b", 0), ("x/y.log", 1)]);
    }
}
