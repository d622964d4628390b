//! A strict JSON reader for documents from outside.
//!
//! Two readers that disagree about a document see two images under one digest, so whatever readers are known to treat
//! differently is an error or an issue here: a byte order mark, a second value behind the first, a key twice, a lone
//! surrogate, a number no machine holds. What Go's `encoding/json` does with a duplicate (the last one wins) is what the
//! returned value holds.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

/// Bounds of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole document. Default 4 MiB, the limit registries have for a manifest.
    pub bytes: usize,
    /// Arrays and objects inside each other. Default 64.
    pub depth: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { bytes: 4 << 20, depth: 64 }
    }
}

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is larger than [`JsonLimits::bytes`].
    #[error("the document has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is nested deeper than [`JsonLimits::depth`].
    #[error("arrays and objects are nested deeper than {limit} at byte {offset}")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// Where, in bytes.
        offset: usize,
    },
    /// It is not JSON (RFC 8259).
    #[error("not JSON: {what} at byte {offset}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
        /// Where, in bytes.
        offset: usize,
    },
}

impl JsonError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "JSON_TOO_LARGE",
            Self::TooDeep { .. } => "JSON_TOO_DEEP",
            Self::Syntax { .. } => "JSON_INVALID",
        }
    }
}

/// Something that readers are known to treat differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonIssue {
    /// A stable code: `JSON_DUPLICATE_KEY`, `JSON_LONE_SURROGATE`, `JSON_NUMBER_RANGE`.
    pub code: &'static str,
    /// Where, as a path: `$.layers[0].digest`.
    pub path: String,
    /// Where, in bytes.
    pub offset: usize,
}

/// Reads one document. The issues are at most 100; a document with more is hopeless anyway.
///
/// # Errors
/// [`JsonError`] for what is not JSON or beyond the limits.
pub fn parse(bytes: &[u8], limits: JsonLimits) -> Result<(Value, Vec<JsonIssue>), JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLarge { size: bytes.len() as u64, limit: limits.bytes as u64 });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::Syntax { what: "a byte order mark", offset: 0 });
    }
    let mut reader = Reader { bytes, at: 0, limits, path: Vec::new(), issues: Vec::new() };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < bytes.len() {
        return Err(reader.syntax("something behind the document"));
    }
    Ok((value, reader.issues))
}

enum Step {
    Key(String),
    Index(usize),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: JsonLimits,
    path: Vec<Step>,
    issues: Vec<JsonIssue>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn syntax(&self, what: &'static str) -> JsonError {
        JsonError::Syntax { what, offset: self.at }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn issue(&mut self, code: &'static str, offset: usize) {
        if self.issues.len() < 100 {
            let mut path = String::from("$");
            for step in &self.path {
                match step {
                    Step::Key(key) => push_key(&mut path, key),
                    Step::Index(index) => path.push_str(&format!("[{index}]")),
                }
            }
            self.issues.push(JsonIssue { code, path, offset });
        }
    }

    // Recursion is bounded by `limits.depth`.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.syntax("expected a value")),
            None => Err(self.syntax("the end where a value is expected")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.syntax("expected a value"))
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= self.limits.depth {
            return Err(JsonError::TooDeep { limit: self.limits.depth, offset: self.at });
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        let mut map = Map::new();
        let mut seen: HashSet<String> = HashSet::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(map));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.syntax("expected a key in quotes"));
            }
            let offset = self.at;
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.syntax("expected a colon"));
            }
            self.at += 1;
            self.space();
            self.path.push(Step::Key(key.clone()));
            if !seen.insert(key.clone()) {
                self.issue("JSON_DUPLICATE_KEY", offset);
            }
            let value = self.value(depth + 1)?;
            self.path.pop();
            map.insert(key, value);
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(map));
                }
                _ => return Err(self.syntax("expected a comma or a closing brace")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        let mut list = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(list));
        }
        loop {
            self.path.push(Step::Index(list.len()));
            let value = self.value(depth + 1)?;
            self.path.pop();
            list.push(value);
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(list));
                }
                _ => return Err(self.syntax("expected a comma or a closing bracket")),
            }
        }
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while matches!(reader.peek(), Some(b'0'..=b'9')) {
                reader.at += 1;
            }
            reader.at - from
        };
        let zero = self.peek() == Some(b'0');
        let count = digits(self);
        if count == 0 {
            return Err(self.syntax("expected a digit"));
        }
        if zero && count > 1 {
            return Err(JsonError::Syntax { what: "a number with a leading zero", offset: start });
        }
        let mut integral = true;
        if self.peek() == Some(b'.') {
            integral = false;
            self.at += 1;
            if digits(self) == 0 {
                return Err(self.syntax("expected a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integral = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if digits(self) == 0 {
                return Err(self.syntax("expected a digit"));
            }
        }
        let text = self.bytes.get(start..self.at).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("0");
        if integral && text != "-0" {
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Value::Number(number.into()));
            }
            if let Ok(number) = text.parse::<i64>() {
                return Ok(Value::Number(number.into()));
            }
        }
        match text.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => {
                self.issue("JSON_NUMBER_RANGE", start);
                Ok(Value::Null)
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            let plain = self.bytes.get(start..self.at).unwrap_or_default();
            match std::str::from_utf8(plain) {
                Ok(text) => out.push_str(text),
                Err(error) => {
                    return Err(JsonError::Syntax {
                        what: "bytes that are not UTF-8",
                        offset: start + error.valid_up_to(),
                    });
                }
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(_) => return Err(self.syntax("a raw control character in a string")),
                None => return Err(self.syntax("a string without its end")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex4()?;
                let scalar = match first {
                    0xd800..=0xdbff if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") => {
                        let here = self.at;
                        self.at += 2;
                        let second = self.hex4()?;
                        if (0xdc00..=0xdfff).contains(&second) {
                            char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                        } else {
                            // The second escape stands for itself.
                            self.at = here;
                            None
                        }
                    }
                    other => char::from_u32(other),
                };
                if scalar.is_none() {
                    self.issue("JSON_LONE_SURROGATE", start);
                }
                out.push(scalar.unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            _ => return Err(self.syntax("an escape that JSON has not")),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.syntax("an escape without four hexadecimal digits")) };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}

/// Appends a key to a path: `.layers`, or `["odd key"]`.
pub(crate) fn push_key(path: &mut String, key: &str) {
    let plain =
        !key.is_empty() && key.len() < 100 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain {
        path.push('.');
        path.push_str(key);
    } else {
        let short: String = key.chars().take(100).collect();
        path.push('[');
        path.push_str(&Value::String(short).to_string());
        path.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Value, Vec<JsonIssue>), JsonError> {
        parse(text.as_bytes(), JsonLimits::default())
    }

    #[test]
    fn agrees_with_serde_on_plain_documents() {
        let text =
            r#" {"a":[1,-2,3.5,1e3,true,false,null,"x\"\u00e9\ud83d\ude00\n"],"b":{"c":{}},"d":9007199254740993} "#;
        let (value, issues) = read(text).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert!(issues.is_empty());
    }

    #[test]
    fn a_key_twice_is_seen_however_it_is_spelled() {
        let (value, issues) = read(r#"{"layers":[{"x":1}],"\u006cayers":[]}"#).unwrap();
        assert_eq!(value["layers"], serde_json::json!([]));
        assert_eq!(issues.len(), 1);
        assert_eq!((issues[0].code, issues[0].path.as_str()), ("JSON_DUPLICATE_KEY", "$.layers"));
    }

    #[test]
    fn refuses_what_readers_disagree_about() {
        for text in [
            "",
            "\u{feff}{}",
            "{} {}",
            "{}\0",
            "{\"a\":1,}",
            "[01]",
            "NaN",
            "[Infinity]",
            "\"\u{1}\"",
            "\"\\x\"",
            "{}}",
            "[1",
            "\"a",
            "{\"a\" 1}",
            "-",
            "1.",
            "1e",
            "'a'",
            "\"\\u12g4\"",
        ] {
            assert!(matches!(read(text), Err(JsonError::Syntax { .. })), "{text:?}");
        }
        assert!(parse(b"\"\xff\"", JsonLimits::default()).is_err());
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(read(&format!("{}{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err().code(), "JSON_TOO_DEEP");
        let limits = JsonLimits { bytes: 10, depth: 4 };
        assert_eq!(parse(&[b' '; 11], limits).unwrap_err().code(), "JSON_TOO_LARGE");
    }

    #[test]
    fn odd_numbers_and_surrogates_are_issues() {
        let (_, issues) = read(r#"["\ud800", 1e400, "\ud800\u0041"]"#).unwrap();
        let codes: Vec<&str> = issues.iter().map(|issue| issue.code).collect();
        assert_eq!(codes, ["JSON_LONE_SURROGATE", "JSON_NUMBER_RANGE", "JSON_LONE_SURROGATE"]);
    }
}
