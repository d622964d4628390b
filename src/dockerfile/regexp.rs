//! A small regular expression matcher with the syntax of Go's `regexp`, for the expressions that path patterns become.
//!
//! moby turns a pattern into a regular expression and escapes only part of what has a meaning there, so `|`, `{2}` and
//! `\b` in a `.dockerignore` do what they do in an expression. This knows that much. Time is linear in text times
//! expression.

/// A compiled expression.
#[derive(Debug, Clone)]
pub(crate) struct Regexp {
    program: Vec<Inst>,
}

#[derive(Debug, Clone)]
enum Inst {
    /// A character in (or, if the flag is set, not in) these ranges.
    Set(bool, Vec<(char, char)>),
    Split(usize, usize),
    Jump(usize),
    Assert(Assert),
    Match,
}

#[derive(Debug, Clone, Copy)]
enum Assert {
    Start,
    End,
    Boundary(bool),
}

#[derive(Debug, Clone)]
enum Node {
    Empty,
    Set(bool, Vec<(char, char)>),
    Assert(Assert),
    Concat(Vec<Node>),
    Either(Vec<Node>),
    /// At least, at most.
    Repeat(Box<Node>, u32, Option<u32>),
}

/// Instructions of a program; repetitions multiply.
const MAX_PROGRAM: usize = 20_000;
/// Repetitions that Go allows.
const MAX_REPEAT: u32 = 1000;

impl Regexp {
    /// Compiles an expression; `None` where Go would refuse it, or where it is too large.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text };
        let node = parser.either(0)?;
        if !parser.rest.is_empty() {
            return None;
        }
        let mut program = Vec::new();
        emit(&node, &mut program)?;
        program.push(Inst::Match);
        Some(Self { program })
    }

    /// How many instructions: the cost of each character of a text.
    pub(crate) fn size(&self) -> usize {
        self.program.len()
    }

    /// Whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let size = self.program.len();
        let (mut here, mut next) = (States::new(size), States::new(size));
        let mut before = None;
        let mut chars = text.chars();
        loop {
            let c = chars.next();
            // A match may begin at every place.
            if self.follow(0, &mut here, before, c) {
                return true;
            }
            let Some(c) = c else { return false };
            let after = chars.clone().next();
            next.clear();
            for &at in &here.list {
                if let Some(Inst::Set(negated, ranges)) = self.program.get(at) {
                    let inside = ranges.iter().any(|&(low, high)| (low..=high).contains(&c));
                    if inside != *negated && self.follow(at + 1, &mut next, Some(c), after) {
                        return true;
                    }
                }
            }
            std::mem::swap(&mut here, &mut next);
            before = Some(c);
        }
    }

    /// Adds a state and all it leads to without a character. Whether that is a match.
    fn follow(&self, start: usize, states: &mut States, before: Option<char>, after: Option<char>) -> bool {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let mut todo = vec![start];
        while let Some(at) = todo.pop() {
            if !states.add(at) {
                continue;
            }
            match self.program.get(at) {
                Some(Inst::Match) => return true,
                Some(Inst::Jump(to)) => todo.push(*to),
                Some(Inst::Split(a, b)) => todo.extend([*b, *a]),
                Some(Inst::Assert(assert)) => {
                    let holds = match assert {
                        Assert::Start => before.is_none(),
                        Assert::End => after.is_none(),
                        Assert::Boundary(wanted) => (word(before) != word(after)) == *wanted,
                    };
                    if holds {
                        todo.push(at + 1);
                    }
                }
                _ => {}
            }
        }
        false
    }
}

/// A set of program places.
struct States {
    list: Vec<usize>,
    seen: Vec<bool>,
}

impl States {
    fn new(size: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; size] }
    }

    fn add(&mut self, at: usize) -> bool {
        match self.seen.get_mut(at) {
            Some(seen) if !*seen => {
                *seen = true;
                self.list.push(at);
                true
            }
            _ => false,
        }
    }

    fn clear(&mut self) {
        for at in self.list.drain(..) {
            if let Some(seen) = self.seen.get_mut(at) {
                *seen = false;
            }
        }
    }
}

fn emit(node: &Node, program: &mut Vec<Inst>) -> Option<()> {
    if program.len() > MAX_PROGRAM {
        return None;
    }
    match node {
        Node::Empty => {}
        Node::Set(negated, ranges) => program.push(Inst::Set(*negated, ranges.clone())),
        Node::Assert(assert) => program.push(Inst::Assert(*assert)),
        Node::Concat(nodes) => nodes.iter().try_for_each(|n| emit(n, program))?,
        Node::Either(nodes) => {
            let mut ends = Vec::new();
            for (i, node) in nodes.iter().enumerate() {
                if i + 1 == nodes.len() {
                    emit(node, program)?;
                    break;
                }
                let split = program.len();
                program.push(Inst::Split(split + 1, 0));
                emit(node, program)?;
                ends.push(program.len());
                program.push(Inst::Jump(0));
                let here = program.len();
                program[split] = Inst::Split(split + 1, here);
            }
            let end = program.len();
            ends.into_iter().for_each(|at| program[at] = Inst::Jump(end));
        }
        Node::Repeat(node, least, most) => {
            for _ in 0..*least {
                emit(node, program)?;
            }
            match most {
                None => {
                    let split = program.len();
                    program.push(Inst::Split(split + 1, 0));
                    emit(node, program)?;
                    program.push(Inst::Jump(split));
                    let end = program.len();
                    program[split] = Inst::Split(split + 1, end);
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(program.len());
                        program.push(Inst::Split(0, 0));
                        emit(node, program)?;
                    }
                    let end = program.len();
                    splits.into_iter().for_each(|at| program[at] = Inst::Split(at + 1, end));
                }
            }
        }
    }
    Some(())
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn either(&mut self, depth: u32) -> Option<Node> {
        let mut all = vec![self.concat(depth)?];
        while self.eat("|") {
            all.push(self.concat(depth)?);
        }
        if all.len() == 1 { all.pop() } else { Some(Node::Either(all)) }
    }

    fn concat(&mut self, depth: u32) -> Option<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        // Whether the last thing was a repetition, which cannot be repeated.
        let mut repeated = false;
        while let Some(c) = self.rest.chars().next().filter(|&c| c != '|' && c != ')') {
            if let Some((least, most)) = self.repetition()? {
                if repeated {
                    return None;
                }
                // Go knows lazy repetitions; for matching they are the same.
                self.eat("?");
                let node = nodes.pop()?;
                nodes.push(Node::Repeat(Box::new(node), least, most));
                repeated = true;
                continue;
            }
            repeated = false;
            self.next();
            nodes.push(match c {
                '^' => Node::Assert(Assert::Start),
                '$' => Node::Assert(Assert::End),
                '.' => Node::Set(true, vec![('\n', '\n')]),
                '[' => self.class()?,
                '(' if depth < 16 => {
                    let inner = self.either(depth + 1)?;
                    if !self.eat(")") {
                        return None;
                    }
                    inner
                }
                '(' => return None,
                '\\' => self.escape()?,
                c => Node::Set(false, vec![(c, c)]),
            });
        }
        Some(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.pop()?,
            _ => Node::Concat(nodes),
        })
    }

    /// A repetition operator, if one is next. The outer `None` is an error.
    #[allow(clippy::option_option)]
    fn repetition(&mut self) -> Option<Option<(u32, Option<u32>)>> {
        for (sign, range) in [("*", (0, None)), ("+", (1, None)), ("?", (0, Some(1)))] {
            if self.eat(sign) {
                return Some(Some(range));
            }
        }
        // `{` that begins no count is a character.
        let Some((inside, after)) = self.rest.strip_prefix('{').and_then(|r| r.split_once('}')) else {
            return Some(None);
        };
        let number = |t: &str| {
            let digits = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()) && (t == "0" || !t.starts_with('0'));
            digits.then(|| t.parse::<u32>().unwrap_or(u32::MAX))
        };
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        let (Some(least), most) = (number(least), if most.is_empty() { Some(None) } else { number(most).map(Some) })
        else {
            return Some(None);
        };
        let Some(most) = most else { return Some(None) };
        self.rest = after;
        let fits = least <= MAX_REPEAT && most.is_none_or(|m| m <= MAX_REPEAT && least <= m);
        fits.then_some(Some((least, most)))
    }

    fn escape(&mut self) -> Option<Node> {
        if let Some(node) = self.rest.chars().next().and_then(perl_class) {
            self.next();
            return Some(node);
        }
        let assert = match self.rest.chars().next()? {
            'A' => Assert::Start,
            'z' => Assert::End,
            'b' => Assert::Boundary(true),
            'B' => Assert::Boundary(false),
            'Q' => {
                self.next();
                let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                return Some(Node::Concat(text.chars().map(|c| Node::Set(false, vec![(c, c)])).collect()));
            }
            _ => {
                let c = self.escaped_char()?;
                return Some(Node::Set(false, vec![(c, c)]));
            }
        };
        self.next();
        Some(Node::Assert(assert))
    }

    /// The character that an escape stands for, after the backslash.
    fn escaped_char(&mut self) -> Option<char> {
        let c = self.next()?;
        Some(match c {
            '1'..='7' if !self.rest.starts_with(|d: char| d.is_digit(8)) => return None,
            '0'..='7' => {
                let more = self.rest.bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
                let value = u32::from_str_radix(&self.rest[..more], 8).unwrap_or(0) + (c.to_digit(8)? << (3 * more));
                self.rest = &self.rest[more..];
                char::from_u32(value)?
            }
            'x' => {
                let hex = match self.rest.strip_prefix('{') {
                    Some(inner) => {
                        let (hex, rest) = inner.split_once('}')?;
                        self.rest = rest;
                        hex
                    }
                    None => {
                        let hex = self.rest.get(..2)?;
                        self.rest = &self.rest[2..];
                        hex
                    }
                };
                let valid = !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
                char::from_u32(u32::from_str_radix(hex, 16).ok().filter(|_| valid)?)?
            }
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            _ => return None,
        })
    }

    /// The rest of a bracket expression.
    fn class(&mut self) -> Option<Node> {
        let negated = self.eat("^");
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if let Some(inner) = self.rest.strip_prefix("[:")
                && let Some((name, rest)) = inner.split_once(":]")
            {
                let (name, outside) = name.strip_prefix('^').map_or((name, false), |n| (n, true));
                let set = named_class(name)?;
                ranges.extend(if outside { complement(&set) } else { set });
                self.rest = rest;
                continue;
            }
            if let Some(Node::Set(outside, set)) =
                self.rest.strip_prefix('\\').and_then(|r| r.chars().next()).and_then(perl_class)
            {
                self.rest = &self.rest[2..];
                ranges.extend(if outside { complement(&set) } else { set });
                continue;
            }
            let low = self.class_char()?;
            let mut high = low;
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest.len() > 1 {
                self.next();
                high = self.class_char()?;
            }
            if high < low {
                return None;
            }
            ranges.push((low, high));
        }
        self.next();
        Some(Node::Set(negated, ranges))
    }

    fn class_char(&mut self) -> Option<char> {
        if self.eat("\\") { self.escaped_char() } else { self.next() }
    }
}

fn complement(set: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = set.to_vec();
    crate::order::sort(&mut sorted);
    let mut out = Vec::new();
    let mut from = '\0';
    let step = |c: char, by: i64| char::from_u32((i64::from(u32::from(c)) + by) as u32);
    for (low, high) in sorted {
        if low > from {
            out.extend(step(low, -1).map(|end| (from, end)));
        }
        match step(high, 1) {
            Some(next) => from = from.max(next),
            None => return out,
        }
    }
    out.push((from, char::MAX));
    out
}

fn perl_class(c: char) -> Option<Node> {
    let set = named_class(match c {
        'd' | 'D' => "digit",
        'w' | 'W' => "word",
        's' | 'S' => "perlspace",
        _ => return None,
    })?;
    Some(Node::Set(c.is_ascii_uppercase(), set))
}

fn named_class(name: &str) -> Option<Vec<(char, char)>> {
    Some(match name {
        "alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => vec![('A', 'Z'), ('a', 'z')],
        "ascii" => vec![('\0', '\x7f')],
        "blank" => vec![('\t', '\t'), (' ', ' ')],
        "cntrl" => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => vec![('0', '9')],
        "graph" => vec![('!', '~')],
        "lower" => vec![('a', 'z')],
        "print" => vec![(' ', '~')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => vec![('\t', '\r'), (' ', ' ')],
        "perlspace" => vec![('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        "upper" => vec![('A', 'Z')],
        "word" => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Regexp;

    fn hit(expression: &str, text: &str) -> Option<bool> {
        Regexp::new(expression).map(|r| r.is_match(text))
    }

    #[test]
    fn expressions_match_as_in_go() {
        for (expression, text, want) in [
            ("^a|b$", "ab", Some(true)),
            ("^a|b$", "cc", Some(false)),
            ("^(.*/)?x$", "a/b/x", Some(true)),
            ("^(.*/)?x$", "ax", Some(false)),
            ("^a\\b$", "a", Some(true)),
            ("^a{2,3}$", "aaa", Some(true)),
            ("^a{2,3}$", "a", Some(false)),
            ("^{a,b}$", "{a,b}", Some(true)),
            ("^[^/]*$", "a/b", Some(false)),
            ("^[a-c\\d]+$", "b2", Some(true)),
            ("^[[:alpha:]]$", "x", Some(true)),
            ("a{2}{3}", "", None),
            ("[b-a]", "", None),
            ("\\1", "", None),
        ] {
            assert_eq!(hit(expression, text), want, "{expression} {text}");
        }
    }
}
