//! Positions in text: byte spans, lines and columns, UTF-16 offsets.
//!
//! The core speaks of bytes. JavaScript strings are UTF-16, so offsets and columns are converted once, at the boundary.

use serde::{Deserialize, Serialize};

/// Where `needle` is first found. Made for short needles and for such as begin with a line end: the time grows with the
/// text, and with what of the needle is found without the rest. (`memchr::memmem` is no slower, and 4 kB of code.)
pub(crate) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((first, rest)) = needle.split_first() else { return Some(0) };
    memchr::memchr_iter(*first, text).find(|at| text.get(at + 1..).is_some_and(|after| after.starts_with(rest)))
}

/// A range of bytes in a source text: `start` included, `end` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, in bytes. Offsets past 4 GiB are clamped.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span holds no bytes.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes of `source` under this span; empty where the span lies outside.
    pub fn of(self, source: &[u8]) -> &[u8] {
        source.get(self.range()).unwrap_or(&[])
    }

    /// The text of `source` under this span; empty where the span lies outside or cuts a character.
    pub fn str_of(self, source: &str) -> &str {
        source.get(self.range()).unwrap_or("")
    }

    /// As a `Range` for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same span, moved `by` bytes to the right.
    pub fn shifted(self, by: u32) -> Span {
        Span { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }
}

/// A place a person can go to: 1-based line, 1-based column in UTF-16 units, and the UTF-16 offset in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct Position {
    /// Line, from 1. A line ends after `\n`.
    pub line: u32,
    /// Column in UTF-16 code units, from 1.
    pub column: u32,
    /// Offset in UTF-16 code units from the start of the text, as in JavaScript's `text.slice`.
    pub offset: u32,
}

/// A [`Span`] as JavaScript sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct Range {
    /// The first character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

/// Where each line of a text begins; turns byte offsets into positions.
///
/// Bytes that are not UTF-8 count as one UTF-16 unit each maximal invalid sequence, as `TextDecoder` replaces them.
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    starts: Vec<u32>,
    utf16: Utf16Index<'a>,
}

/// Turns byte offsets into UTF-16 ones and back.
#[derive(Debug, Clone)]
pub struct Utf16Index<'a> {
    source: &'a [u8],
    /// Byte and UTF-16 offset of a character every [`MARK`] bytes or so; empty where the text is ASCII and both are the
    /// same. A line may be long, so counting from its start for every place in it would take time with its square.
    marks: Vec<(u32, u32)>,
}

/// Bytes between two marks of a [`Utf16Index`].
const MARK: usize = 256;

impl<'a> Utf16Index<'a> {
    /// Reads `source` once.
    pub fn new(source: &'a [u8]) -> Self {
        let mut marks = Vec::new();
        if !source.is_ascii() {
            let (mut at, mut utf16) = (0usize, 0u32);
            let mut mark = |at: usize, utf16: u32| {
                if at / MARK >= marks.len() {
                    marks.push((at as u32, utf16));
                }
            };
            for chunk in source.utf8_chunks() {
                for c in chunk.valid().chars() {
                    mark(at, utf16);
                    at += c.len_utf8();
                    utf16 += c.len_utf16() as u32;
                }
                if !chunk.invalid().is_empty() {
                    mark(at, utf16);
                    at += chunk.invalid().len();
                    utf16 += 1;
                }
            }
        }
        Self { source, marks }
    }

    /// The UTF-16 offset of a byte offset; that of the end where it lies past it.
    pub fn offset(&self, byte: u32) -> u32 {
        let wanted = byte.min(self.source.len() as u32);
        let i = self.marks.partition_point(|&(byte, _)| byte <= wanted).saturating_sub(1);
        let Some(&(byte, utf16)) = self.marks.get(i) else { return wanted };
        utf16 + utf16_len(&self.source[byte as usize..wanted as usize])
    }

    /// The byte offset of a UTF-16 offset; the end of the text where it lies past it.
    pub fn byte_offset(&self, utf16: u32) -> u32 {
        let i = self.marks.partition_point(|&(_, u)| u <= utf16).saturating_sub(1);
        let Some(&(byte, before)) = self.marks.get(i) else { return utf16.min(self.source.len() as u32) };
        let mut left = utf16 - before;
        let mut at = byte as usize;
        for chunk in self.source[at..].utf8_chunks() {
            for c in chunk.valid().chars() {
                if left == 0 {
                    return at as u32;
                }
                left = left.saturating_sub(c.len_utf16() as u32);
                at += c.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                if left == 0 {
                    return at as u32;
                }
                left -= 1;
                at += chunk.invalid().len();
            }
        }
        at as u32
    }
}

impl<'a> LineIndex<'a> {
    /// Reads `source` once.
    pub fn new(source: &'a [u8]) -> Self {
        let mut starts = vec![0u32];
        starts.extend(memchr::memchr_iter(b'\n', source).map(|i| i as u32 + 1));
        Self { starts, utf16: Utf16Index::new(source) }
    }

    /// Number of lines; a text that ends in `\n` has an empty last one.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&s| s <= offset).max(1) as u32
    }

    /// Byte offset at which a 1-based line starts; the end of the text for lines past it.
    pub fn line_start(&self, line: u32) -> u32 {
        let i = (line.max(1) - 1) as usize;
        self.starts.get(i).copied().unwrap_or(self.utf16.source.len() as u32)
    }

    /// The bytes of a 1-based line without its line end.
    pub fn line_text(&self, line: u32) -> &'a [u8] {
        let start = self.line_start(line) as usize;
        let end = self.line_start(line + 1) as usize;
        let text = &self.utf16.source[start..end.max(start)];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Line, column and UTF-16 offset of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line(offset.min(self.utf16.source.len() as u32));
        let at = self.utf16.offset(offset);
        Position { line, column: at.saturating_sub(self.utf16.offset(self.line_start(line))) + 1, offset: at }
    }

    /// Both ends of a span as positions.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    /// The byte offset of a UTF-16 offset; the end of the text where it lies past it.
    pub fn byte_offset(&self, utf16: u32) -> u32 {
        self.utf16.byte_offset(utf16)
    }
}

/// Length of bytes in UTF-16 code units once decoded, invalid sequences as one each.
fn utf16_len(bytes: &[u8]) -> u32 {
    bytes
        .utf8_chunks()
        .map(|c| c.valid().chars().map(|c| c.len_utf16() as u32).sum::<u32>() + u32::from(!c.invalid().is_empty()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn finds_what_windows_find(text in "[ab\n]{0,40}", needle in "[ab\n]{1,4}") {
            let expected = text.as_bytes().windows(needle.len()).position(|w| w == needle.as_bytes());
            proptest::prop_assert_eq!(find(text.as_bytes(), needle.as_bytes()), expected);
        }
    }

    #[test]
    fn positions_are_one_based_and_utf16() {
        let text = "a\n\u{1F600}b\n";
        let index = LineIndex::new(text.as_bytes());
        assert_eq!(index.position(0), Position { line: 1, column: 1, offset: 0 });
        let b = text.find('b').unwrap() as u32;
        assert_eq!(index.position(b), Position { line: 2, column: 3, offset: 4 });
        assert_eq!(index.byte_offset(4), b);
        assert_eq!(index.line_text(2), "\u{1F600}b".as_bytes());
        assert_eq!(index.line_count(), 3);
    }

    #[test]
    fn places_far_into_a_long_line_are_right() {
        let text = format!("x\n{}\u{1F600}y\n", "\u{e9}a".repeat(1000));
        let index = LineIndex::new(text.as_bytes());
        let y = text.find('y').unwrap() as u32;
        assert_eq!(index.position(y), Position { line: 2, column: 2003, offset: 2004 });
        assert_eq!(index.byte_offset(2004), y);
        assert_eq!(index.position(text.len() as u32).line, 3);
    }

    #[test]
    fn bytes_that_are_not_utf8_count_once() {
        let index = LineIndex::new(b"\xff\xfeA");
        assert_eq!(index.position(2).column, 3);
        assert_eq!(index.byte_offset(2), 2);
    }
}
