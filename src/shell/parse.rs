//! Text to tree, by recursive descent over the bytes. Each byte is looked at a bounded number of times a nesting level,
//! and nesting is bounded by [`MAX_DEPTH`].

use super::tree::*;
use crate::text::Span;

/// How deep commands, substitutions and quotes may nest. What lies deeper is skipped with an error.
pub const MAX_DEPTH: usize = 64;

/// Reads a script.
pub fn parse(source: &str) -> Script {
    let mut parser = Parser {
        src: source.as_bytes(),
        at: 0,
        end: source.len(),
        depth: 0,
        pending: Vec::new(),
        open: Vec::new(),
        out: Script::default(),
    };
    parser.out.source = source.to_owned();
    if let Some(line) = source.strip_prefix("#!") {
        let line = line.split('\n').next().unwrap_or("");
        parser.out.shebang = Some(line.trim().to_owned());
    }
    let mut body = parser.list(true);
    // What is left is a closer without an opener: note it and go on behind it.
    while parser.at < parser.end {
        let from = parser.at;
        let closer = parser.peek_operator_len().max(parser.peek_word_len()).max(1);
        parser.stop(body.items.len());
        parser.error(SyntaxErrorKind::Unexpected, from, from + closer);
        parser.at = (from + closer).min(parser.end);
        parser.skip_blank();
        if parser.peek() == b';' && parser.byte(parser.at + 1) != b';' {
            parser.at += 1;
        }
        let more = parser.list(true);
        body.items.extend(more.items);
    }
    parser.read_heredocs();
    body.span = match (body.items.first(), body.items.last()) {
        (Some(a), Some(b)) => a.and_or.span.to(b.and_or.span),
        _ => Span::default(),
    };
    parser.out.body = body;
    parser.out
}

struct Pending {
    delimiter: String,
    expand: bool,
    strip_tabs: bool,
    index: usize,
}

struct Parser<'s> {
    src: &'s [u8],
    at: usize,
    /// Where this parse ends: the end of the text, or the closing backtick.
    end: usize,
    depth: usize,
    pending: Vec<Pending>,
    /// Starts of the commands that are being read, and whether each is a compound one.
    open: Vec<(usize, bool)>,
    out: Script,
}

/// How the text around a part decides what is special in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// Plain words.
    None,
    /// Between double quotes, or in a here-document.
    Double,
    /// In the argument of `${…}`, outside double quotes.
    Brace,
    /// In the argument of `${…}`, inside double quotes.
    DoubleBrace,
    /// In `$((…))`.
    Arithmetic,
}

const RESERVED_END: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

fn is_name_start(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphabetic()
}

fn is_name(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric()
}

fn is_meta(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

impl Parser<'_> {
    fn peek(&self) -> u8 {
        self.byte(self.at)
    }

    /// The byte at `i`; 0 at and after the end.
    fn byte(&self, i: usize) -> u8 {
        if i < self.end { self.src.get(i).copied().unwrap_or(0) } else { 0 }
    }

    fn done(&self) -> bool {
        self.at >= self.end
    }

    fn looking_at(&self, text: &str) -> bool {
        self.src.get(self.at..self.end).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.src.get(from..to).map_or_else(String::new, |b| String::from_utf8_lossy(b).into_owned())
    }

    fn error(&mut self, kind: SyntaxErrorKind, from: usize, to: usize) {
        // One mistake can be met again on the way out of the constructs around it; the first report says it.
        if self.out.errors.len() < 64 {
            // A compound command is not around itself.
            let itself = usize::from(self.open.last() == Some(&(from, true)));
            let enclosing = self.open.iter().rev().nth(itself).map(|(start, _)| *start as u32);
            self.out.errors.push(SyntaxError { kind, span: Span::new(from, to), stopped: self.at as u32, enclosing });
        }
    }

    /// Notes that ShellCheck reads no further than this many commands of the script, unless it failed before.
    fn stop(&mut self, items: usize) {
        if !self.out.errors.iter().any(SyntaxError::is_fatal) {
            self.out.stopped = Some(items);
        }
    }

    /// Runs `f` one level deeper; beyond the limit skips to the end of this parse.
    fn deeper<T: Default>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.error(SyntaxErrorKind::TooDeep, self.at, self.at);
            self.at = self.end;
            return T::default();
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }

    // ---- blanks, comments, here-document bodies

    fn skip_blank(&mut self) {
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.byte(self.at + 1) == b'\n' => self.at += 2,
                b'\\' if self.byte(self.at + 1) == b'\r' && self.byte(self.at + 2) == b'\n' => self.at += 3,
                b'#' => {
                    let start = self.at;
                    while !self.done() && self.peek() != b'\n' {
                        self.at += 1;
                    }
                    self.out.comments.push(Span::new(start, self.at));
                }
                _ => return,
            }
        }
    }

    fn skip_newlines(&mut self) {
        loop {
            self.skip_blank();
            if self.peek() != b'\n' || self.done() {
                return;
            }
            self.newline();
        }
    }

    fn newline(&mut self) {
        self.at += 1;
        if !self.pending.is_empty() {
            self.read_heredocs();
        }
    }

    fn read_heredocs(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let start = self.at;
            let mut line = self.at;
            let (body_end, next) = loop {
                if line >= self.end {
                    break (self.end, self.end);
                }
                let stop = self.src[line..self.end].iter().position(|&b| b == b'\n').map_or(self.end, |n| line + n);
                let mut text = &self.src[line..stop];
                if pending.strip_tabs {
                    while let [b'\t', rest @ ..] = text {
                        text = rest;
                    }
                }
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                if text == pending.delimiter.as_bytes() {
                    break (line, (stop + 1).min(self.end));
                }
                line = (stop + 1).min(self.end);
            };
            let mut parts = Vec::new();
            if pending.expand {
                let (end, at) = (self.end, self.at);
                self.end = body_end;
                self.at = start;
                parts = self.deeper(|p| p.parts(Quote::Double, |p| p.done()));
                self.end = end;
                self.at = at;
            }
            self.at = next.max(self.at);
            if let Some(slot) = self.out.heredocs.get_mut(pending.index) {
                slot.span = Span::new(start, body_end);
                slot.parts = parts;
            }
        }
    }

    /// Length of the plain word at this place, as reserved words are spelled; 0 where there is none.
    fn peek_word_len(&self) -> usize {
        let mut n = 0;
        loop {
            let b = self.byte(self.at + n);
            if b.is_ascii_alphabetic() || matches!(b, b'{' | b'}' | b'!' | b'[' | b']') {
                n += 1;
            } else {
                break;
            }
        }
        let after = self.byte(self.at + n);
        if self.at + n >= self.end || is_meta(after) { n } else { 0 }
    }

    fn peek_word(&self) -> &str {
        let n = self.peek_word_len();
        self.src.get(self.at..self.at + n).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("")
    }

    fn peek_operator_len(&self) -> usize {
        ["(", ")", ";;&", ";;", ";&", ";", "&&", "&", "||", "|&", "|"]
            .iter()
            .find(|o| self.looking_at(o))
            .map_or(0, |o| if *o == ")" { 1 } else { o.len() })
    }

    /// At something that ends the list in which it stands.
    fn at_list_end(&self) -> bool {
        if self.done() {
            return true;
        }
        match self.peek() {
            b')' => true,
            b';' => matches!(self.byte(self.at + 1), b';' | b'&'),
            _ => RESERVED_END.contains(&self.peek_word()),
        }
    }

    // ---- lists

    fn list(&mut self, top: bool) -> List {
        let mut items: Vec<Item> = Vec::new();
        loop {
            self.skip_newlines();
            if self.at_list_end() {
                break;
            }
            let from = self.at;
            if matches!(self.peek(), b';' | b'&' | b'|') {
                // A separator with no command before it.
                let n = self.peek_operator_len().max(1);
                let lone = self.peek() == b';' && items.last().is_some_and(|i| i.background);
                let kind = match top {
                    _ if lone => SyntaxErrorKind::Separator,
                    true => SyntaxErrorKind::Stray,
                    false => SyntaxErrorKind::MissingCommand,
                };
                if kind == SyntaxErrorKind::Stray {
                    self.stop(items.len());
                }
                self.error(kind, from, from + n);
                self.at += n;
                continue;
            }
            let and_or = self.and_or();
            self.skip_blank();
            let mut background = false;
            match self.peek() {
                b'&' if self.byte(self.at + 1) != b'&' => {
                    self.at += 1;
                    background = true;
                }
                b';' if !matches!(self.byte(self.at + 1), b';' | b'&') => self.at += 1,
                b'(' => {
                    let at = self.at;
                    if top {
                        self.stop(items.len() + 1);
                    }
                    self.error(SyntaxErrorKind::Parenthesis, at, at + 1);
                    self.at += 1;
                    // Read what is inside as commands of this list, so that they are still seen.
                    let inside = self.deeper(|p| p.list(false));
                    if self.peek() == b')' {
                        self.at += 1;
                    }
                    self.skip_blank();
                    if self.peek() == b';' && self.byte(self.at + 1) != b';' {
                        self.at += 1;
                    }
                    items.push(Item { and_or, background });
                    items.extend(inside.items);
                    continue;
                }
                b'\n' => {}
                _ if self.at_list_end() || self.at == from => {}
                _ => {
                    // A word right behind a compound command.
                    let at = self.at;
                    if top {
                        self.stop(items.len() + 1);
                    }
                    self.error(SyntaxErrorKind::AfterCompound, at, at + 1);
                }
            }
            items.push(Item { and_or, background });
            if self.at == from {
                if top {
                    return List { items, span: Span::new(from, from) };
                }
                self.at += 1;
            }
        }
        let span = match (items.first(), items.last()) {
            (Some(a), Some(b)) => a.and_or.span.to(b.and_or.span),
            _ => Span::new(self.at, self.at),
        };
        List { items, span }
    }

    fn and_or(&mut self) -> AndOr {
        let first = self.pipeline();
        let mut span = first.span;
        let mut rest = Vec::new();
        loop {
            self.skip_blank();
            let operator = if self.looking_at("&&") {
                AndOrOperator::And
            } else if self.looking_at("||") {
                AndOrOperator::Or
            } else {
                break;
            };
            let at = self.at;
            self.at += 2;
            self.skip_newlines();
            if self.at_list_end() || matches!(self.peek(), b';' | b'&' | b'|') {
                self.error(SyntaxErrorKind::MissingCommand, at, at + 2);
            }
            let next = self.pipeline();
            span = span.to(next.span);
            rest.push((operator, next));
        }
        AndOr { first, rest, span }
    }

    fn pipeline(&mut self) -> Pipeline {
        let start = self.at;
        let mut bang = None;
        while self.peek() == b'!' && matches!(self.byte(self.at + 1), b' ' | b'\t' | b'\n' | b'(') {
            bang = Some(Span::new(self.at, self.at + 1));
            self.at += 1;
            self.skip_blank();
        }
        let mut commands = vec![self.command()];
        let mut pipes = Vec::new();
        loop {
            self.skip_blank();
            if self.peek() != b'|' || self.byte(self.at + 1) == b'|' {
                break;
            }
            let n = if self.byte(self.at + 1) == b'&' { 2 } else { 1 };
            let pipe = Span::new(self.at, self.at + n);
            self.at += n;
            self.skip_newlines();
            if self.at_list_end() || matches!(self.peek(), b';' | b'&' | b'|') {
                self.error(SyntaxErrorKind::MissingCommand, pipe.start as usize, pipe.end as usize);
            }
            pipes.push(pipe);
            commands.push(self.command());
        }
        let span = Span::new(start, commands.last().map_or(start, |c| c.span.end as usize));
        Pipeline { bang, commands, pipes, span }
    }

    // ---- commands

    fn command(&mut self) -> Command {
        self.skip_blank();
        let start = self.at;
        let kind = if self.depth >= MAX_DEPTH {
            self.error(SyntaxErrorKind::TooDeep, start, start);
            self.at = self.end;
            CommandKind::Missing
        } else {
            self.depth += 1;
            self.open.push((start, true));
            let kind = self.command_kind(start);
            self.open.pop();
            self.depth -= 1;
            kind
        };
        let mut command = Command { kind, redirections: Vec::new(), span: Span::new(start, self.at) };
        match &mut command.kind {
            CommandKind::Simple(_) => {
                self.open.push((start, false));
                let (simple, redirections, end) = self.simple(start);
                self.open.pop();
                command.kind = if simple.words.is_empty() && simple.assignments.is_empty() && redirections.is_empty() {
                    CommandKind::Missing
                } else {
                    CommandKind::Simple(simple)
                };
                command.redirections = redirections;
                command.span = Span::new(start, end);
                self.maybe_function(&mut command);
            }
            CommandKind::Missing => {}
            _ => {
                // Redirections after a compound command.
                loop {
                    let before = self.at;
                    self.skip_blank();
                    match self.redirection() {
                        Some(redirection) => {
                            command.span = command.span.to(redirection.span);
                            command.redirections.push(redirection);
                        }
                        None => {
                            if !matches!(self.peek(), b'\n') {
                                self.at = self.at.max(before);
                            }
                            break;
                        }
                    }
                }
            }
        }
        command
    }

    /// Reads a compound command, or says that a simple one follows without reading it.
    fn command_kind(&mut self, start: usize) -> CommandKind {
        if self.looking_at("((") && self.arithmetic_end(self.at + 2).is_some() {
            let parts = self.arithmetic_body(2);
            return CommandKind::Arithmetic(parts);
        }
        if self.peek() == b'(' {
            self.at += 1;
            let body = self.list(false);
            self.close(b')', start);
            return CommandKind::Subshell(body);
        }
        let glued = self.is_glued_brace();
        match self.peek_word() {
            _ if glued => {
                self.error(SyntaxErrorKind::GluedBrace, start + 1, start + 2);
                self.at += 1;
                let body = self.list(false);
                if self.peek_word() == "}" {
                    self.at += 1;
                }
                CommandKind::Brace(body)
            }
            "{" => {
                self.at += 1;
                let body = self.list(false);
                if self.peek_word() == "}" {
                    self.at += 1;
                } else {
                    self.error(SyntaxErrorKind::Unclosed, start, start + 1);
                }
                CommandKind::Brace(body)
            }
            "[[" => self.double_bracket(start),
            "if" => self.if_command(start),
            "for" => self.for_command(start, false),
            "select" => self.for_command(start, true),
            "while" => self.while_command(start, false),
            "until" => self.while_command(start, true),
            "case" => self.case_command(start),
            "function" => self.function_command(start),
            _ => CommandKind::Simple(Simple::default()),
        }
    }

    /// A `{` that begins a command, with a word right behind it and a `}` later.
    fn is_glued_brace(&self) -> bool {
        let next = self.byte(self.at + 1);
        self.peek() == b'{'
            && (next.is_ascii_alphanumeric() || next == b'_')
            && self.brace_end(self.at).is_none()
            && self.src.get(self.at..self.end).is_some_and(|rest| {
                let line = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                rest.get(..line).is_some_and(|l| crate::text::find(l, b"; }").is_some())
            })
    }

    fn close(&mut self, closer: u8, opened: usize) {
        if self.peek() == closer {
            self.at += 1;
        } else {
            self.error(SyntaxErrorKind::Unclosed, opened, opened + 1);
        }
    }

    /// Takes the reserved word, or notes that it is missing.
    fn expect(&mut self, word: &str, opened: usize, opener: usize) -> bool {
        self.skip_newlines();
        if self.peek_word() == word {
            self.at += word.len();
            return true;
        }
        let kind = if self.done() { SyntaxErrorKind::Unclosed } else { SyntaxErrorKind::Incomplete };
        self.error(kind, opened, opened + opener);
        false
    }

    fn if_command(&mut self, start: usize) -> CommandKind {
        let mut branches = Vec::new();
        let mut otherwise = None;
        self.at += 2;
        loop {
            let condition = self.list(false);
            if !self.expect("then", start, 2) {
                branches.push((condition, List::default()));
                break;
            }
            let body = self.list(false);
            branches.push((condition, body));
            if self.peek_word() == "elif" {
                self.at += 4;
                continue;
            }
            if self.peek_word() == "else" {
                self.at += 4;
                otherwise = Some(self.list(false));
            }
            self.expect("fi", start, 2);
            break;
        }
        CommandKind::If { branches, otherwise }
    }

    fn while_command(&mut self, start: usize, until: bool) -> CommandKind {
        self.at += 5;
        let condition = self.list(false);
        let body = self.do_group(start, 5);
        CommandKind::While { until, condition, body }
    }

    fn do_group(&mut self, start: usize, opener: usize) -> List {
        self.skip_newlines();
        if self.peek_word() == "{" {
            self.at += 1;
            let body = self.list(false);
            if !self.expect("}", start, opener) {
                return body;
            }
            return body;
        }
        if !self.expect("do", start, opener) {
            return List::default();
        }
        let body = self.list(false);
        self.expect("done", start, opener);
        body
    }

    fn for_command(&mut self, start: usize, select: bool) -> CommandKind {
        let opener = if select { 6 } else { 3 };
        self.at += opener;
        self.skip_blank();
        if self.looking_at("((") {
            let parts = self.arithmetic_body(2);
            self.skip_blank();
            if self.peek() == b';' {
                self.at += 1;
            }
            let body = self.do_group(start, opener);
            return CommandKind::ArithmeticFor(parts, body);
        }
        let name_start = self.at;
        while is_name(self.peek()) && !self.done() {
            self.at += 1;
        }
        let name = self.text(name_start, self.at);
        let name_span = Span::new(name_start, self.at);
        if name.is_empty() {
            self.error(SyntaxErrorKind::Incomplete, start, start + opener);
        }
        self.skip_newlines();
        let mut words = None;
        if self.peek_word() == "in" {
            self.at += 2;
            let mut list = Vec::new();
            loop {
                self.skip_blank();
                if self.done() || is_meta(self.peek()) && !self.at_process_substitution() {
                    break;
                }
                let before = self.at;
                list.push(self.word(false));
                if self.at == before {
                    break;
                }
            }
            words = Some(list);
        }
        self.skip_blank();
        if self.peek() == b';' && self.byte(self.at + 1) != b';' {
            self.at += 1;
        }
        let body = self.do_group(start, opener);
        CommandKind::For { name, name_span, words, body, select }
    }

    fn case_command(&mut self, start: usize) -> CommandKind {
        self.at += 4;
        self.skip_blank();
        let subject = self.word(false);
        let mut arms = Vec::new();
        if !self.expect("in", start, 4) {
            return CommandKind::Case { subject, arms };
        }
        loop {
            self.skip_newlines();
            if self.peek_word() == "esac" {
                self.at += 4;
                break;
            }
            if self.done() {
                self.error(SyntaxErrorKind::Unclosed, start, start + 4);
                break;
            }
            if self.peek() == b'(' {
                self.at += 1;
                self.skip_blank();
            }
            let before = self.at;
            let mut patterns = Vec::new();
            loop {
                self.skip_blank();
                patterns.push(self.word(false));
                self.skip_blank();
                if self.peek() != b'|' {
                    break;
                }
                self.at += 1;
            }
            if self.peek() == b')' {
                self.at += 1;
            } else {
                self.error(SyntaxErrorKind::Incomplete, before, self.at);
                if self.at == before {
                    self.at += 1;
                }
            }
            let body = self.list(false);
            arms.push(CaseArm { patterns, body });
            if self.looking_at(";;&") {
                self.at += 3;
            } else if self.looking_at(";;") || self.looking_at(";&") {
                self.at += 2;
            } else if self.peek_word() != "esac" {
                let from = self.at;
                self.error(SyntaxErrorKind::Incomplete, start, start + 4);
                // Behind a stray closer the arms may go on.
                self.at = (from + self.peek_word_len().max(1)).min(self.end);
            }
        }
        CommandKind::Case { subject, arms }
    }

    fn function_command(&mut self, start: usize) -> CommandKind {
        self.at += 8;
        self.skip_blank();
        let name_start = self.at;
        while !self.done() && !is_meta(self.peek()) {
            self.at += 1;
        }
        let name = self.text(name_start, self.at);
        let name_span = Span::new(name_start, self.at);
        self.skip_blank();
        if self.peek() == b'(' {
            self.at += 1;
            self.parameters(start);
        }
        self.skip_newlines();
        let body = Box::new(self.command());
        CommandKind::Function { name, name_span, keyword: true, body }
    }

    /// Turns `name` into a function where `()` and a body follow.
    fn maybe_function(&mut self, command: &mut Command) {
        let CommandKind::Simple(simple) = &command.kind else { return };
        if self.peek() != b'(' || simple.words.len() != 1 || !simple.assignments.is_empty() {
            return;
        }
        let Some(word) = simple.words.first().filter(|w| w.is_bare()) else { return };
        let name_span = word.span;
        let mut look = self.at + 1;
        while matches!(self.byte(look), b' ' | b'\t') {
            look += 1;
        }
        if self.byte(look) != b')' {
            if !self.is_function_with_parameters() {
                return;
            }
            self.at += 1;
            self.parameters(command.span.start as usize);
        } else {
            self.at = look + 1;
        }
        self.open.push((command.span.start as usize, false));
        self.skip_newlines();
        let name = self.text(name_span.start as usize, name_span.end as usize);
        let body = Box::new(self.command());
        self.open.pop();
        command.span = command.span.to(body.span);
        command.kind = CommandKind::Function { name, name_span, keyword: false, body };
    }

    /// Behind the `(` of a function: its `)`, and what should not stand before it.
    fn parameters(&mut self, start: usize) {
        self.skip_blank();
        if self.peek() != b')' {
            let from = self.at;
            while !self.done() && !matches!(self.peek(), b')' | b'\n' | b';' | b'{') {
                self.at += 1;
            }
            self.error(SyntaxErrorKind::Parameters, from, from + 1);
        }
        self.close(b')', start);
    }

    /// Whether `(…) {` follows: a function definition with parameters.
    fn is_function_with_parameters(&self) -> bool {
        let rest = self.src.get(self.at..self.end).unwrap_or(&[]);
        let Some(close) = rest.iter().take(200).position(|b| *b == b')') else { return false };
        let inside = rest.get(1..close).unwrap_or(&[]);
        let plain = inside.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b',' | b'_' | b'$'));
        plain && rest.get(close + 1..).unwrap_or(&[]).trim_ascii_start().first() == Some(&b'{')
    }

    fn double_bracket(&mut self, start: usize) -> CommandKind {
        self.at += 2;
        let mut tokens = Vec::new();
        let mut after_match = false;
        loop {
            self.skip_newlines();
            if self.done() {
                self.error(SyntaxErrorKind::Unclosed, start, start + 2);
                break;
            }
            if self.looking_at("]]") && (self.at + 2 >= self.end || is_meta(self.byte(self.at + 2))) {
                self.at += 2;
                break;
            }
            let from = self.at;
            if after_match {
                after_match = false;
                tokens.push(TestToken::Word(self.regex_word()));
                continue;
            }
            let operator = ["&&", "||"].iter().find(|o| self.looking_at(o)).map_or(0, |o| o.len());
            let operator = match self.peek() {
                _ if operator > 0 => operator,
                b'<' | b'>' if self.byte(self.at + 1) == b'(' => 0,
                b'(' | b')' | b'<' | b'>' => 1,
                b';' | b'&' | b'|' => {
                    self.error(SyntaxErrorKind::Unclosed, start, start + 2);
                    break;
                }
                _ => 0,
            };
            if operator > 0 {
                self.at += operator;
                tokens.push(TestToken::Operator(Span::new(from, self.at)));
                continue;
            }
            let word = self.word(false);
            after_match = word.span.of(self.src) == b"=~";
            tokens.push(TestToken::Word(word));
            if self.at == from {
                self.at += 1;
            }
        }
        CommandKind::Test(tokens)
    }

    /// The right side of `=~`: parentheses and bars are part of it.
    fn regex_word(&mut self) -> Word {
        let start = self.at;
        let mut nest = 0usize;
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                _ if self.done() => break,
                b'\n' => break,
                b' ' | b'\t' if nest == 0 => break,
                b'(' => nest += 1,
                b')' if nest == 0 => break,
                b')' => nest -= 1,
                b'$' | b'\'' | b'"' | b'`' | b'\\' => {
                    let before = self.at;
                    self.part(Quote::None, &mut parts);
                    if self.at > before {
                        continue;
                    }
                }
                _ => {}
            }
            let from = self.at;
            self.at += 1;
            while self.byte(self.at) & 0xC0 == 0x80 {
                self.at += 1;
            }
            push_text(&mut parts, from, self.at);
        }
        Word { parts, span: Span::new(start, self.at) }
    }

    // ---- simple commands

    fn simple(&mut self, start: usize) -> (Simple, Vec<Redirection>, usize) {
        let mut simple = Simple::default();
        let mut redirections = Vec::new();
        let mut end = start;
        let mut declares = false;
        loop {
            self.skip_blank();
            if self.done() {
                break;
            }
            if let Some(redirection) = self.redirection() {
                end = redirection.span.end as usize;
                redirections.push(redirection);
                continue;
            }
            if is_meta(self.peek()) && !self.at_process_substitution() {
                break;
            }
            let before = self.at;
            if simple.words.is_empty()
                && let Some(assignment) = self.assignment()
            {
                end = self.at;
                simple.assignments.push(assignment);
                continue;
            }
            let word = self.word(declares);
            if simple.words.is_empty() {
                declares = matches!(
                    word.span.of(self.src),
                    b"export" | b"local" | b"declare" | b"readonly" | b"typeset" | b"alias" | b"eval" | b"let"
                );
            }
            end = self.at;
            if self.at == before {
                break;
            }
            simple.words.push(word);
        }
        self.check_test(&simple.words);
        (simple, redirections, end)
    }

    /// `[` takes operands and a `]`, each a word of its own: a shell tells only when it runs the command, so that what
    /// is glued together is listed as ShellCheck does.
    fn check_test(&mut self, words: &[Word]) {
        const OPERATORS: [&[u8]; 17] = [
            b"=", b"==", b"!=", b"<", b">", b"\\<", b"\\>", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-nt",
            b"-ot", b"-ef", b"=~",
        ];
        let Some((first, rest)) = words.split_first() else { return };
        let open = first.span.start as usize;
        let text = first.span.of(self.src);
        if text.first() != Some(&b'[') || text.get(1) == Some(&b'[') {
            return;
        }
        let glued = text.len() > 1;
        let of = |word: &Word| word.span.of(self.src);
        let closed = rest.last().is_some_and(|w| of(w) == b"]");
        // Where the words stop being a test.
        let mut misfit = None;
        if glued {
            let unary = text.len() == 3 && text.get(1) == Some(&b'-');
            let mut at = usize::from(unary);
            while rest.get(at).is_some_and(|w| OPERATORS.contains(&of(w)) || matches!(of(w), b"-a" | b"-o")) {
                at += 2;
            }
            misfit = rest.get(at).filter(|w| at + 1 < rest.len() || of(w) != b"]").map(|w| w.span.start);
        }
        let last = of(words.last().unwrap_or(first)).ends_with(b"]");
        if glued {
            self.error(SyntaxErrorKind::GluedTest, open, open + 1);
        }
        if misfit.is_none() && closed {
            return;
        }
        if misfit.is_none() && last {
            self.error(SyntaxErrorKind::GluedTestEnd, self.at, self.at);
        }
        self.error(SyntaxErrorKind::Incomplete, open, open + 1);
        let around = self.open.iter().rev().map(|(start, _)| *start).find(|start| *start != open);
        if let Some(error) = self.out.errors.last_mut().filter(|e| e.kind == SyntaxErrorKind::Incomplete) {
            error.stopped = misfit.unwrap_or(error.stopped);
            error.enclosing = around.map(|start| start as u32);
        }
    }

    fn assignment(&mut self) -> Option<Assignment> {
        let start = self.at;
        if !is_name_start(self.peek()) {
            return None;
        }
        let mut i = start;
        while is_name(self.byte(i)) {
            i += 1;
        }
        let name_span = Span::new(start, i);
        let mut index = None;
        if self.byte(i) == b'[' {
            // Only an assignment where `]=` or `]+=` follows: look first.
            let close = self.index_end(i)?;
            let after = self.byte(close + 1);
            if !(after == b'=' || after == b'+' && self.byte(close + 2) == b'=') {
                return None;
            }
            let end = self.end;
            self.end = close;
            self.at = i + 1;
            index = Some(self.deeper(|p| p.parts(Quote::Double, |p| p.done())));
            self.end = end;
            i = close + 1;
        }
        let append = self.byte(i) == b'+' && self.byte(i + 1) == b'=';
        if append {
            i += 1;
        }
        if self.byte(i) != b'=' {
            self.at = start;
            return None;
        }
        self.at = i + 1;
        let value = if self.peek() == b'(' { self.array() } else { self.word_or_empty() };
        let name = self.text(name_span.start as usize, name_span.end as usize);
        Some(Assignment { name, name_span, index, append, value, span: Span::new(start, self.at) })
    }

    /// The `]` that matches the `[` at `open`, on one line.
    fn index_end(&self, open: usize) -> Option<usize> {
        let mut depth = 0usize;
        let mut i = open;
        while i < self.end && i - open < 4096 {
            match self.byte(i) {
                b'[' => depth += 1,
                b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(i);
                    }
                }
                b'\n' | b';' => return None,
                b'\\' => i += 1,
                _ => {}
            }
            i += 1;
        }
        None
    }

    fn array(&mut self) -> Word {
        let start = self.at;
        self.at += 1;
        let words = self.deeper(|p| {
            let mut words = Vec::new();
            loop {
                p.skip_newlines();
                if p.done() || p.peek() == b')' {
                    return words;
                }
                let before = p.at;
                if is_meta(p.peek()) && !p.at_process_substitution() {
                    p.error(SyntaxErrorKind::Unexpected, before, before + 1);
                    p.at += 1;
                    continue;
                }
                words.push(p.word(false));
                if p.at == before {
                    p.at += 1;
                }
            }
        });
        self.close(b')', start);
        let span = Span::new(start, self.at);
        Word { parts: vec![Part { kind: PartKind::Array(words), span }], span }
    }

    fn at_process_substitution(&self) -> bool {
        matches!(self.peek(), b'<' | b'>') && self.byte(self.at + 1) == b'('
    }

    fn redirection(&mut self) -> Option<Redirection> {
        let start = self.at;
        let mut i = start;
        while self.byte(i).is_ascii_digit() {
            i += 1;
        }
        if i == start && self.byte(i) == b'{' {
            let mut j = i + 1;
            while is_name(self.byte(j)) {
                j += 1;
            }
            if j > i + 1 && self.byte(j) == b'}' && matches!(self.byte(j + 1), b'<' | b'>') {
                i = j + 1;
            }
        }
        const OPERATORS: [&str; 12] = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"];
        let here = self.at;
        self.at = i;
        let operator = OPERATORS.iter().find(|o| self.looking_at(o)).copied();
        let found = match operator {
            Some(o) if i > here && o.starts_with('&') => None,
            Some("<" | ">") if self.byte(i + 1) == b'(' => None,
            other => other,
        };
        let Some(operator) = found else {
            self.at = here;
            return None;
        };
        self.at += operator.len();
        let fd = (i > start).then(|| Span::new(start, i));
        self.skip_blank();
        let at = self.at;
        let target = self.word_or_empty();
        if target.parts.is_empty() {
            self.error(SyntaxErrorKind::MissingTarget, i, i + operator.len());
        }
        let span = Span::new(start, self.at.max(at.min(i + operator.len())));
        let mut heredoc = None;
        if matches!(operator, "<<" | "<<-") {
            let index = self.out.heredocs.len();
            let source = std::str::from_utf8(self.src).unwrap_or("");
            let delimiter =
                target.literal(source).map_or_else(|| target.span.str_of(source).to_owned(), |d| d.into_owned());
            let expand = target.is_bare();
            self.out.heredocs.push(Heredoc { delimiter: delimiter.clone(), expand, ..Heredoc::default() });
            self.pending.push(Pending { delimiter, expand, strip_tabs: operator == "<<-", index });
            heredoc = Some(index);
        }
        Some(Redirection { fd, operator, target, heredoc, span })
    }

    // ---- words

    fn word_or_empty(&mut self) -> Word {
        if self.done() || (is_meta(self.peek()) && !self.at_process_substitution()) {
            return Word { parts: Vec::new(), span: Span::new(self.at, self.at) };
        }
        self.word(false)
    }

    fn word(&mut self, declares: bool) -> Word {
        let start = self.at;
        let mut parts: Vec<Part> = Vec::new();
        loop {
            if self.done() {
                break;
            }
            let b = self.peek();
            if is_meta(b) {
                if b == b'(' && declares && self.byte(self.at - 1) == b'=' && self.at > start {
                    parts.extend(self.array().parts);
                    continue;
                }
                if !(self.at_process_substitution() && self.at == start) {
                    break;
                }
            }
            let before = self.at;
            self.part(Quote::None, &mut parts);
            if self.at == before {
                break;
            }
        }
        Word { parts, span: Span::new(start, self.at) }
    }

    fn parts(&mut self, quote: Quote, stop: impl Fn(&Self) -> bool) -> Vec<Part> {
        let mut parts = Vec::new();
        while !self.done() && !stop(self) {
            let before = self.at;
            self.part(quote, &mut parts);
            if self.at == before {
                self.at += 1;
                push_text(&mut parts, before, self.at);
            }
        }
        parts
    }

    /// Reads one piece, or one run of plain text.
    fn part(&mut self, quote: Quote, parts: &mut Vec<Part>) {
        let start = self.at;
        let double = matches!(quote, Quote::Double | Quote::DoubleBrace | Quote::Arithmetic);
        let kind = match self.peek() {
            b'\\' => {
                let next = self.byte(start + 1);
                if start + 1 >= self.end {
                    self.at += 1;
                    return push_text(parts, start, self.at);
                }
                if double
                    && !matches!(next, b'$' | b'`' | b'"' | b'\\' | b'\n')
                    && !(quote == Quote::DoubleBrace && next == b'}')
                {
                    // The backslash stays.
                    self.at += 1;
                    return push_text(parts, start, self.at);
                }
                self.at += 2;
                while self.byte(self.at) & 0xC0 == 0x80 {
                    self.at += 1;
                }
                PartKind::Escape
            }
            b'\'' if !double => {
                self.at += 1;
                self.until_quote(b'\'', start, false);
                PartKind::SingleQuoted
            }
            b'"' if quote != Quote::Double => {
                self.at += 1;
                let inside = self.double_quoted(start);
                PartKind::DoubleQuoted(inside)
            }
            b'`' => self.backticks(start),
            b'$' => match self.dollar(quote) {
                Some(kind) => kind,
                None => {
                    self.at += 1;
                    return push_text(parts, start, self.at);
                }
            },
            b'<' | b'>' if quote == Quote::None && self.byte(start + 1) == b'(' => {
                self.at += 2;
                let body = self.deeper(|p| p.list(false));
                self.close(b')', start);
                PartKind::ProcessSubstitution(body)
            }
            b'@' | b'!' | b'+' | b'?' | b'*' if quote == Quote::None && self.byte(start + 1) == b'(' => {
                self.at += 2;
                let inside = self.deeper(|p| p.extended_glob());
                self.close(b')', start);
                PartKind::ExtendedGlob(inside)
            }
            b'*' | b'?' if matches!(quote, Quote::None | Quote::Brace) => {
                self.at += 1;
                PartKind::Glob
            }
            b'[' if matches!(quote, Quote::None | Quote::Brace) => match self.bracket_end(start) {
                Some(end) => {
                    self.at = end;
                    PartKind::Glob
                }
                None => {
                    self.at += 1;
                    return push_text(parts, start, self.at);
                }
            },
            b'{' if quote == Quote::None => match self.brace_end(start) {
                Some(close) => {
                    self.at += 1;
                    let inside = self.deeper(|p| {
                        let mut inside = Vec::new();
                        while p.at < close {
                            let before = p.at;
                            p.part(Quote::None, &mut inside);
                            if p.at == before {
                                p.at += 1;
                                push_text(&mut inside, before, p.at);
                            }
                        }
                        inside
                    });
                    self.at = (close + 1).min(self.end);
                    PartKind::Brace(inside)
                }
                None => {
                    self.at += 1;
                    return push_text(parts, start, self.at);
                }
            },
            _ => {
                while !self.done() {
                    let b = self.peek();
                    let special = match quote {
                        Quote::None => {
                            is_meta(b)
                                || matches!(
                                    b,
                                    b'\\' | b'\'' | b'"' | b'`' | b'$' | b'*' | b'?' | b'[' | b'{' | b',' | b'}'
                                )
                                || matches!(b, b'@' | b'!' | b'+') && self.byte(self.at + 1) == b'('
                        }
                        Quote::Double => matches!(b, b'\\' | b'"' | b'`' | b'$'),
                        Quote::Brace => {
                            matches!(b, b'\\' | b'\'' | b'"' | b'`' | b'$' | b'}' | b'*' | b'?' | b'[' | b'/')
                        }
                        Quote::DoubleBrace => matches!(b, b'\\' | b'"' | b'`' | b'$' | b'}' | b'/'),
                        Quote::Arithmetic => matches!(b, b'\\' | b'"' | b'`' | b'$' | b')' | b'('),
                    };
                    if special && self.at > start {
                        break;
                    }
                    if special && is_meta(b) && quote == Quote::None {
                        return;
                    }
                    self.at += 1;
                }
                return push_text(parts, start, self.at);
            }
        };
        parts.push(Part { kind, span: Span::new(start, self.at) });
    }

    fn extended_glob(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        while !self.done() && self.peek() != b')' {
            let before = self.at;
            self.part(Quote::None, &mut parts);
            if self.at == before {
                if self.peek() == b'\n' {
                    break;
                }
                self.at += 1;
                push_text(&mut parts, before, self.at);
            }
        }
        parts
    }

    /// Moves behind the next `quote`; a backslash protects it where `escapes`.
    fn until_quote(&mut self, quote: u8, opened: usize, escapes: bool) {
        while !self.done() {
            let b = self.peek();
            self.at += 1;
            if b == quote {
                return;
            }
            if b == b'\\' && escapes {
                self.at += 1;
            }
        }
        self.at = self.end;
        self.error(SyntaxErrorKind::Unclosed, opened, opened + 1);
    }

    fn double_quoted(&mut self, opened: usize) -> Vec<Part> {
        let inside = self.deeper(|p| p.parts(Quote::Double, |p| p.peek() == b'"'));
        self.close(b'"', opened);
        inside
    }

    fn backticks(&mut self, start: usize) -> PartKind {
        let mut i = start + 1;
        while i < self.end && self.byte(i) != b'`' {
            i += if self.byte(i) == b'\\' { 2 } else { 1 };
        }
        let close = i.min(self.end);
        if self.byte(close) != b'`' {
            self.error(SyntaxErrorKind::Unclosed, start, start + 1);
        }
        let outer_end = self.end;
        let pending = std::mem::take(&mut self.pending);
        self.end = close;
        self.at = start + 1;
        let body = self.deeper(|p| p.list(false));
        if self.at < close {
            self.error(SyntaxErrorKind::Unexpected, self.at, self.at + 1);
        }
        self.read_heredocs();
        self.pending = pending;
        self.end = outer_end;
        self.at = (close + 1).min(outer_end);
        PartKind::CommandSubstitution { body, backticks: true }
    }

    fn dollar(&mut self, quote: Quote) -> Option<PartKind> {
        let start = self.at;
        let next = self.byte(start + 1);
        match next {
            b'(' => {
                if self.byte(start + 2) == b'(' && self.arithmetic_end(start + 3).is_some() {
                    return Some(PartKind::Arithmetic(self.arithmetic_body(3)));
                }
                self.at += 2;
                let body = self.deeper(|p| p.list(false));
                self.close(b')', start);
                Some(PartKind::CommandSubstitution { body, backticks: false })
            }
            b'[' if quote != Quote::Brace => {
                let close = self.index_end(start + 1)?;
                let end = self.end;
                self.end = close;
                self.at += 2;
                let parts = self.deeper(|p| p.parts(Quote::Arithmetic, |p| p.done()));
                self.end = end;
                self.at = (close + 1).min(end);
                Some(PartKind::Arithmetic(parts))
            }
            b'{' => Some(PartKind::Parameter(self.braced(quote))),
            b'\'' if matches!(quote, Quote::None | Quote::Brace) => {
                self.at += 2;
                self.until_quote(b'\'', start, true);
                Some(PartKind::AnsiQuoted)
            }
            b'"' if matches!(quote, Quote::None | Quote::Brace) => {
                self.at += 2;
                Some(PartKind::DoubleQuoted(self.double_quoted(start)))
            }
            b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => {
                self.at += 2;
                Some(PartKind::Parameter(Parameter::plain(self.text(start + 1, start + 2))))
            }
            b if is_name_start(b) => {
                self.at += 1;
                while is_name(self.peek()) && !self.done() {
                    self.at += 1;
                }
                Some(PartKind::Parameter(Parameter::plain(self.text(start + 1, self.at))))
            }
            _ => None,
        }
    }

    fn braced(&mut self, quote: Quote) -> Parameter {
        let start = self.at;
        self.at += 2;
        let mut out = Parameter::plain(String::new());
        out.braced = true;
        let after = |p: &Self, n: usize| p.byte(p.at + n);
        if self.peek() == b'#'
            && after(self, 1) != b'}'
            && (is_name(after(self, 1)) || matches!(after(self, 1), b'@' | b'*' | b'?' | b'!' | b'$' | b'-'))
        {
            out.length = true;
            self.at += 1;
        } else if self.peek() == b'!' && (is_name(after(self, 1)) || matches!(after(self, 1), b'@' | b'*' | b'#')) {
            out.indirect = true;
            self.at += 1;
        }
        let name = self.at;
        if is_name_start(self.peek()) {
            while is_name(self.peek()) && !self.done() {
                self.at += 1;
            }
        } else if self.peek().is_ascii_digit() {
            while self.peek().is_ascii_digit() {
                self.at += 1;
            }
        } else if matches!(self.peek(), b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') {
            self.at += 1;
        }
        out.name = self.text(name, self.at);
        if self.peek() == b'['
            && let Some(close) = self.index_end(self.at)
        {
            let end = self.end;
            self.end = close;
            self.at += 1;
            out.index = Some(self.deeper(|p| p.parts(Quote::Double, |p| p.done())));
            self.end = end;
            self.at = (close + 1).min(end);
        }
        const OPERATORS: [&str; 26] = [
            ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,", "~~", "-", "=", "?", "+", "#", "%", "/",
            "^", ",", "~", "@", ":", "*", "!",
        ];
        if self.peek() != b'}'
            && let Some(operator) = OPERATORS.iter().find(|o| self.looking_at(o))
        {
            out.operator = operator;
            self.at += operator.len();
        }
        // Within double quotes a pattern is quoted anew, a default value is not.
        let pattern = matches!(out.operator, "#" | "##" | "%" | "%%" | "/" | "//" | "/#" | "/%");
        let inside = match quote {
            Quote::Double | Quote::DoubleBrace | Quote::Arithmetic if !pattern => Quote::DoubleBrace,
            _ => Quote::Brace,
        };
        out.argument = self.deeper(|p| p.parts(inside, |p| p.peek() == b'}'));
        self.close(b'}', start);
        out
    }

    /// Where the `))` stands that closes arithmetic whose content begins at `from`; `None` where none does.
    fn arithmetic_end(&self, from: usize) -> Option<usize> {
        let mut depth = 0usize;
        let mut i = from;
        while i < self.end {
            match self.byte(i) {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => return (self.byte(i + 1) == b')').then_some(i),
                b'\\' => i += 1,
                b'\'' | b'"' | b';' if self.byte(from.saturating_sub(3)) == b'$' && self.byte(i) == b'\'' => {
                    return None;
                }
                _ => {}
            }
            i += 1;
        }
        None
    }

    /// Reads arithmetic whose opener has `opener` bytes.
    fn arithmetic_body(&mut self, opener: usize) -> Vec<Part> {
        let start = self.at;
        let close = self.arithmetic_end(start + opener);
        let end = self.end;
        self.at += opener;
        self.end = close.unwrap_or(end);
        let parts = self.deeper(|p| p.parts(Quote::Arithmetic, |p| p.done()));
        self.end = end;
        match close {
            Some(close) => self.at = (close + 2).min(end),
            None => self.error(SyntaxErrorKind::Unclosed, start, start + opener),
        }
        parts
    }

    /// The end of a `[…]` glob that begins at `open`; `None` where the bracket is plain text.
    fn bracket_end(&self, open: usize) -> Option<usize> {
        let mut i = open + 1;
        if matches!(self.byte(i), b'!' | b'^') {
            i += 1;
        }
        let first = i;
        while i < self.end {
            match self.byte(i) {
                b']' if i > first => return Some(i + 1),
                b'[' if matches!(self.byte(i + 1), b':' | b'.' | b'=') => {
                    let kind = self.byte(i + 1);
                    let mut j = i + 2;
                    while j < self.end && j - i < 24 && !(self.byte(j) == kind && self.byte(j + 1) == b']') {
                        j += 1;
                    }
                    i = if self.byte(j + 1) == b']' { j + 1 } else { i };
                }
                b'\\' => i += 1,
                b'\'' | b'"' | b'`' | b'$' => return None,
                b if is_meta(b) => return None,
                _ => {}
            }
            i += 1;
        }
        None
    }

    /// The `}` of a brace expansion that begins at `open`; `None` where the brace is plain text.
    fn brace_end(&self, open: usize) -> Option<usize> {
        let mut depth = 0usize;
        let mut comma = false;
        let mut i = open;
        while i < self.end && i - open < 65_536 {
            match self.byte(i) {
                b'{' => depth += 1,
                b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        return comma.then_some(i);
                    }
                }
                b',' if depth == 1 => comma = true,
                b'.' if depth == 1 && self.byte(i + 1) == b'.' => comma = true,
                b'\\' => i += 1,
                b'$' if matches!(self.byte(i + 1), b'{' | b'(') => i = self.skip_dollar(i)?,
                b'\'' => i = (i + 1..self.end).find(|&j| self.byte(j) == b'\'')?,
                b'"' => {
                    i += 1;
                    while i < self.end && self.byte(i) != b'"' {
                        i += if self.byte(i) == b'\\' { 2 } else { 1 };
                    }
                }
                b if is_meta(b) => return None,
                _ => {}
            }
            i += 1;
        }
        None
    }

    /// The closer of the `${` or `$(` at `i`, roughly: brackets of the same kind are counted.
    fn skip_dollar(&self, i: usize) -> Option<usize> {
        let open = self.byte(i + 1);
        let close = if open == b'{' { b'}' } else { b')' };
        let mut depth = 0usize;
        let mut j = i + 1;
        while j < self.end {
            let b = self.byte(j);
            if b == open {
                depth += 1;
            } else if b == close {
                depth -= 1;
                if depth == 0 {
                    return Some(j);
                }
            } else if b == b'\\' {
                j += 1;
            }
            j += 1;
        }
        None
    }
}

impl Parameter {
    fn plain(name: String) -> Self {
        Self { name, braced: false, length: false, indirect: false, index: None, operator: "", argument: Vec::new() }
    }
}

/// Appends plain text, to the last part where it is plain text that ends here.
fn push_text(parts: &mut Vec<Part>, from: usize, to: usize) {
    if from >= to {
        return;
    }
    let span = Span::new(from, to);
    if let Some(Part { kind: PartKind::Literal, span: last }) = parts.last_mut()
        && last.end == span.start
    {
        last.end = span.end;
        return;
    }
    parts.push(Part { kind: PartKind::Literal, span });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<Vec<String>> {
        let script = parse(source);
        script.simple_commands().map(|c| c.words.iter().map(|w| w.rough(&script.source)).collect()).collect()
    }

    fn errors(source: &str) -> Vec<SyntaxErrorKind> {
        parse(source).errors.iter().map(|e| e.kind).collect()
    }

    #[test]
    fn words_glued_to_a_test() {
        use SyntaxErrorKind::*;
        assert_eq!(errors("[ a ] && [ b = c ] && [[ d ]]"), vec![]);
        assert_eq!(errors("[-f x ]; [a = b ]"), vec![GluedTest, GluedTest]);
        assert_eq!(errors("[ a = b]"), vec![GluedTestEnd, Incomplete]);
        assert_eq!(errors("[Net.A]::B = [Net.C]::D ; e"), vec![GluedTest, Incomplete]);
        let around = parse("if [ -f x]; then y; fi").errors[1].enclosing;
        assert_eq!(around, Some(0));
    }

    #[test]
    fn lists_pipelines_and_quotes() {
        assert_eq!(
            words("set -eux; a 'b c' \"d $e\" | f && g || h &\n# no\ni\\ j"),
            vec![vec!["set", "-eux"], vec!["a", "b c", "d ${VAR}"], vec!["f"], vec!["g"], vec!["h"], vec!["i j"]]
        );
    }

    #[test]
    fn compound_commands_hold_their_lists() {
        let source = "if [ -f x ]; then a; elif b; then c; else d; fi; for i in 1 2 $(e); do f; done; while g; do h; done < i; \
                      case $j in k|l) m;; *) n;; esac; { o; }; (p); q() { r; }; function s { t; }; [[ $u =~ ^(a|b)$ && -n x ]]; ((1 + 2)); v";
        let script = parse(source);
        assert_eq!(script.errors, []);
        let names: Vec<_> = words(source).into_iter().map(|w| w[0].clone()).collect();
        assert_eq!(names, ["[", "a", "b", "c", "d", "e", "f", "g", "h", "m", "n", "o", "p", "r", "t", "v"]);
    }

    #[test]
    fn here_documents_are_not_commands() {
        let script = parse("cat <<EOF > a && b\nx $y\n$(z)\nEOF\nc <<-'E'\n\t$n\n\tE\nd");
        assert_eq!(script.errors, []);
        assert_eq!(script.heredocs.len(), 2);
        assert_eq!(script.heredocs[0].span.str_of(&script.source), "x $y\n$(z)\n");
        assert!(script.heredocs[0].expand && !script.heredocs[1].expand);
        let names: Vec<_> = words(&script.source).into_iter().map(|w| w[0].clone()).collect();
        assert_eq!(names, ["cat", "z", "b", "c", "d"]);
    }

    #[test]
    fn expansions_have_names_and_operators() {
        let script = parse("echo ${a:-b} ${#c} ${!d} ${e[@]} ${f//x/y} $1 $@ $((g + $h)) $(( (1) ))");
        assert_eq!(script.errors, []);
        let mut seen = Vec::new();
        walk_parameters(&script, &mut seen);
        assert_eq!(seen, ["a:-", "c", "d", "e", "f//", "1", "@", "h"]);
    }

    fn walk_parameters(script: &Script, seen: &mut Vec<String>) {
        crate::shell::walk(script, &mut |node, _| {
            if let crate::shell::Node::Part(Part { kind: PartKind::Parameter(p), .. }, _) = node {
                seen.push(format!("{}{}", p.name, p.operator));
            }
        });
    }

    #[test]
    fn assignments_braces_and_globs() {
        let script = parse("A=1 B+='x y' c[0]=z cmd {a,b}.txt *.sh [a-z]x {} [ x ]");
        let simple = script.simple_commands().next().unwrap();
        assert_eq!(simple.assignments.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["A", "B", "c"]);
        let kinds: Vec<_> = simple
            .words
            .iter()
            .map(|w| {
                w.parts
                    .iter()
                    .map(|p| match p.kind {
                        PartKind::Brace(_) => 'b',
                        PartKind::Glob => 'g',
                        PartKind::Literal => 'l',
                        _ => '?',
                    })
                    .collect::<String>()
            })
            .collect();
        assert_eq!(kinds, ["l", "bl", "gl", "gl", "l", "l", "l", "l"]);
    }

    #[test]
    fn what_a_shell_refuses_is_an_error_and_the_rest_is_read() {
        use SyntaxErrorKind::*;
        assert_eq!(errors("if a; then b"), [Unclosed]);
        assert_eq!(errors("a && "), [MissingCommand]);
        assert_eq!(errors("fi; b"), [Unexpected]);
        assert_eq!(errors("echo 'x"), [Unclosed]);
        assert_eq!(errors("echo a (b); c"), [Parenthesis]);
        assert_eq!(errors("echo >"), [MissingTarget]);
        assert_eq!(words("fi; b")[0], ["b"]);
        assert_eq!(errors(&"$(".repeat(500)).first(), Some(&TooDeep));
    }

    mod properties {
        use proptest::prelude::*;
        proptest! {
            #[test]
            fn any_text_parses_with_spans_inside(source in "([a-z =]|[$(){}\\[\\]'\"`;&|<>!#*\\\\\n]|<<E\n|if |fi|do |done|case |esac| in |\\$\\{|\\$\\(){0,60}") {
                let script = super::super::parse(&source);
                crate::shell::walk(&script, &mut |node, _| {
                    let span = node.span();
                    assert!(span.end as usize <= source.len() && span.start <= span.end);
                    assert!(source.is_char_boundary(span.start as usize) && source.is_char_boundary(span.end as usize));
                });
            }
        }
    }
}
