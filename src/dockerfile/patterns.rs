//! Path patterns of `.dockerignore`, `COPY --exclude` and `COPY --parents`, as moby's `patternmatcher` reads them.
//!
//! `*` is any run without a slash, `**` any number of directories, `?` one character, `[…]` a class, `\` takes the meaning
//! from what follows, a leading `!` takes matches back. A pattern that matches a directory matches all below it.

/// Patterns in order: the last one that matches decides.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    patterns: Vec<Pattern>,
}

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

#[derive(Clone, Debug)]
struct Pattern {
    exclusion: bool,
    form: Form,
}

/// moby takes short cuts for simple patterns, and one of them shows: `**x` ends any name in x.
#[derive(Clone, Debug)]
enum Form {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Tokens(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Literal(char),
    /// `?`: one character but a slash.
    One,
    /// `*`: any run without a slash.
    Run,
    /// `**` before more: nothing, or anything that ends in a slash.
    Directories,
    /// `**` at the end: anything.
    Rest,
    /// `[…]`: one character in (or not in) these ranges.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Patterns {
    /// Reads patterns. Empty ones are left out; white space around one does not count; `.`, `..` and doubled slashes are
    /// cleaned away.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        let mut read = Vec::new();
        for text in patterns {
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let cleaned = clean(text);
            let (exclusion, body) = match cleaned.strip_prefix('!') {
                Some("") => return Err(PatternError::EmptyExclusion),
                Some(rest) => (true, rest),
                None => (false, cleaned.as_str()),
            };
            let form = compile(body).ok_or_else(|| PatternError::Syntax(text.chars().take(200).collect()))?;
            read.push(Pattern { exclusion, form });
        }
        Ok(Self { patterns: read })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether one of them takes matches back.
    pub fn has_exclusions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.exclusion)
    }

    /// Whether `path` (relative, with slashes) or a directory above it is matched, all patterns taken together.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.matches_below(path, &Matched::default()).0
    }

    /// The same for a path in a directory whose result is known, and the result for what is below `path`.
    pub fn matches_below(&self, path: &[u8], parent: &Matched) -> (bool, Matched) {
        let mut matched = false;
        let mut each = vec![false; self.patterns.len()];
        for ((at, pattern), slot) in self.patterns.iter().enumerate().zip(&mut each) {
            let mut hit = parent.0.get(at).copied().unwrap_or(false);
            if !hit {
                // An inclusion has nothing to add to a match, nor an exclusion to take from none.
                if pattern.exclusion != matched {
                    continue;
                }
                hit = pattern.form.matches(path);
                if !hit && parent.0.is_empty() {
                    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
                    hit = slashes.any(|(at, _)| at > 0 && path.get(..at).is_some_and(|dir| pattern.form.matches(dir)));
                }
            }
            *slot = hit;
            if hit {
                matched = !pattern.exclusion;
            }
        }
        (matched, Matched(each))
    }
}

/// Go's `filepath.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            ".." if rooted => {}
            name => names.push(name),
        }
    }
    let joined = names.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn compile(pattern: &str) -> Option<Form> {
    #[derive(PartialEq)]
    enum Short {
        Exact,
        Prefix,
        Suffix,
        None,
    }
    let mut short = Short::Exact;
    let mut tokens = Vec::new();
    let mut rest = pattern.chars().peekable();
    let mut first = true;
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                }
                if rest.peek().is_none() {
                    short = if short == Short::Exact { Short::Prefix } else { Short::None };
                    tokens.push(Token::Rest);
                } else {
                    short = Short::None;
                    tokens.push(Token::Directories);
                }
                if first {
                    short = Short::Suffix;
                }
            }
            '*' => {
                short = Short::None;
                tokens.push(Token::Run);
            }
            '?' => {
                short = Short::None;
                tokens.push(Token::One);
            }
            '\\' => {
                short = Short::None;
                tokens.push(Token::Literal(rest.next()?));
            }
            '[' => {
                short = Short::None;
                tokens.push(class(&mut rest)?);
            }
            ']' => {
                short = Short::None;
                tokens.push(Token::Literal(']'));
            }
            other => tokens.push(Token::Literal(other)),
        }
        first = false;
    }
    Some(match short {
        Short::Exact => Form::Exact(pattern.into()),
        Short::Prefix => Form::Prefix(pattern.strip_suffix("**")?.into()),
        Short::Suffix => Form::Suffix(pattern.strip_prefix("**")?.into()),
        Short::None => Form::Tokens(tokens),
    })
}

/// The inside of a class behind its `[`.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges: Vec<(char, char)> = Vec::new();
    loop {
        let low = match rest.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { negated, ranges }),
            ']' => return None,
            '\\' => rest.next()?,
            other => other,
        };
        let mut high = low;
        let mut ahead = rest.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']') {
            rest.next();
            high = match rest.next()? {
                '\\' => rest.next()?,
                other => other,
            };
            if high < low {
                return None;
            }
        }
        ranges.push((low, high));
    }
}

impl Form {
    fn matches(&self, path: &[u8]) -> bool {
        match self {
            Self::Exact(text) => path == text,
            Self::Prefix(text) => path.starts_with(text),
            Self::Suffix(text) => path.ends_with(text) || text.strip_prefix(b"/").is_some_and(|name| path == name),
            Self::Tokens(tokens) => {
                let text = String::from_utf8_lossy(path);
                let characters: Vec<char> = text.chars().collect();
                tokens_match(tokens, &characters)
            }
        }
    }
}

/// Follows all ways through the pattern at once, so no pattern takes longer than its length times the name's.
fn tokens_match(tokens: &[Token], name: &[char]) -> bool {
    // `states[i]`: the tokens before i have matched what was read.
    let mut states = vec![false; tokens.len() + 1];
    if let Some(start) = states.first_mut() {
        *start = true;
    }
    skip(tokens, &mut states);
    let mut next = vec![false; tokens.len() + 1];
    // For `**`: what it has read so far may go on, though only behind a slash may the next token begin.
    let mut inside = vec![false; tokens.len()];
    for character in name {
        next.fill(false);
        for (at, token) in tokens.iter().enumerate() {
            let here = states.get(at).copied().unwrap_or(false);
            let mut set = |at: usize| {
                if let Some(slot) = next.get_mut(at) {
                    *slot = true;
                }
            };
            match token {
                Token::Literal(wanted) if here && wanted == character => set(at + 1),
                Token::One if here && *character != '/' => set(at + 1),
                Token::Class { negated, ranges } if here => {
                    let within = ranges.iter().any(|(low, high)| low <= character && character <= high);
                    if within != *negated {
                        set(at + 1);
                    }
                }
                Token::Run if here && *character != '/' => set(at),
                Token::Rest if here => set(at),
                Token::Directories => {
                    if let Some(running) = inside.get_mut(at) {
                        *running |= here;
                        if *running && *character == '/' {
                            set(at + 1);
                        }
                    }
                }
                _ => {}
            }
        }
        skip(tokens, &mut next);
        std::mem::swap(&mut states, &mut next);
    }
    states.last().copied().unwrap_or(false)
}

/// Tokens that may stand for nothing are passed.
fn skip(tokens: &[Token], states: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token, Token::Run | Token::Rest | Token::Directories)
            && states.get(at) == Some(&true)
            && let Some(slot) = states.get_mut(at + 1)
        {
            *slot = true;
        }
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
            ("a[b-]c", "a-c", true),
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
