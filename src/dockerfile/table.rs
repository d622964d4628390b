//! The written part of a tree as one list of numbers, which crosses into another language far faster than objects or
//! JSON: whoever has the text makes the words out of it, and only those that are asked for.
//!
//! Offsets are UTF-16 units. For each instruction, in order:
//!
//! | numbers | what |
//! | --- | --- |
//! | 2 | start and end in the text |
//! | 2 | first and last line |
//! | 1 | bit 0: there is an instruction of this name; bit 1: JSON form |
//! | word | the keyword |
//! | 1, words | how many flags, and each |
//! | 1, words | how many arguments, and each |
//!
//! A word is its start and end, then what its text is: [`AS_WRITTEN`]; or [`DECODED`], a length and as many UTF-16 units;
//! or else the number of pieces of the text that make it up, and the start and end of each.

use std::borrow::Cow;
use std::ops::Range;

use super::syntax::{Dockerfile, Keyword, Node};
use crate::text::{Span, Utf16Index};

/// The word's text is what stands from its start to its end.
pub const AS_WRITTEN: u32 = 0;
/// The word's text does not stand in the source: its UTF-16 units follow.
pub const DECODED: u32 = u32::MAX;

/// The instructions of a tree as numbers. `source` is what was parsed.
///
/// ```
/// use layerwright::dockerfile::{parse, table};
/// let text = "USER me";
/// let numbers = table::table(&parse(text.as_bytes()), text);
/// assert_eq!(numbers, [0, 7, 1, 1, 1, /* USER */ 0, 4, 0, /* no flags */ 0, /* me */ 1, 5, 7, 0]);
/// ```
pub fn table(file: &Dockerfile<'_>, source: &str) -> Vec<u32> {
    let mut table = Table { source, index: Utf16Index::new(source.as_bytes()), numbers: Vec::new() };
    table.numbers.reserve(32 * file.nodes.len());
    file.nodes.iter().for_each(|node| table.node(node));
    table.numbers
}

struct Table<'a> {
    source: &'a str,
    index: Utf16Index<'a>,
    numbers: Vec<u32>,
}

impl Table<'_> {
    fn span(&mut self, span: Span) {
        self.numbers.extend([self.index.offset(span.start), self.index.offset(span.end)]);
    }

    fn node(&mut self, node: &Node<'_>) {
        self.span(node.span);
        let bits = u32::from(node.kind != Keyword::Unknown) | u32::from(node.json) << 1;
        self.numbers.extend([node.lines.from, node.lines.to, bits]);
        self.word(node, &node.keyword.text, node.keyword.span, &node.keyword.logical);
        self.numbers.push(node.flags.len() as u32);
        node.flags.iter().for_each(|f| self.word(node, &f.text, f.span, &f.logical));
        self.numbers.push(node.args.len() as u32);
        node.args.iter().for_each(|w| self.word(node, &w.text, w.span, &w.logical));
    }

    #[expect(clippy::ptr_arg, reason = "whether the text is borrowed tells where it stands")]
    fn word(&mut self, node: &Node<'_>, text: &Cow<'_, str>, span: Span, logical: &Range<u32>) {
        self.span(span);
        if let Cow::Borrowed(text) = text {
            let at = (text.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize);
            let place = if text.is_empty() {
                Span { start: span.start, end: span.start }
            } else {
                Span::new(at, at.saturating_add(text.len()))
            };
            if place == span {
                return self.numbers.push(AS_WRITTEN);
            }
            if place.str_of(self.source).len() == text.len() {
                self.numbers.push(1);
                return self.span(place);
            }
        } else if node.logical.text.get(logical.start as usize..logical.end as usize) == Some(text) {
            let count = self.numbers.len();
            self.numbers.push(0);
            for piece in node.logical.pieces(logical.clone()) {
                self.span(piece);
                if let Some(count) = self.numbers.get_mut(count) {
                    *count += 1;
                }
            }
            return;
        }
        self.numbers.extend([DECODED, text.encode_utf16().count() as u32]);
        self.numbers.extend(text.encode_utf16().map(u32::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// Reads a table back: name known, JSON form, lines and the words of each instruction.
    fn read(numbers: &[u32], text: &str) -> Vec<(u32, [u32; 2], Vec<String>)> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut left = numbers.iter().copied();
        let mut next = move || left.next();
        let slice = |start: u32, end: u32| String::from_utf16(&units[start as usize..end as usize]).unwrap();
        let mut out = Vec::new();
        while let Some(start) = next() {
            let mut number = || next().unwrap();
            assert!(start <= number());
            let (lines, bits) = ([number(), number()], number());
            let mut words = Vec::new();
            let mut word = |number: &mut dyn FnMut() -> u32| {
                let (start, end) = (number(), number());
                words.push(match number() {
                    AS_WRITTEN => slice(start, end),
                    DECODED => {
                        let units: Vec<u16> = (0..number()).map(|_| number() as u16).collect();
                        String::from_utf16(&units).unwrap()
                    }
                    pieces => (0..pieces).map(|_| slice(number(), number())).collect(),
                });
            };
            word(&mut number);
            for _ in 0..2 {
                for _ in 0..number() {
                    word(&mut number);
                }
            }
            out.push((bits, lines, words));
        }
        out
    }

    #[test]
    fn words_come_back_as_the_tree_has_them() {
        let text = "from \u{1F600} as \u{e9}\nRUN a \\\n  # c\n  b\\\n\n c\nCMD [\"\\u00e9x\", \"y\"]\nCOPY --from='a b' --link x \\\n y\nENV A=b \\\n C=\"d\\\ne\"\nNOPE\n";
        let file = parse(text.as_bytes());
        let found = read(&table(&file, text), text);
        let want: Vec<_> = file
            .nodes
            .iter()
            .map(|n| {
                let words = std::iter::once(&n.keyword.text).chain(n.flags.iter().map(|f| &f.text));
                let words = words.chain(n.args.iter().map(|a| &a.text)).map(ToString::to_string).collect::<Vec<_>>();
                let bits = u32::from(n.kind != Keyword::Unknown) | u32::from(n.json) << 1;
                (bits, [n.lines.from, n.lines.to], words)
            })
            .collect();
        assert_eq!(found, want);
        assert_eq!(found[1].2, ["RUN", "a   b c"]);
    }
}
