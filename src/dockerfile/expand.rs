//! Expansion of words: quotes, escapes and every `${…}` form, as `frontend/dockerfile/shell` of BuildKit does it.
//!
//! It looks like a shell's and is not one: a backslash before any character outside quotes takes it literally, patterns
//! know only `*` and `?`, and an unset variable is empty unless asked otherwise.

use std::collections::BTreeSet;

use thiserror::Error;

/// Where variables come from.
pub trait Env {
    /// The value of a variable, `None` where it is not set.
    fn get(&self, name: &str) -> Option<&str>;
}

impl Env for () {
    fn get(&self, _: &str) -> Option<&str> {
        None
    }
}

impl Env for std::collections::BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

/// Pairs in order; the last one of a name counts.
impl Env for Vec<(String, String)> {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// How to expand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expander {
    /// The escape character of the file.
    pub escape: super::syntax::Escape,
    /// Keep quotes in the result.
    pub raw_quotes: bool,
    /// Keep escape characters in the result.
    pub raw_escapes: bool,
    /// Leave references to unset variables as written instead of dropping them.
    pub skip_unset: bool,
    /// Give quotes no meaning.
    pub skip_quotes: bool,
}

/// What became of a word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// The whole, as one word.
    pub word: String,
    /// Split at white space that was not quoted, after expansion. As in BuildKit, a `${…}` with a modifier drops what
    /// stands before it in its word: `go-${V%.*}` gives the word `1.2` here, while [`Expansion::word`] is whole.
    pub words: Vec<String>,
    /// Variables that were asked for and set.
    pub matched: BTreeSet<String>,
    /// Variables that were asked for and not set.
    pub unmatched: BTreeSet<String>,
}

/// Why a word cannot be expanded. The wording follows BuildKit's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ExpandError {
    #[error("unexpected end of statement while looking for matching {0}: close the quote")]
    Quote(&'static str),
    #[error("missing '}}': close the ${{…}} expression")]
    Brace,
    #[error("missing '/' in ${{…}}: write ${{name/pattern/replacement}}")]
    Slash,
    #[error("bad substitution: write a name after '${{'")]
    Substitution,
    #[error("unsupported modifier ({0}) in substitution")]
    Modifier(String),
    #[error("{0}: {1}")]
    Required(String, String),
    #[error("invalid pattern ({0}) in substitution: a backslash can only stand before *, ?, \\, / or }}")]
    Pattern(String),
    #[error("expressions are nested more than {MAX_DEPTH} deep: set a variable with ARG or ENV first and use that")]
    Depth,
    #[error("the expanded text, or the work to match its pattern, is over the limit of {MAX_LENGTH} bytes")]
    Length,
}

impl ExpandError {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Quote(_) => "WORD_UNCLOSED_QUOTE",
            Self::Brace | Self::Slash => "WORD_UNCLOSED_SUBSTITUTION",
            Self::Substitution => "WORD_BAD_SUBSTITUTION",
            Self::Modifier(_) => "WORD_UNSUPPORTED_MODIFIER",
            Self::Required(..) => "WORD_REQUIRED_VARIABLE",
            Self::Pattern(_) => "WORD_INVALID_PATTERN",
            Self::Depth => "WORD_TOO_DEEP",
            Self::Length => "WORD_TOO_LONG",
        }
    }
}

/// Nesting of `${…${…}}` that is followed.
const MAX_DEPTH: u32 = 100;
/// Bytes of a result; a chain of `ENV a=$a$a` would double without end.
const MAX_LENGTH: usize = 16 << 20;

impl Expander {
    /// Expands `text` with the variables of `env`.
    ///
    /// # Errors
    /// Where quotes or braces are not closed, a pattern or modifier is unknown, or `${x:?}` asks for an unset variable.
    ///
    /// ```
    /// use layerwright::dockerfile::expand::Expander;
    /// let env = std::collections::BTreeMap::from([("V".to_owned(), "1.2.3".to_owned())]);
    /// let e = Expander::default().expand("${V%.*} ${OS:-linux}", &env).unwrap();
    /// assert_eq!(e.word, "1.2 linux");
    /// assert_eq!(e.words, ["1.2", "linux"]);
    /// ```
    pub fn expand(&self, text: &str, env: &dyn Env) -> Result<Expansion, ExpandError> {
        // Go's scanner, which BuildKit uses, drops a byte order mark at the start.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut run = Run {
            options: *self,
            escape: self.escape.char(),
            raw_escapes: self.raw_escapes,
            rest: text,
            env,
            words: Words::default(),
            depth: 0,
            matched: BTreeSet::new(),
            unmatched: BTreeSet::new(),
        };
        let (word, words) = run.until(None, self.raw_escapes)?;
        Ok(Expansion { word, words, matched: run.matched, unmatched: run.unmatched })
    }
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    word: String,
    in_word: bool,
}

impl Words {
    fn push(&mut self, c: char) {
        if !c.is_whitespace() {
            self.push_raw(c);
        } else if self.in_word && !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
            self.in_word = false;
        }
    }

    fn push_raw(&mut self, c: char) {
        self.word.push(c);
        self.in_word = true;
    }

    fn push_raw_str(&mut self, s: &str) {
        self.word.push_str(s);
        self.in_word = true;
    }

    fn take(&mut self) -> Vec<String> {
        let all = std::mem::take(self);
        let mut done = all.done;
        if !all.word.is_empty() {
            done.push(all.word);
        }
        done
    }
}

struct Run<'a> {
    options: Expander,
    escape: char,
    raw_escapes: bool,
    rest: &'a str,
    env: &'a dyn Env,
    /// The words of the level that is read.
    words: Words,
    depth: u32,
    matched: BTreeSet<String>,
    unmatched: BTreeSet<String>,
}

impl<'a> Run<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    /// Expands up to and including an unquoted `stop`, or to the end.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Vec<String>), ExpandError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpandError::Depth);
        }
        let outer = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        // BuildKit has one buffer for the unfinished words of all levels: an inner `${…}` with a text of its own drops
        // the word that the outer one had begun. The finished ones stay.
        let done = std::mem::take(&mut self.words).done;
        let result = self.until_inner(stop);
        self.words = Words { done, ..Words::default() };
        self.raw_escapes = outer;
        self.depth -= 1;
        result
    }

    fn until_inner(&mut self, stop: Option<char>) -> Result<(String, Vec<String>), ExpandError> {
        let mut result = String::new();
        while let Some(c) = self.peek() {
            if stop == Some(c) {
                self.next();
                return Ok((result, self.words.take()));
            }
            match c {
                '$' => {
                    let value = self.dollar()?;
                    if result.len() + value.len() > MAX_LENGTH {
                        return Err(ExpandError::Length);
                    }
                    result.push_str(&value);
                    value.chars().for_each(|c| self.words.push(c));
                }
                '<' => {
                    let value = self.heredoc_start();
                    result.push_str(value);
                    self.words.push_raw_str(value);
                }
                '\'' | '"' if !self.options.skip_quotes => {
                    let value = if c == '\'' { self.single_quote()? } else { self.double_quote()? };
                    result.push_str(&value);
                    self.words.push_raw_str(&value);
                }
                _ => {
                    self.next();
                    if c != self.escape {
                        self.words.push(c);
                        result.push(c);
                        continue;
                    }
                    if self.raw_escapes {
                        self.words.push_raw(c);
                        result.push(c);
                    }
                    if let Some(c) = self.next() {
                        self.words.push_raw(c);
                        result.push(c);
                    }
                }
            }
        }
        match stop {
            Some('}') => Err(ExpandError::Brace),
            Some(_) => Err(ExpandError::Slash),
            None => Ok((result, self.words.take())),
        }
    }

    /// `<`, or `<<` with the blanks after it, which belong to the word: `<< EOF` is one.
    fn heredoc_start(&mut self) -> &'a str {
        let text = self.rest;
        let length = match text.strip_prefix("<<") {
            None => 1,
            Some(after) => text.len() - after.trim_start_matches([' ', '\t', '\r', '\n']).len(),
        };
        let (start, rest) = text.split_at(length);
        self.rest = rest;
        start
    }

    fn single_quote(&mut self) -> Result<String, ExpandError> {
        let mut result = String::new();
        self.next();
        let (inside, rest) = self.rest.split_once('\'').ok_or(ExpandError::Quote("single quote"))?;
        if self.options.raw_quotes {
            result.push('\'');
        }
        result.push_str(inside);
        if self.options.raw_quotes {
            result.push('\'');
        }
        self.rest = rest;
        Ok(result)
    }

    fn double_quote(&mut self) -> Result<String, ExpandError> {
        let mut result = String::new();
        self.next();
        if self.options.raw_quotes {
            result.push('"');
        }
        loop {
            match self.peek().ok_or(ExpandError::Quote("double quote"))? {
                '"' => {
                    self.next();
                    if self.options.raw_quotes {
                        result.push('"');
                    }
                    return Ok(result);
                }
                '$' => {
                    result.push_str(&self.dollar()?);
                    if result.len() > MAX_LENGTH {
                        return Err(ExpandError::Length);
                    }
                }
                c => {
                    self.next();
                    let mut c = c;
                    if c == self.escape {
                        if self.raw_escapes {
                            result.push(c);
                        }
                        match self.peek() {
                            None => continue,
                            Some(n) if n == '"' || n == '$' || n == self.escape => {
                                self.next();
                                c = n;
                            }
                            Some(_) => {}
                        }
                    }
                    result.push(c);
                }
            }
        }
    }

    /// `$name` or `${…}`; the `$` is next.
    fn dollar(&mut self) -> Result<String, ExpandError> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.lookup(&name) {
                None if self.options.skip_unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        self.next();
        match self.peek() {
            None => return Err(ExpandError::Brace),
            Some('{' | '}' | ':') => return Err(ExpandError::Substitution),
            _ => {}
        }
        let name = self.name();
        let mut modifier = String::new();
        let mut c = self.next();
        modifier.extend(c.or(Some('\u{fffd}')));
        match c {
            Some('}') => {
                return Ok(match self.lookup(&name) {
                    None if self.options.skip_unset => format!("${{{name}}}"),
                    value => value.unwrap_or_default(),
                });
            }
            Some('/') => return self.replace(&name),
            Some(':' | '+' | '-' | '?' | '#' | '%') => {}
            _ => return Err(ExpandError::Modifier(modifier)),
        }
        let empty_is_unset = c == Some(':');
        if empty_is_unset {
            c = self.next();
            modifier.extend(c.or(Some('\u{fffd}')));
        }
        let pattern = matches!(c, Some('#' | '%'));
        if empty_is_unset && pattern {
            return Err(ExpandError::Modifier(modifier));
        }
        let (word, _) = self.until(Some('}'), pattern).map_err(|e| self.at_end(e))?;
        let value = self.lookup(&name);
        if value.is_none() && self.options.skip_unset {
            return Ok(format!("${{{name}{modifier}{word}}}"));
        }
        let missing = value.is_none() || (empty_is_unset && value.as_deref() == Some(""));
        match c {
            Some('-') => Ok(if missing { word } else { value.unwrap_or_default() }),
            Some('+') => Ok(if missing { String::new() } else { word }),
            Some('?') if missing => {
                let default = if value.is_none() { "is not allowed to be unset" } else { "is not allowed to be empty" };
                let message = if word.is_empty() { default.to_owned() } else { word };
                Err(ExpandError::Required(name, message))
            }
            Some('?') => Ok(value.unwrap_or_default()),
            Some(side @ ('#' | '%')) => {
                let (greedy, pattern) = word.strip_prefix(side).map_or((false, word.as_str()), |p| (true, p));
                trim(pattern, &value.unwrap_or_default(), greedy, side == '%')
            }
            _ => Err(ExpandError::Modifier(modifier)),
        }
    }

    /// BuildKit reports the missing brace where a nested error lies at the end of the text.
    fn at_end(&self, error: ExpandError) -> ExpandError {
        if self.rest.is_empty() { ExpandError::Brace } else { error }
    }

    /// `${name/pattern/replacement}` and `${name//pattern/replacement}`, after the first `/`.
    fn replace(&mut self, name: &str) -> Result<String, ExpandError> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let (pattern, _) = self.until(Some('/'), true)?;
        let (replacement, _) = self.until(Some('}'), true).map_err(|e| self.at_end(e))?;
        let value = self.lookup(name);
        if value.is_none() && self.options.skip_unset {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        let value = value.unwrap_or_default();
        if all { replace_all(&pattern, &value, &replacement) } else { replace_first(&pattern, &value, &replacement) }
    }

    /// Letters, digits and `_`; or only digits; or one special parameter.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if name.is_empty() && is_digit(c) {
                while let Some(c) = self.peek().filter(|&c| is_digit(c)) {
                    self.next();
                    name.push(c);
                }
                return name;
            }
            if name.is_empty() && matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
                self.next();
                return c.to_string();
            }
            if !(is_letter(c) || is_digit(c) || c == '_') {
                break;
            }
            self.next();
            name.push(c);
        }
        name
    }

    fn lookup(&mut self, name: &str) -> Option<String> {
        let value = self.env.get(name).map(str::to_owned);
        let seen = if value.is_some() { &mut self.matched } else { &mut self.unmatched };
        if !seen.contains(name) {
            seen.insert(name.to_owned());
        }
        value
    }
}

/// Go's `unicode.IsLetter`, near enough: combining marks that are alphabetic are taken for letters.
fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { c.is_alphabetic() }
}

/// Go's `unicode.IsDigit`: decimal digits of any script, which stand in tens.
fn is_digit(c: char) -> bool {
    const TENS: [u32; 36] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
        0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
        0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    ];
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    let c = u32::from(c);
    TENS.iter().any(|&t| (t..t + 10).contains(&c))
}

/// `${name#pattern}` (and `%` for the end).
fn trim(pattern: &str, value: &str, greedy: bool, end: bool) -> Result<String, ExpandError> {
    let glob = Glob::new(pattern, greedy)?;
    let mut chars: Vec<char> = value.chars().collect();
    if !end {
        let cut = glob.find(&chars, 0, true)?.map_or(0, |(_, e)| e);
        return Ok(chars[cut..].iter().collect());
    }
    // The shortest match at the end is the shortest at the start of the reversed text.
    chars.reverse();
    let glob = Glob { tokens: glob.tokens.into_iter().rev().collect(), greedy };
    let cut = glob.find(&chars, 0, true)?.map_or(0, |(_, e)| e);
    Ok(chars[cut..].iter().rev().collect())
}

fn replace_first(pattern: &str, value: &str, replacement: &str) -> Result<String, ExpandError> {
    let chars: Vec<char> = value.chars().collect();
    Ok(match Glob::new(pattern, true)?.find(&chars, 0, false)? {
        None => value.to_owned(),
        Some((start, end)) => {
            let mut out: String = chars[..start].iter().collect();
            out.push_str(replacement);
            out.extend(&chars[end..]);
            out
        }
    })
}

/// As Go's `Regexp.ReplaceAllString`: an empty match right after another is none.
fn replace_all(pattern: &str, value: &str, replacement: &str) -> Result<String, ExpandError> {
    let glob = Glob::new(pattern, true)?;
    let chars: Vec<char> = value.chars().collect();
    let mut out = String::new();
    let (mut last_end, mut at) = (0, 0);
    while at <= chars.len() {
        let Some((start, end)) = glob.find(&chars, at, false)? else { break };
        out.extend(&chars[last_end..start]);
        if end > last_end || start == 0 {
            let matched: String = chars[start..end].iter().collect();
            out.push_str(&template(replacement, &matched));
            if out.len() > MAX_LENGTH {
                return Err(ExpandError::Length);
            }
        }
        last_end = end;
        at = end.max(at + 1);
    }
    out.extend(chars.get(last_end..).unwrap_or(&[]));
    Ok(out)
}

/// Go's replacement templates: `$0` is the match, other groups do not exist and are empty, `$$` is `$`.
fn template(replacement: &str, matched: &str) -> String {
    let mut out = String::new();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let word = |c: char| c == '_' || is_letter(c) || is_digit(c);
        let (name, left) = match after.strip_prefix('{') {
            Some(inner) => {
                let end = inner.find(|c| !word(c)).unwrap_or(inner.len());
                match inner[end..].strip_prefix('}') {
                    Some(left) => (&inner[..end], left),
                    None => ("", after),
                }
            }
            None => after.split_at(after.find(|c| !word(c)).unwrap_or(after.len())),
        };
        if name.is_empty() {
            out.push('$');
            rest = after;
            continue;
        }
        if name == "0" {
            out.push_str(matched);
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`: one character, not a line feed.
    One,
    /// `*`: any number of them.
    Many,
}

struct Glob {
    tokens: Vec<Token>,
    greedy: bool,
}

impl Glob {
    fn new(pattern: &str, greedy: bool) -> Result<Self, ExpandError> {
        let pattern = pattern.strip_prefix('\u{feff}').unwrap_or(pattern);
        let mut tokens = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => match chars.next() {
                    Some(c @ ('}' | '/' | '*' | '?' | '\\')) => Token::Char(c),
                    _ => return Err(ExpandError::Pattern(pattern.to_owned())),
                },
                c => Token::Char(c),
            });
        }
        Ok(Self { tokens, greedy })
    }

    /// The leftmost match from `from` on, as a backtracking matcher prefers it. Linear in text times pattern: what
    /// failed once is not tried again.
    fn find(&self, text: &[char], from: usize, anchored: bool) -> Result<Option<(usize, usize)>, ExpandError> {
        let (text, offset) = (text.get(from..).unwrap_or(&[]), from);
        let width = text.len() + 1;
        if width.saturating_mul(self.tokens.len() + 1) > MAX_LENGTH {
            return Err(ExpandError::Length);
        }
        let mut failed = vec![false; width * (self.tokens.len() + 1)];
        let last = if anchored { 0 } else { text.len() };
        let mut stack = Vec::new();
        for start in 0..=last {
            stack.clear();
            stack.push((0, start));
            while let Some((token, at)) = stack.pop() {
                let Some(seen) = failed.get_mut(token * width + at) else { continue };
                if std::mem::replace(seen, true) {
                    continue;
                }
                let dot = text.get(at).is_some_and(|&c| c != '\n');
                match self.tokens.get(token) {
                    None => return Ok(Some((start + offset, at + offset))),
                    Some(Token::Char(c)) if text.get(at) == Some(c) => stack.push((token + 1, at + 1)),
                    Some(Token::One) if dot => stack.push((token + 1, at + 1)),
                    Some(Token::Many) if !dot => stack.push((token + 1, at)),
                    // The last pushed is tried first.
                    Some(Token::Many) if self.greedy => stack.extend([(token + 1, at), (token, at + 1)]),
                    Some(Token::Many) => stack.extend([(token, at + 1), (token + 1, at)]),
                    _ => {}
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Result<String, &'static str> {
        let env = vec![("V".to_owned(), "a/b.c.d".to_owned()), ("E".to_owned(), String::new())];
        Expander::default().expand(text, &env).map(|e| e.word).map_err(|e| e.code())
    }

    #[test]
    fn forms_of_substitution() {
        for (text, want) in [
            ("$V-${V}", "a/b.c.d-a/b.c.d"),
            ("${U:-x}${E:-y}${E-z}", "xy"),
            ("${V:+x}${E:+y}${E+z}", "xz"),
            ("${V#*.}|${V##*.}|${V%.*}|${V%%.*}", "c.d|d|a/b.c|a/b"),
            ("${V/b/X}|${V//?/-}|${V/./_}", "a/X.c.d|-------|a/b_c.d"),
            ("'$V' \"$E\" \\$V", "$V  $V"),
            ("$1x $? $", "x  $"),
        ] {
            assert_eq!(word(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn errors_have_codes() {
        for (text, code) in [
            ("'a", "WORD_UNCLOSED_QUOTE"),
            ("${V", "WORD_UNSUPPORTED_MODIFIER"),
            ("${V:-x", "WORD_UNCLOSED_SUBSTITUTION"),
            ("${}", "WORD_BAD_SUBSTITUTION"),
            ("${V^^}", "WORD_UNSUPPORTED_MODIFIER"),
            ("${U:?gone}", "WORD_REQUIRED_VARIABLE"),
            ("${V#\\a}", "WORD_INVALID_PATTERN"),
        ] {
            assert_eq!(word(text), Err(code), "{text}");
        }
        assert_eq!(word(&"${U:-".repeat(5000)), Err("WORD_TOO_DEEP"));
    }

    #[test]
    fn the_variables_asked_for_are_known() {
        let env = vec![("A".to_owned(), "1".to_owned())];
        let e = Expander::default().expand("$A ${B:-$C}", &env).unwrap();
        assert_eq!(e.matched.into_iter().collect::<Vec<_>>(), ["A"]);
        assert_eq!(e.unmatched.into_iter().collect::<Vec<_>>(), ["B", "C"]);
    }
}
