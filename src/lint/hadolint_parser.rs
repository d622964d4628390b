//! What hadolint's own parser refuses, and at which line.
//!
//! hadolint reads Dockerfiles with a grammar of its own (the library `language-docker`). It refuses files that
//! BuildKit builds — an instruction right after a here-document, `EXPOSE 80/$proto`, a word that ends in `\\` — and
//! then reports `DL1000` alone, at the place where its parser gave up. The profile `hadolint` answers the same. No
//! other profile looks here.
//!
//! The reader below accepts what that grammar accepts and keeps nothing of it. Where it gave up depends on how the
//! grammar backtracks, so that is kept too: an alternative is only tried where the one before it failed without
//! having read anything, [`Reader::attempt`] takes back what was read, and the place reported is the furthest of the
//! alternatives that failed together. The behaviour was checked against hadolint 2.15.1.

use memchr::memchr_iter;

/// Fails with the offset that is to blame.
type Read = Result<(), usize>;

/// The line, from 1, at which hadolint's parser gives up; `None` where it reads the whole file.
pub(super) fn refused_line(source: &[u8]) -> Option<u32> {
    let source = source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source);
    let mut text = Vec::with_capacity(source.len());
    for (i, b) in source.iter().enumerate() {
        if *b != b'\r' || source.get(i + 1) != Some(&b'\n') {
            text.push(*b);
        }
    }
    let mut reader = Reader { text: &text, at: 0, escape: escape(&text) };
    let offset = reader.file().err()?;
    let lines = memchr_iter(b'\n', text.get(..offset).unwrap_or(&text)).count();
    u32::try_from(lines).ok().map(|l| l.saturating_add(1))
}

/// Whether hadolint takes this for the array form of a command.
pub(super) fn is_string_list(text: &[u8], escape: u8) -> bool {
    let mut reader = Reader { text, at: 0, escape };
    reader.string_list(&|r| r.quoted_escaped(b'"')).is_ok() && reader.at == text.len()
}

/// The escape character as hadolint finds it: only `# syntax=` lines may stand before `# escape=`.
fn escape(text: &[u8]) -> u8 {
    for line in text.split(|b| *b == b'\n') {
        let mut reader = Reader { text: line, at: 0, escape: b'\\' };
        reader.skip(is_any_space);
        match reader.directive() {
            Ok(Some(escape)) if reader.at == line.len() => return escape,
            Ok(None) if reader.at == line.len() => {}
            _ => break,
        }
    }
    b'\\'
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

fn is_any_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_newline(b: u8) -> bool {
    b == b'\n'
}

fn is_digit(b: u8) -> bool {
    b.is_ascii_digit()
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    escape: u8,
}

type Parse<'p, 't> = &'p dyn Fn(&mut Reader<'t>) -> Read;

// How readers are put together.
impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn fail(&self) -> Read {
        Err(self.at)
    }

    /// Takes back what was read where `parse` fails.
    fn attempt(&mut self, parse: Parse<'_, 't>) -> Read {
        let start = self.at;
        parse(self).inspect_err(|_| self.at = start)
    }

    /// The first that does not fail right where it begins.
    fn choice(&mut self, choices: &[Parse<'_, 't>]) -> Read {
        let start = self.at;
        let mut worst = start;
        for parse in choices {
            match parse(self) {
                Ok(()) => return Ok(()),
                Err(offset) => worst = worst.max(offset),
            }
            if self.at != start {
                break;
            }
        }
        Err(worst)
    }

    /// Whether `parse` is there; fails where it begins and does not end.
    fn optional(&mut self, parse: Parse<'_, 't>) -> Result<bool, usize> {
        let start = self.at;
        match parse(self) {
            Ok(()) => Ok(true),
            Err(_) if self.at == start => Ok(false),
            Err(offset) => Err(offset),
        }
    }

    /// As often as it is there; how often.
    fn many(&mut self, parse: Parse<'_, 't>) -> Result<usize, usize> {
        let mut count = 0;
        loop {
            let start = self.at;
            if !self.optional(parse)? || self.at == start {
                return Ok(count);
            }
            count += 1;
        }
    }

    /// Items with a separator between them, which may also end them; how many.
    fn separated(&mut self, item: Parse<'_, 't>, separator: Parse<'_, 't>) -> Result<usize, usize> {
        let mut count = 0;
        while self.optional(item)? {
            count += 1;
            if !self.optional(separator)? {
                break;
            }
        }
        Ok(count)
    }

    fn not_followed_by(&mut self, text: &[u8]) -> Read {
        if self.rest().starts_with(text) { self.fail() } else { Ok(()) }
    }

    fn string(&mut self, text: &[u8]) -> Read {
        if self.rest().starts_with(text) {
            self.at += text.len();
            return Ok(());
        }
        self.fail()
    }

    fn any_case(&mut self, text: &[u8]) -> Read {
        if self.rest().get(..text.len()).is_some_and(|t| t.eq_ignore_ascii_case(text)) {
            self.at += text.len();
            return Ok(());
        }
        self.fail()
    }

    /// One of these texts.
    fn one_of(&mut self, texts: &[&[u8]]) -> Read {
        texts.iter().find(|t| self.rest().starts_with(t)).map_or(Err(self.at), |t| self.string(t))
    }

    fn skip(&mut self, of: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&of) {
            self.at += 1;
        }
        self.at - start
    }

    fn some(&mut self, of: impl Fn(u8) -> bool) -> Read {
        if self.skip(of) == 0 { self.fail() } else { Ok(()) }
    }

    fn any(&mut self) -> Read {
        if self.peek().is_none() {
            return self.fail();
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Read {
        if self.peek().is_some() { self.fail() } else { Ok(()) }
    }
}

// White space, words, strings.
impl<'t> Reader<'t> {
    /// A line continuation, with the comments after it.
    fn line_break(&mut self) -> Read {
        self.attempt(&|r| {
            r.string(&[r.escape])?;
            r.skip(is_space);
            r.some(is_newline)
        })?;
        self.comments()
    }

    fn comments(&mut self) -> Read {
        self.many(&|r| {
            r.attempt(&|r| {
                r.skip(is_space);
                r.comment()?;
                r.some(is_newline)
            })
        })
        .map(|_| ())
    }

    /// Continuations, each with the spaces behind it; whether there were such spaces.
    fn line_breaks(&mut self) -> Result<bool, usize> {
        self.line_break()?;
        let mut spaces = self.skip(is_space) > 0;
        while self.optional(&Self::line_break)? {
            spaces |= self.skip(is_space) > 0;
        }
        Ok(spaces)
    }

    fn comment(&mut self) -> Read {
        self.string(b"#")?;
        self.skip(|b| !is_newline(b));
        Ok(())
    }

    /// Spaces and continuations; whether there was a space.
    fn whitespace(&mut self) -> Result<bool, usize> {
        let mut spaces = false;
        loop {
            let start = self.at;
            spaces |= self.skip(is_space) > 0;
            spaces |= self.line_breaks().unwrap_or(false);
            if self.at == start {
                return Ok(spaces);
            }
        }
    }

    fn required_whitespace(&mut self) -> Read {
        if self.whitespace()? { Ok(()) } else { self.fail() }
    }

    fn keyword(&mut self, name: &[u8]) -> Read {
        self.any_case(name)?;
        self.required_whitespace()
    }

    fn symbol(&mut self, text: &[u8]) -> Read {
        self.string(text)?;
        self.whitespace().map(|_| ())
    }

    fn end_of_line(&mut self) -> Read {
        let start = self.at;
        loop {
            let before = self.at;
            self.skip(|b| is_space(b) || is_newline(b));
            let _ = self.line_breaks();
            if self.at == before {
                break;
            }
        }
        if self.at == start { self.fail() } else { Ok(()) }
    }

    /// The rest of the line, which may not be empty.
    fn rest_of_line(&mut self) -> Read {
        let mut empty = true;
        loop {
            let start = self.at;
            match self.line_breaks() {
                Ok(spaces) => empty &= !spaces,
                Err(_) => {
                    let escape = self.escape;
                    if self.skip(|b| !is_newline(b) && b != escape) == 0 && self.skip(|b| b == escape) > 0 {
                        self.not_followed_by(b"\n")?;
                    }
                    empty &= self.at == start;
                }
            }
            if self.at == start {
                return if empty { self.fail() } else { Ok(()) };
            }
        }
    }

    /// A word that ends at a space or where `stop` says.
    fn word(&mut self, stop: &dyn Fn(u8) -> bool) -> Read {
        let begin = self.at;
        loop {
            let start = self.at;
            let escape = self.escape;
            if self.line_breaks().is_err()
                && self.skip(|b| !is_space(b) && !is_newline(b) && b != escape && !stop(b)) == 0
            {
                let _ = self.attempt(&|r| {
                    r.some(|b| b == escape && !stop(b))?;
                    r.not_followed_by(b"\n")
                });
            }
            if self.at == start {
                return if self.at == begin { self.fail() } else { Ok(()) };
            }
        }
    }

    /// As [`Reader::word`], with `${…}` taken whole.
    fn expanded_word(&mut self, stop: &dyn Fn(u8) -> bool) -> Read {
        let pieces = self.many(&|r| {
            r.choice(&[
                &|r| {
                    r.string(b"$")?;
                    if r.string(b"{").is_ok() {
                        let mut depth = 1;
                        while depth > 0 {
                            r.skip(|b| !is_space(b) && !matches!(b, b'{' | b'}' | b'\n'));
                            match r.peek() {
                                Some(b'{') => depth += 1,
                                Some(b'}') => depth -= 1,
                                _ => break,
                            }
                            r.at += 1;
                        }
                    }
                    Ok(())
                },
                &|r| r.word(&|b| stop(b) || b == b'$'),
            ])
        })?;
        if pieces == 0 { self.fail() } else { Ok(()) }
    }

    /// Text up to one of `quotes` that is not escaped.
    fn escaped_text(&mut self, quotes: &[u8], accept: &dyn Fn(u8) -> bool) -> Read {
        let escape = self.escape;
        loop {
            let start = self.at;
            if self.line_breaks().is_err()
                && self.skip(|b| b != escape && !is_newline(b) && !quotes.contains(&b) && accept(b)) == 0
            {
                let quote = |r: &Self| r.peek().is_some_and(|b| quotes.contains(&b));
                let plain = self.attempt(&|r| {
                    r.some(|b| b == escape)?;
                    if quote(r) { r.fail() } else { Ok(()) }
                });
                if plain.is_err() && self.string(&[escape]).is_ok() {
                    if !quote(self) {
                        return self.fail();
                    }
                    self.at += 1;
                }
            }
            if self.at == start {
                return Ok(());
            }
        }
    }

    fn quoted_escaped(&mut self, quote: u8) -> Read {
        self.string(&[quote])?;
        self.escaped_text(&[quote], &|_| true)?;
        self.string(&[quote])
    }

    /// A string with Haskell's escapes.
    fn quoted(&mut self, quote: u8) -> Read {
        self.string(&[quote])?;
        while self.peek() != Some(quote) {
            self.character()?;
        }
        self.string(&[quote])
    }

    /// A character as Haskell writes it.
    fn character(&mut self) -> Read {
        const NAMES: [&[u8]; 34] = [
            b"NUL", b"SOH", b"STX", b"ETX", b"EOT", b"ENQ", b"ACK", b"BEL", b"BS", b"HT", b"LF", b"VT", b"FF", b"CR",
            b"SO", b"SI", b"DLE", b"DC1", b"DC2", b"DC3", b"DC4", b"NAK", b"SYN", b"ETB", b"CAN", b"EM", b"SUB",
            b"ESC", b"FS", b"GS", b"RS", b"US", b"SP", b"DEL",
        ];
        let start = self.at;
        self.any()?;
        if self.text.get(start) != Some(&b'\\') {
            return Ok(());
        }
        let rest = self.rest();
        let digits = |from: usize, of: fn(&u8) -> bool| rest.iter().skip(from).take_while(|b| of(b)).count();
        let taken = match rest.first() {
            Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'"' | b'\'') => 1,
            Some(b'0'..=b'9') => digits(0, u8::is_ascii_digit),
            Some(b'x' | b'X') => 1 + digits(1, u8::is_ascii_hexdigit),
            Some(b'o' | b'O') => 1 + digits(1, |b| matches!(b, b'0'..=b'7')),
            Some(b'^') if rest.get(1).is_some_and(|b| matches!(b, b'@'..=b'_')) => 2,
            _ => NAMES.iter().find(|n| rest.starts_with(n)).map_or(0, |n| n.len()),
        };
        let number = matches!(rest.first(), Some(b'x' | b'X' | b'o' | b'O'));
        if taken == 0 || (number && taken == 1) {
            self.at = start;
            return self.fail();
        }
        self.at += taken;
        Ok(())
    }

    fn string_list(&mut self, string: Parse<'_, 't>) -> Result<usize, usize> {
        self.symbol(b"[")?;
        self.whitespace()?;
        let mut count = 0;
        let item = |r: &mut Self| {
            string(r)?;
            r.whitespace().map(|_| ())
        };
        if self.optional(&item)? {
            count += 1;
            while self.optional(&|r| r.symbol(b","))? {
                item(self)?;
                count += 1;
            }
        }
        self.whitespace()?;
        self.symbol(b"]")?;
        Ok(count)
    }
}

// Here-documents.
impl<'t> Reader<'t> {
    /// `<<NAME` with what follows a `|` or `>` behind it; the name.
    fn heredoc_marker(&mut self) -> Result<&'t [u8], usize> {
        self.string(b"<<")?;
        self.skip(|b| b == b'-');
        let start = self.at;
        let mut name = None;
        for quote in [b'"', b'\''] {
            if name.is_none() && self.attempt(&|r| r.quoted(quote)).is_ok() {
                name = self.text.get(start + 1..self.at - 1);
            }
        }
        let name = match name {
            Some(name) => name,
            None => {
                self.skip(|b| !b.is_ascii_whitespace() && b != 0x0B);
                let name = self.text.get(start..self.at).unwrap_or(&[]);
                self.any()?;
                name
            }
        };
        self.optional(&|r| {
            r.one_of(&[b"|", b">"])?;
            r.skip(is_space);
            r.rest_of_line()
        })?;
        Ok(name)
    }

    /// The lines up to the one that is `name`, with its line end.
    fn heredoc_content(&mut self, name: &[u8]) -> Read {
        let ends = |rest: &[u8]| rest.is_empty() || rest.starts_with(b"\n");
        if let Some(rest) = self.rest().strip_prefix(name) {
            if ends(rest) {
                self.at += name.len() + usize::from(!rest.is_empty());
                return Ok(());
            }
            self.at += name.len();
        }
        let mut needle = vec![b'\n'];
        needle.extend(name);
        match crate::text::find(self.rest(), &needle) {
            None => {
                self.at = self.text.len();
                self.fail()
            }
            Some(found) => {
                self.at += found + needle.len();
                if !ends(self.rest()) {
                    return self.fail();
                }
                self.at += usize::from(self.peek().is_some());
                Ok(())
            }
        }
    }

    fn heredoc(&mut self) -> Read {
        let name = self.heredoc_marker()?;
        self.heredoc_content(name)
    }

    /// A command line with a here-document in it.
    fn until_heredoc(&mut self) -> Read {
        loop {
            if self.optional(&Self::heredoc)? {
                return Ok(());
            }
            if self.line_breaks().is_err() {
                if self.peek() == Some(b'\n') {
                    return self.fail();
                }
                self.any()?;
            }
        }
    }

    fn arguments(&mut self) -> Read {
        self.choice(&[
            &|r| r.attempt(&Self::heredoc),
            &|r| r.attempt(&|r| r.string_list(&|r| r.quoted_escaped(b'"')).map(|_| ())),
            &|r| r.attempt(&|r| r.choice(&[&|r| r.attempt(&Self::until_heredoc), &Self::rest_of_line])),
        ])
    }
}

// Instructions.
impl<'t> Reader<'t> {
    fn file(&mut self) -> Read {
        self.skip(is_any_space);
        self.many(&|r| {
            r.instruction()?;
            r.choice(&[&Self::end_of_line, &Self::end])
        })?;
        self.end()
    }

    fn instruction(&mut self) -> Read {
        self.choice(&[
            &|r| {
                r.keyword(b"ONBUILD")?;
                r.instruction()
            },
            &Self::from,
            &Self::copy,
            &Self::run,
            &|r| r.line(b"WORKDIR"),
            &|r| r.command(b"ENTRYPOINT"),
            &|r| r.line(b"VOLUME"),
            &Self::expose,
            &|r| r.pairs(b"ENV"),
            &Self::arg,
            &|r| r.line(b"USER"),
            &|r| r.pairs(b"LABEL"),
            &|r| r.line(b"STOPSIGNAL"),
            &|r| r.command(b"CMD"),
            &|r| r.command(b"SHELL"),
            &|r| r.line(b"MAINTAINER"),
            &Self::add,
            &|r| r.choice(&[&|r| r.attempt(&|r| r.directive().map(|_| ())), &Self::comment]),
            &Self::healthcheck,
        ])
    }

    fn line(&mut self, name: &[u8]) -> Read {
        self.keyword(name)?;
        self.rest_of_line()
    }

    fn command(&mut self, name: &[u8]) -> Read {
        self.keyword(name)?;
        self.arguments()
    }

    /// `# escape=…`, with its character, or `# syntax=…`.
    fn directive(&mut self) -> Result<Option<u8>, usize> {
        self.string(b"#")?;
        self.skip(is_space);
        let escape = self.string(b"escape").is_ok();
        if !escape {
            self.string(b"syntax")?;
        }
        self.skip(is_space);
        self.string(b"=")?;
        self.skip(is_space);
        if !escape {
            return self.rest_of_line().map(|()| None);
        }
        let first = self.peek();
        self.character().map(|()| first)
    }

    fn from(&mut self) -> Read {
        self.keyword(b"FROM")?;
        self.choice(&[
            &|r| {
                r.attempt(&|r| {
                    r.base_image()?;
                    if r.optional(&|r| r.string(b":"))? {
                        r.expanded_word(&|b| matches!(b, b'@' | b':'))?;
                    }
                    r.base_image_end()
                })
            },
            &|r| {
                r.base_image()?;
                r.base_image_end()
            },
        ])
    }

    fn base_image(&mut self) -> Read {
        let _ = self.attempt(&|r| {
            r.string(b"--platform=")?;
            r.word(&|b| b == b' ')?;
            r.required_whitespace()
        });
        self.not_followed_by(b"--")?;
        let _ = self.attempt(&|r| {
            r.expanded_word(&|b| b == b'.')?;
            r.string(b".")?;
            r.expanded_word(&|b| b == b'/')?;
            r.string(b"/")
        });
        self.expanded_word(&|b| matches!(b, b'@' | b':'))
    }

    fn base_image_end(&mut self) -> Read {
        let _ = self.attempt(&|r| {
            r.string(b"@")?;
            r.word(&|b| b == b'@')
        });
        let _ = self.attempt(&|r| {
            r.required_whitespace()?;
            r.keyword(b"AS")?;
            r.word(&is_newline)
        });
        Ok(())
    }

    fn arg(&mut self) -> Read {
        self.keyword(b"ARG")?;
        self.choice(&[
            &|r| {
                r.attempt(&|r| {
                    r.word(&|b| b == b'=')?;
                    r.string(b"=")?;
                    r.rest_of_line()
                })
            },
            &|r| {
                r.attempt(&|r| {
                    r.word(&|b| b == b'=')?;
                    r.rest_of_line()
                })
            },
            &Self::rest_of_line,
        ])
    }

    fn pairs(&mut self, name: &[u8]) -> Read {
        self.keyword(name)?;
        self.pair()?;
        if self.optional(&Self::required_whitespace)? {
            self.separated(&Self::pair, &Self::required_whitespace)?;
        }
        Ok(())
    }

    fn pair(&mut self) -> Read {
        self.value(&|b| b != b'=')?;
        self.choice(&[
            &|r| {
                r.string(b"=")?;
                r.value(&|b| !is_space(b))
            },
            &|r| {
                r.required_whitespace()?;
                r.rest_of_line()
            },
        ])
    }

    /// Quoted and bare pieces of a key or value.
    fn value(&mut self, accept: &dyn Fn(u8) -> bool) -> Read {
        self.many(&|r| {
            r.choice(&[&|r| r.quoted_escaped(b'"'), &|r| r.quoted_escaped(b'\''), &|r| {
                let start = r.at;
                r.escaped_text(b" \t", &|b| accept(b) && !matches!(b, b'"' | b'\''))?;
                let quoted = r.text.get(start..).is_some_and(|t| matches!(t.first(), Some(b'"' | b'\'')));
                if r.at == start || quoted { r.fail() } else { Ok(()) }
            }])
        })
        .map(|_| ())
    }

    fn expose(&mut self) -> Read {
        self.keyword(b"EXPOSE")?;
        self.separated(
            &|r| {
                let protocol = |r: &mut Self| {
                    r.string(b"/")?;
                    r.attempt(&|r| r.choice(&[&|r| r.any_case(b"tcp"), &|r| r.any_case(b"udp")]))
                };
                let limit = |r: &mut Self| {
                    if r.string(b"$").is_ok() {
                        return r.word(&|b| matches!(b, b'-' | b'/'));
                    }
                    r.some(is_digit)
                };
                r.choice(&[
                    &|r| {
                        r.attempt(&|r| {
                            limit(r)?;
                            r.string(b"-")?;
                            r.attempt(&limit)?;
                            let _ = r.attempt(&protocol);
                            Ok(())
                        })
                    },
                    &|r| {
                        r.attempt(&|r| {
                            r.string(b"$")?;
                            r.word(&|b| b == b'$')
                        })
                    },
                    &|r| {
                        r.attempt(&|r| {
                            r.some(is_digit)?;
                            protocol(r)
                        })
                    },
                    &|r| {
                        r.some(is_digit)?;
                        r.not_followed_by(b"/")?;
                        r.not_followed_by(b"-")
                    },
                ])
            },
            &Self::required_whitespace,
        )
        .map(|_| ())
    }

    fn healthcheck(&mut self) -> Read {
        self.keyword(b"HEALTHCHECK")?;
        self.choice(&[
            &|r| {
                let seen = std::cell::Cell::new(Flags::default());
                let flags = r.optional(&|r| loop {
                    r.health_flag(&seen)?;
                    let more = r.attempt(&|r| {
                        r.required_whitespace()?;
                        if r.rest().starts_with(b"--") { Ok(()) } else { r.fail() }
                    });
                    if more.is_err() {
                        return r.required_whitespace();
                    }
                })?;
                if flags && seen.get().bad {
                    return r.fail();
                }
                r.command(b"CMD")
            },
            &|r| r.string(b"NONE"),
        ])
    }

    fn health_flag(&mut self, seen: &std::cell::Cell<Flags>) -> Read {
        const DURATIONS: [&[u8]; 4] = [b"--interval=", b"--timeout=", b"--start-period=", b"--start-interval="];
        let mark = |index: usize| {
            let mut flags = seen.get();
            flags.add(index);
            seen.set(flags);
        };
        if let Some(index) = DURATIONS.iter().position(|d| self.rest().starts_with(d)) {
            self.at += DURATIONS[index].len();
            let float = self.attempt(&|r| {
                r.some(is_digit)?;
                r.string(b".")?;
                r.some(is_digit)
            });
            if float.is_err() {
                self.some(is_digit)?;
            }
            self.one_of(&[b"s", b"m", b"h"])?;
            mark(index);
        } else if self.string(b"--retries=").is_ok() {
            self.some(is_digit)?;
            mark(DURATIONS.len());
        } else {
            self.any_flag()?;
            mark(usize::MAX);
        }
        Ok(())
    }

    /// `--name=value`, which is then refused.
    fn any_flag(&mut self) -> Read {
        self.string(b"--")?;
        self.word(&|b| b == b'=')?;
        self.string(b"=")?;
        let _ = self.attempt(&|r| r.word(&|b| b == b' '));
        Ok(())
    }

    /// Flags in front of paths. A flag ends at a space; those in `bare` have no value.
    fn path_flags(&mut self, valued: &[&[u8]], bare: &[&[u8]]) -> Read {
        let seen = std::cell::Cell::new(Flags::default());
        self.separated(
            &|r| {
                let mut flags = seen.get();
                let index = valued.iter().chain(bare).position(|f| {
                    r.attempt(&|r| {
                        r.string(f)?;
                        if f.ends_with(b"=") { r.word(&|b| b == b' ' && *f != b"--from=") } else { Ok(()) }
                    })
                    .is_ok()
                });
                match index {
                    // Only `--exclude` may be given twice.
                    Some(i) if valued.get(i).is_some_and(|f| *f == b"--exclude=") => {}
                    Some(i) => flags.add(i),
                    None => {
                        r.attempt(&Self::any_flag)?;
                        flags.add(usize::MAX);
                    }
                }
                seen.set(flags);
                Ok(())
            },
            &Self::required_whitespace,
        )?;
        if seen.get().bad { self.fail() } else { Ok(()) }
    }

    fn copy(&mut self) -> Read {
        self.keyword(b"COPY")?;
        self.path_flags(&[b"--from=", b"--chown=", b"--chmod=", b"--exclude="], &[b"--link", b"--parents"])?;
        self.choice(&[
            &|r| {
                r.attempt(&|r| {
                    let last = std::cell::Cell::new(&b""[..]);
                    let markers = r.separated(
                        &|r| {
                            last.set(r.heredoc_marker()?);
                            Ok(())
                        },
                        &|r| {
                            r.skip(is_space);
                            Ok(())
                        },
                    )?;
                    if markers == 0 {
                        return r.fail();
                    }
                    r.rest_of_line()?;
                    r.heredoc_content(last.get())
                })
            },
            &Self::paths,
        ])
    }

    fn add(&mut self) -> Read {
        self.keyword(b"ADD")?;
        self.path_flags(
            &[b"--checksum=", b"--chown=", b"--chmod=", b"--exclude="],
            &[b"--link", b"--keep-git-dir", b"--unpack"],
        )?;
        self.not_followed_by(b"--")?;
        self.paths()
    }

    /// A list of at least two paths.
    fn paths(&mut self) -> Read {
        let count = std::cell::Cell::new(0);
        self.choice(&[
            &|r| {
                r.attempt(&|r| {
                    count.set(r.string_list(&|r| r.quoted(b'"'))?);
                    Ok(())
                })
            },
            &|r| {
                r.attempt(&|r| {
                    let found = r.separated(&|r| r.word(&|b| b == b' '), &|r| r.attempt(&Self::required_whitespace))?;
                    count.set(found);
                    if found == 0 { r.fail() } else { Ok(()) }
                })
            },
        ])?;
        if count.get() == 1 { self.fail() } else { Ok(()) }
    }

    fn run(&mut self) -> Read {
        self.keyword(b"RUN")?;
        // White space ends the flags, and there need not be any.
        if self.rest().starts_with(b"--") || self.peek().is_none() {
            self.optional(&|r| {
                r.run_flag()?;
                while r
                    .attempt(&|r| {
                        r.required_whitespace()?;
                        if r.rest().starts_with(b"--") { Ok(()) } else { r.fail() }
                    })
                    .is_ok()
                {
                    r.run_flag()?;
                }
                r.required_whitespace()
            })?;
        }
        self.arguments()
    }

    fn run_flag(&mut self) -> Read {
        if self.string(b"--security=").is_ok() {
            return self.one_of(&[b"insecure", b"sandbox"]);
        }
        if self.string(b"--network=").is_ok() {
            return self.one_of(&[b"none", b"host", b"default"]);
        }
        self.string(b"--mount=")?;
        self.mount_fields()
    }

    fn mount_fields(&mut self) -> Read {
        use MountField::{Bool, Flag, Kind, Relabel, Sharing, Text};
        // Key as written, what follows it, and the name under which it may be given once.
        const FIELDS: [(&[u8], MountField, u8); 25] = [
            (b"type=", Kind, 0),
            (b"target=", Text, 1),
            (b"dst=", Text, 1),
            (b"destination=", Text, 1),
            (b"source=", Text, 2),
            (b"src=", Text, 2),
            (b"from=", Text, 3),
            (b"readonly=", Bool, 4),
            (b"readonly", Flag, 4),
            (b"readwrite=", Bool, 4),
            (b"readwrite", Flag, 4),
            (b"ro=", Bool, 4),
            (b"ro", Flag, 4),
            (b"rw=", Bool, 4),
            (b"rw", Flag, 4),
            (b"id=", Text, 5),
            (b"sharing=", Sharing, 6),
            (b"mode=", Text, 7),
            (b"uid=", Text, 8),
            (b"gid=", Text, 9),
            (b"required=", Bool, 10),
            (b"required", Flag, 10),
            (b"env=", Text, 11),
            (b"size=", Text, 12),
            (b"relabel=", Relabel, 13),
        ];
        // Each with the names that it takes; bit 1 is the target.
        const KINDS: [(&[u8], u32, bool); 5] = [
            (b"bind", 0b10_0000_0001_1111, true),
            (b"cache", 0b11_1111_1111, true),
            (b"tmpfs", 0b1_0000_0000_0011, true),
            (b"secret", 0b1111_1010_0111, false),
            (b"ssh", 0b1111_1010_0111, false),
        ];
        let mut kind = &KINDS[0];
        let mut seen = Flags::default();
        loop {
            let field = FIELDS.iter().find(|(key, what, _)| {
                let value = self.rest().strip_prefix(*key);
                // Without a value that it knows, the key alone is read, and what follows it refused.
                value.is_some_and(|v| !matches!(what, Bool) || truth(v, *key == b"required=").is_some())
            });
            match field {
                Some((key, what, name)) => {
                    self.at += key.len();
                    match what {
                        Kind => {
                            let found = KINDS.iter().find(|(k, ..)| self.rest().starts_with(k));
                            let Some(found) = found else { return self.fail() };
                            kind = found;
                            self.at += kind.0.len();
                        }
                        Text => self.choice(&[&|r| r.quoted_escaped(b'"'), &|r| r.word(&|b| b == b',')])?,
                        Sharing => self.one_of(&[b"private", b"shared", b"locked"])?,
                        Relabel => self.one_of(&[b"private", b"shared"])?,
                        Bool => self.at += truth(self.rest(), false).unwrap_or(0),
                        Flag => {}
                    }
                    seen.add(usize::from(*name));
                }
                None => {
                    self.one_of(&[b"z", b"Z"])?;
                    seen.add(13);
                }
            }
            if self.string(b",").is_err() {
                break;
            }
        }
        let (_, allowed, needs_target) = kind;
        let missing = *needs_target && seen.seen & 0b10 == 0;
        if seen.bad || missing || seen.seen & !allowed != 0 { self.fail() } else { Ok(()) }
    }
}

/// What follows a key of a mount.
#[derive(Clone, Copy)]
enum MountField {
    Kind,
    Text,
    Bool,
    Flag,
    Sharing,
    Relabel,
}

/// The length of `true` or `false`, in any case or only in lower case after the first letter.
fn truth(text: &[u8], lower: bool) -> Option<usize> {
    let is = |word: &&[u8]| {
        text.get(..word.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(word) && (!lower || t.iter().skip(1).all(u8::is_ascii_lowercase)))
    };
    [&b"true"[..], b"false"].into_iter().find(is).map(<[u8]>::len)
}

/// Flags that may be given once.
#[derive(Clone, Copy, Default)]
struct Flags {
    seen: u32,
    /// One was given twice, or is none.
    bad: bool,
}

impl Flags {
    fn add(&mut self, index: usize) {
        match 1u32.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)) {
            Some(bit) if self.seen & bit == 0 => self.seen |= bit,
            _ => self.bad = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::refused_line;

    #[test]
    fn files_that_hadolint_refuses() {
        for (text, line) in [
            ("FROM a:1\nRUN <<EOF\nx\nEOF\nRUN b\n", 5),
            ("FROM a:1\nCOPY <<EOF /a\nx\nEOF\n# c\n", 5),
            ("FROM a:1\nRUN\n", 2),
            ("FROM a:1\n...\n", 2),
            ("FROM a:1\nENV A b\\\\\nENV C d\n", 2),
            ("FROM a:1\nEXPOSE 82/$protocol\n", 2),
            ("FROM a:1\nADD --chmod 777 a b\n", 2),
            ("FROM a:1\nCOPY --user=me a b\n", 2),
            ("FROM a:1\nENTRYPOINT [\"a\"] # c\n", 2),
            ("FROM a:1\nHEALTHCHECK --interval=1m30s CMD a\n", 2),
            ("FROM a:1\nHEALTHCHECK\n", 2),
            ("FROM a:1\nRUN --mount=from=b c\n", 2),
            ("FROM a:1\nRUN a && \\\n  b\n  \n  c\n", 5),
        ] {
            assert_eq!(refused_line(text.as_bytes()), Some(line), "{text}");
        }
    }

    #[test]
    fn files_that_hadolint_reads() {
        for text in [
            "",
            "# escape=`\nFROM a:1\nRUN a `\n  b\n",
            "FROM --platform=$A b.c/d:${E:-1}@sha256:1 AS f\r\nRUN <<EOF\r\nx\r\nEOF\r\n\r\nRUN g\r\n",
            "FROM a\nRUN --mount=type=cache,target=/a,sharing=locked --network=none b\nEXPOSE 80 ${B} 1-2/udp\n",
            "FROM a\nHEALTHCHECK --interval=1.5s --retries=2 CMD [\"a\", \"b\"]\nCOPY --link --from=a [\"b\", \"c\"]\n",
            "FROM a\nENV A=\"b c\" D='e' \\\n  # f\n  G=h\\ i\nLABEL a=b\nARG X\nARG Y=z\nONBUILD RUN a \\\n\n# b\n c\n",
        ] {
            assert_eq!(refused_line(text.as_bytes()), None, "{text}");
        }
    }
}
