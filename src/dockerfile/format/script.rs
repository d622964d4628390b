//! What the formatter has to know of a shell script: its words, and the operators between its commands.
//!
//! This is no parser of shells: the formatter must tell only where white space has no meaning, and gives up on a script
//! (no tokens) where quotes, brackets or compound commands do not add up.

use std::ops::Range;

/// A word or an operator outside quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Where it is in the script.
    pub range: Range<usize>,
    pub kind: Kind,
    /// How many compound commands, subshells and substitutions it stands in.
    pub depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of letters and marks that no shell reads in another way.
    Plain,
    /// Any other word.
    Word,
    /// `&&`, `||`, `|` or `|&`.
    Joint,
    /// `;`
    End,
    /// Another operator.
    Other,
}

/// What has been opened and waits to be closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `"`
    Quote,
    /// `(`, `$(`, `<(`
    Parenthesis,
    /// `${`
    Parameter,
    /// A backquote.
    Backquote,
    /// `if`, `for`, `{`, `[[` and the like.
    Compound,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Open>,
    tokens: Vec<Token>,
    /// Where the word that is being read begins, and whether it is plain.
    word: Option<(usize, bool)>,
    /// Whether the next word is a command's first.
    command: bool,
}

/// The tokens of a script; none where it cannot be told what is quoted.
pub(super) fn tokens(script: &str) -> Vec<Token> {
    let mut scanner =
        Scanner { text: script.as_bytes(), at: 0, open: Vec::new(), tokens: Vec::new(), word: None, command: true };
    match scanner.scan() {
        Some(()) if scanner.open.is_empty() => scanner.tokens,
        _ => Vec::new(),
    }
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// Takes bytes into the current word.
    fn take(&mut self, length: usize, plain: bool) {
        let (start, so_far) = self.word.unwrap_or((self.at, true));
        self.word = Some((start, so_far && plain));
        self.at += length;
    }

    fn open(&mut self, what: Open, length: usize) {
        self.take(length, false);
        self.open.push(what);
    }

    /// Whether a string or a parameter is being read, in which there are no words.
    fn in_text(&self) -> bool {
        matches!(self.open.last(), Some(Open::Quote | Open::Parameter))
    }

    fn scan(&mut self) -> Option<()> {
        while let Some(b) = self.peek(0) {
            if self.in_text() {
                self.text_byte(b)?;
                continue;
            }
            match b {
                b'\\' => self.take(2, false),
                b'\'' => {
                    let dollar = self.at.checked_sub(1).and_then(|i| self.text.get(i)) == Some(&b'$');
                    let length = single_quoted(self.text.get(self.at + 1..)?, dollar)?;
                    self.take(length + 2, false);
                }
                b'"' => self.open(Open::Quote, 1),
                b'$' if self.peek(1) == Some(b'{') => self.open(Open::Parameter, 2),
                b'$' | b'<' | b'>' if self.peek(1) == Some(b'(') => {
                    self.open(Open::Parenthesis, 2);
                    self.inner();
                }
                b'`' => self.backquote(),
                b' ' | b'\t' | b'\n' => {
                    self.end_word()?;
                    self.command |= b == b'\n';
                    self.at += 1;
                }
                b'(' => {
                    self.end_word()?;
                    self.operator(1, Kind::Other);
                    self.open.push(Open::Parenthesis);
                }
                b')' => {
                    self.end_word()?;
                    match self.open.last() {
                        Some(Open::Parenthesis) => {
                            self.open.pop();
                            self.operator(1, Kind::Other);
                        }
                        // The end of a pattern of `case`.
                        Some(Open::Compound) => self.operator(1, Kind::Other),
                        _ => return None,
                    }
                }
                b'#' if self.word.is_none() => break,
                b';' | b'&' | b'|' => {
                    let redirected = self.at.checked_sub(1).and_then(|i| self.text.get(i)).copied();
                    self.end_word()?;
                    match (b, self.peek(1)) {
                        (b'&', _) | (b'|', _) if matches!(redirected, Some(b'>' | b'<')) => {
                            self.at += 1;
                            self.tokens_push(self.at - 1..self.at, Kind::Other);
                        }
                        (b'&', Some(b'>')) => {
                            self.at += 2;
                            self.tokens_push(self.at - 2..self.at, Kind::Other);
                        }
                        (b'&', Some(b'&')) | (b'|', Some(b'|' | b'&')) => self.operator(2, Kind::Joint),
                        (b'|', _) => self.operator(1, Kind::Joint),
                        (b';', Some(b';' | b'&')) => self.operator(2, Kind::Other),
                        (b';', _) => self.operator(1, Kind::End),
                        _ => self.operator(1, Kind::Other),
                    }
                }
                b'<' | b'>' => {
                    // Digits right before it are a descriptor.
                    let start = self.word.map_or(self.at, |(start, _)| start);
                    if self.text.get(start..self.at)?.iter().all(u8::is_ascii_digit) {
                        self.word = None;
                    }
                    self.end_word()?;
                    self.at += 1;
                    self.tokens_push(self.at - 1..self.at, Kind::Other);
                }
                b'$' | b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'~' | b'!' => self.take(1, false),
                _ => self.take(1, true),
            }
        }
        self.end_word()
    }

    /// A byte of a double-quoted string or of `${…}`.
    fn text_byte(&mut self, b: u8) -> Option<()> {
        match (b, self.open.last()) {
            (b'\\', _) => self.at += 2,
            (b'"', Some(Open::Quote)) | (b'}', Some(Open::Parameter)) => {
                self.open.pop();
                self.at += 1;
            }
            (b'"', Some(Open::Parameter)) => {
                self.open.push(Open::Quote);
                self.at += 1;
            }
            (b'\'', Some(Open::Parameter)) if !self.open.contains(&Open::Quote) => {
                self.at += single_quoted(self.text.get(self.at + 1..)?, false)? + 2;
            }
            (b'$', _) if self.peek(1) == Some(b'{') => {
                self.open.push(Open::Parameter);
                self.at += 2;
            }
            (b'$', _) if self.peek(1) == Some(b'(') => {
                self.open.push(Open::Parenthesis);
                self.at += 2;
                self.inner();
            }
            (b'`', _) => self.backquote(),
            _ => self.at += 1,
        }
        Some(())
    }

    /// A command begins inside a word: the words in it are left out, since the outer one is still being read.
    fn inner(&mut self) {
        self.word = None;
        self.command = true;
    }

    fn backquote(&mut self) {
        if self.open.last() == Some(&Open::Backquote) {
            self.open.pop();
        } else {
            self.open.push(Open::Backquote);
        }
        self.take(1, false);
        if self.open.last() == Some(&Open::Backquote) {
            self.inner();
        }
    }

    fn operator(&mut self, length: usize, kind: Kind) {
        let range = self.at..self.at + length;
        self.at += length;
        self.tokens_push(range, kind);
        self.command = true;
    }

    fn tokens_push(&mut self, range: Range<usize>, kind: Kind) {
        self.tokens.push(Token { range, kind, depth: self.open.len() });
    }

    fn end_word(&mut self) -> Option<()> {
        let Some((start, plain)) = self.word.take() else { return Some(()) };
        let range = start..self.at.min(self.text.len());
        let first = std::mem::replace(&mut self.command, false);
        match self.text.get(range.clone())? {
            b"if" | b"for" | b"while" | b"until" | b"case" | b"select" | b"{" | b"[[" if first => {
                self.tokens_push(range, Kind::Other);
                self.open.push(Open::Compound);
                self.command = true;
                return Some(());
            }
            b"fi" | b"done" | b"esac" | b"}" if first => {
                (self.open.pop() == Some(Open::Compound)).then_some(())?;
            }
            b"]]" if self.open.last() == Some(&Open::Compound) => {
                self.open.pop();
            }
            b"then" | b"do" | b"else" | b"elif" | b"!" if first => self.command = true,
            _ => {}
        }
        self.tokens_push(range, if plain { Kind::Plain } else { Kind::Word });
        Some(())
    }
}

/// Bytes in a single-quoted string, after its opening quote; `None` where it is not closed.
fn single_quoted(rest: &[u8], escapes: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        match rest.get(at)? {
            b'\'' => return Some(at),
            b'\\' if escapes => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operators at the outermost level.
    fn joints(script: &str) -> String {
        let outer = tokens(script).into_iter().filter(|t| t.depth == 0 && matches!(t.kind, Kind::Joint | Kind::End));
        outer.map(|t| script[t.range].to_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn operators_of_the_outermost_level() {
        assert_eq!(joints("a && b || c | d |& e; f & g"), "&& || | |& ;");
        assert_eq!(joints("(a && b) ; if x; then y; fi && { z; }"), "; &&");
        assert_eq!(joints("echo 'a && b' \"c; $(d \"e; f\" | g) h\" ${x:-a;b} \\; i; j # k; l"), ";");
        assert_eq!(joints("a 2>&1 >|b &>c && d `e; f` && g=$(h; i)"), "&& &&");
        assert_eq!(joints("case $x in a) b;; *) c;; esac; for i in 1; do j; done"), ";");
        assert_eq!(joints("f() { a; b; }; [[ a && b ]] && c"), "; &&");
    }

    #[test]
    fn words_that_no_shell_reads_in_another_way() {
        let plain = tokens("apt-get install b=1 $c 'd' e* a/f 2>g 3> h x3>i");
        let plain = plain.into_iter().filter(|t| t.kind == Kind::Plain).map(|t| t.range.start);
        assert_eq!(plain.collect::<Vec<_>>(), [0, 8, 16, 30, 36, 41, 43, 46]);
    }

    #[test]
    fn what_does_not_add_up_has_no_tokens() {
        for script in ["echo 'a", "echo \"a", "a)", "(a", "fi; a", "if a; then b"] {
            assert!(tokens(script).is_empty(), "{script}");
        }
    }
}
