//! Flags and arguments of one logical line, each instruction by its own grammar.
//!
//! The grammars are those of `line_parsers.go` and `split_command.go` in BuildKit.

use std::borrow::Cow;
use std::ops::Range;

use super::syntax::{Escape, Flag, Keyword, Logical};

/// The characters BuildKit splits keywords and plain words at: its expression `[\t\v\f\r ]+`.
pub(crate) fn is_separator(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// Something BuildKit's parser refuses in the arguments; `range` in the text given.
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) range: Range<usize>,
}

/// An argument and where it was.
pub(crate) struct Arg<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) range: Range<usize>,
}

impl<'t> Arg<'t> {
    /// The argument at `range` of `text`, as it stands there.
    fn of(text: &'t str, range: Range<usize>) -> Self {
        Self { text: Cow::Borrowed(text.get(range.clone()).unwrap_or("")), range }
    }
}

#[derive(Default)]
pub(crate) struct Parsed<'t> {
    pub(crate) words: Vec<Arg<'t>>,
    pub(crate) json: bool,
    pub(crate) problem: Option<Problem>,
}

/// Reads the text after keyword and flags.
pub(crate) fn parse(kind: Keyword, rest: &str, escape: Escape) -> Parsed<'_> {
    match kind {
        Keyword::Add | Keyword::Copy | Keyword::Volume => json_or(rest, separated),
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Run | Keyword::Shell => json_or(rest, whole),
        Keyword::Expose | Keyword::From => Parsed { words: separated(rest), ..Parsed::default() },
        Keyword::Arg => Parsed { words: words(rest, escape), ..Parsed::default() },
        Keyword::Env | Keyword::Label => pairs(kind, rest, escape),
        Keyword::Healthcheck => healthcheck(rest),
        Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => {
            Parsed { words: whole(rest), ..Parsed::default() }
        }
        // BuildKit keeps one empty argument for what it does not know.
        Keyword::Unknown => Parsed { words: vec![Arg::of(rest, 0..0)], ..Parsed::default() },
        Keyword::Onbuild => Parsed::default(),
    }
}

fn whole(rest: &str) -> Vec<Arg<'_>> {
    if rest.is_empty() { Vec::new() } else { vec![Arg::of(rest, 0..rest.len())] }
}

fn separated(rest: &str) -> Vec<Arg<'_>> {
    let separators = rest.bytes().filter(|&b| is_separator(char::from(b))).count();
    let mut found = Vec::with_capacity(usize::from(!rest.is_empty()) + separators);
    let mut start = 0;
    for (at, b) in rest.bytes().enumerate() {
        if is_separator(char::from(b)) {
            if at > start {
                found.push(Arg::of(rest, start..at));
            }
            start = at + 1;
        }
    }
    if rest.len() > start {
        found.push(Arg::of(rest, start..rest.len()));
    }
    found
}

fn json_or<'t>(rest: &'t str, other: impl Fn(&'t str) -> Vec<Arg<'t>>) -> Parsed<'t> {
    match json_array(rest) {
        Json::Strings(words) => Parsed { words, json: true, problem: None },
        Json::Mixed => Parsed { problem: Some(mixed(0..rest.len())), ..Parsed::default() },
        Json::Not => Parsed { words: other(rest), ..Parsed::default() },
    }
}

fn mixed(range: Range<usize>) -> Problem {
    Problem {
        code: "DOCKERFILE_JSON_NOT_STRINGS",
        message: "a JSON array of arguments may hold only strings".to_owned(),
        help: Some("put every element into double quotes".to_owned()),
        range,
    }
}

/// Words parted by white space outside quotes. Quotes and escapes stay in.
fn words(rest: &str, escape: Escape) -> Vec<Arg<'_>> {
    let escape = escape.char();
    // Most often there is one.
    let mut found = Vec::with_capacity(usize::from(!rest.is_empty()));
    let mut chars = rest.char_indices();
    while let Some((start, first)) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut quote = None;
        let mut end = rest.len();
        let mut current = Some((start, first));
        while let Some((at, c)) = current {
            if quote.is_none() && c.is_whitespace() {
                end = at;
                break;
            }
            match quote {
                None if c == '\'' || c == '"' => quote = Some(c),
                Some(q) if c == q => quote = None,
                _ => {}
            }
            // Nothing can be escaped inside single quotes. An escape character at the very end is dropped.
            if c == escape && quote != Some('\'') && chars.next().is_none() {
                end = at;
                break;
            }
            current = chars.next();
        }
        if end > start {
            found.push(Arg::of(rest, start..end));
        }
    }
    found
}

/// `ENV` and `LABEL`: three words for each pair.
fn pairs(kind: Keyword, rest: &str, escape: Escape) -> Parsed<'_> {
    let words = words(rest, escape);
    let Some(first) = words.first() else { return Parsed::default() };
    let name = kind.name();
    let mut parsed = Parsed::default();
    if !first.text.contains('=') {
        let Some(end) = rest.find(is_separator) else {
            parsed.words = words;
            parsed.problem = Some(Problem {
                code: "DOCKERFILE_VALUE_MISSING",
                message: format!("{name} must have two arguments"),
                help: Some(format!("write {name} {rest}=value")),
                range: 0..rest.len(),
            });
            return parsed;
        };
        let value = rest[end..].trim_start_matches(is_separator);
        let at = rest.len() - value.len();
        parsed.words = vec![Arg::of(rest, 0..end), Arg::of(rest, at..rest.len()), Arg::of(rest, end..end)];
        return parsed;
    }
    parsed.words.reserve(3 * words.len());
    for word in words {
        let Some(key) = word.text.find('=') else {
            parsed.problem.get_or_insert(Problem {
                code: "DOCKERFILE_VALUE_MISSING",
                message: format!("there is no = in {:?}", word.text),
                help: Some(format!("write {name} name=value, with quotes where the value holds spaces")),
                range: word.range,
            });
            continue;
        };
        let (start, end) = (word.range.start, word.range.end);
        let equals = start + key;
        parsed.words.extend([start..equals, equals + 1..end, equals..equals + 1].map(|r| Arg::of(rest, r)));
    }
    parsed
}

/// `HEALTHCHECK`: a kind, then a command.
fn healthcheck(rest: &str) -> Parsed<'_> {
    // The kind ends at the first byte that, taken as a character, is white space.
    let space = |b: u8| char::from(b).is_whitespace();
    let bytes = rest.as_bytes();
    let end = bytes.iter().position(|&b| space(b)).unwrap_or(bytes.len());
    if end == 0 {
        return Parsed::default();
    }
    let next = bytes[end..].iter().position(|&b| !space(b)).map_or(bytes.len(), |i| end + i);
    let lossy = |r: Range<usize>| super::parser::decode(bytes.get(r).unwrap_or(&[]));
    let mut parsed = match lossy(next..bytes.len()) {
        Cow::Borrowed(command) => json_or(command, whole),
        Cow::Owned(command) => {
            // A character was cut.
            let Parsed { words, json, problem } = json_or(&command, whole);
            let own = |a: Arg<'_>| Arg { text: Cow::Owned(a.text.into_owned()), range: a.range };
            Parsed { words: words.into_iter().map(own).collect(), json, problem }
        }
    };
    for arg in &mut parsed.words {
        arg.range = (next + arg.range.start).min(rest.len())..(next + arg.range.end).min(rest.len());
    }
    if let Some(problem) = &mut parsed.problem {
        problem.range = next..rest.len();
    }
    parsed.words.insert(0, Arg { text: lossy(0..end), range: 0..end });
    parsed
}

/// A flag as cut from the text after the keyword.
pub(crate) struct RawFlag<'t> {
    text: Cow<'t, str>,
    range: Range<usize>,
    /// End of the name in the text, where a `=` was found.
    equals: Option<usize>,
}

impl<'t> RawFlag<'t> {
    /// With its place in the source; the text given to [`flags`] begins at `at` of the logical line.
    pub(crate) fn place(self, logical: &Logical<'_>, at: usize) -> Flag<'t> {
        let range = (at + self.range.start) as u32..(at + self.range.end) as u32;
        let equals = self.equals.map_or(range.end, |e| (at + e) as u32);
        Flag {
            text: self.text,
            span: logical.source_span(range.clone()),
            name_span: logical.source_span(range.start..equals),
            value_span: logical.source_span((equals + 1).min(range.end)..range.end),
            logical: range,
        }
    }
}

/// The flags at the start, and where the rest begins.
///
/// BuildKit reads this part byte by byte: a byte over 127 becomes the character of that number. The backslash escapes
/// here whatever the escape directive says.
pub(crate) fn flags(text: &str) -> (Vec<RawFlag<'_>>, usize) {
    let line = text.as_bytes();
    let space = |b: u8| char::from(b).is_whitespace();
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|&&b| space(b)).count();
        if !line[at..].starts_with(b"--") {
            return (found, at);
        }
        let start = at;
        // The text, from the first byte on at which it is no longer as written.
        let mut changed: Option<String> = None;
        let mut equals = None;
        let mut quote = None;
        let mut quoted = false;
        while let Some(&b) = line.get(at) {
            if quote.is_none() && space(b) {
                break;
            }
            let so_far = || text.get(start..at).unwrap_or("").to_owned();
            match quote {
                None if b == b'\'' || b == b'"' => {
                    quote = Some(b);
                    quoted = true;
                    changed.get_or_insert_with(so_far);
                }
                Some(q) if q == b => quote = None,
                _ => {
                    let mut b = b;
                    if b == b'\\' || !b.is_ascii() {
                        changed.get_or_insert_with(so_far);
                    }
                    if b == b'\\' {
                        at += 1;
                        match line.get(at) {
                            None => break,
                            Some(&next) => b = next,
                        }
                    }
                    if b == b'=' && equals.is_none() {
                        equals = Some(at);
                    }
                    if let Some(changed) = &mut changed {
                        changed.push(char::from(b));
                    }
                }
            }
            at += 1;
        }
        at = at.min(line.len());
        let text = changed.map_or_else(|| Cow::Borrowed(text.get(start..at).unwrap_or("")), Cow::Owned);
        if text == "--" {
            return (found, at);
        }
        if quoted || !text.is_empty() {
            found.push(RawFlag { text, range: start..at, equals });
        }
    }
}

enum Json<'t> {
    Strings(Vec<Arg<'t>>),
    /// An array, but not of strings only.
    Mixed,
    /// No array, or no JSON.
    Not,
}

/// Nesting at which Go's decoder gives up.
const MAX_JSON_DEPTH: usize = 10_000;

/// Reads a JSON array of strings as Go's `encoding/json` does.
fn json_array(rest: &str) -> Json<'_> {
    let trimmed = rest.trim_start();
    if !trimmed.starts_with('[') {
        return Json::Not;
    }
    let mut reader = JsonReader { text: trimmed, at: 0, base: rest.len() - trimmed.len() };
    match reader.document() {
        Some((words, true)) => Json::Strings(words),
        Some((_, false)) => Json::Mixed,
        None => Json::Not,
    }
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins in the argument text.
    base: usize,
}

impl<'t> JsonReader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The strings of the outermost array, and whether it holds nothing else. `None` where this is not JSON.
    fn document(&mut self) -> Option<(Vec<Arg<'t>>, bool)> {
        let mut words = Vec::new();
        let mut only_strings = true;
        // The open brackets; a value is expected whenever the loop starts.
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            let top = open.len() == 1;
            match self.peek()? {
                b'"' => {
                    let start = self.at;
                    let text = self.string()?;
                    if top {
                        words.push(Arg { text, range: self.base + start..self.base + self.at });
                    }
                }
                b @ (b'[' | b'{') => {
                    only_strings &= open.is_empty();
                    self.at += 1;
                    open.push(b);
                    if open.len() > MAX_JSON_DEPTH {
                        return None;
                    }
                    self.space();
                    if !self.eat(if b == b'[' { b']' } else { b'}' }) {
                        if b == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                    open.pop();
                }
                _ => {
                    only_strings = false;
                    self.literal()?;
                }
            }
            // After a value: a comma goes on, brackets close.
            loop {
                self.space();
                let Some(&bracket) = open.last() else {
                    return (self.at == self.text.len()).then_some((words, only_strings));
                };
                if self.eat(b',') {
                    if bracket == b'{' {
                        self.space();
                        self.key()?;
                    }
                    break;
                }
                if !self.eat(if bracket == b'[' { b']' } else { b'}' }) {
                    return None;
                }
                open.pop();
            }
        }
    }

    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.space();
        self.eat(b':').then_some(())
    }

    fn literal(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        if let Some(word) = ["true", "false", "null"].into_iter().find(|w| rest.starts_with(w)) {
            self.at += word.len();
            return Some(());
        }
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        // A number no float holds is an error of its own kind for Go, and so no array.
        self.text[start..self.at].parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| ())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        if !self.eat(b'"') {
            return None;
        }
        let mut decoded: Option<String> = None;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|&b| b != b'"' && b != b'\\' && b >= 0x20).count();
            self.at += plain + 1;
            let (plain, next) = (&rest[..plain], rest.as_bytes().get(plain)?);
            if let Some(decoded) = &mut decoded {
                decoded.push_str(plain);
            }
            match next {
                b'"' => return Some(decoded.map_or(Cow::Borrowed(plain), Cow::Owned)),
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    let c = match escape {
                        b'"' | b'\\' | b'/' => char::from(escape),
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode()?,
                        _ => return None,
                    };
                    decoded.get_or_insert_with(|| plain.to_owned()).push(c);
                }
                _ => return None,
            }
        }
    }

    /// The four digits after `\u`, and a second such escape where they form a pair.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex(self.at)?;
        self.at += 4;
        let low = self.text.get(self.at..).filter(|t| t.starts_with("\\u")).and_then(|_| self.hex(self.at + 2));
        if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, low) {
            self.at += 6;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        Some(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 4)?;
        digits.iter().try_fold(0, |n, &b| Some(n * 16 + char::from(b).to_digit(16)?))
    }
}
