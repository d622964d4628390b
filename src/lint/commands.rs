//! The commands of a `RUN` as package-manager rules look at them: a name, rough arguments, flags.

use crate::shell::{Script, Simple};
use crate::text::Span;

/// A simple command.
#[derive(Debug, Clone)]
pub struct Cmd {
    /// The program; empty where it is not literal. `command x` and `busybox x` count as `x`.
    pub name: String,
    /// The first word, in the source.
    pub name_span: Span,
    /// The words after the first one, expansions as `${VAR}`, quotes removed.
    pub args: Vec<Arg>,
    /// Flags: `-xy` gives `x` and `y`, `--long=v` gives `long`; each with the index of its argument.
    pub flags: Vec<(String, usize)>,
    /// The whole command, in the source.
    pub span: Span,
    /// Assignments before the command: name and rough value.
    pub env: Vec<(String, String)>,
}

/// An argument.
#[derive(Debug, Clone)]
pub struct Arg {
    /// Its rough text.
    pub text: String,
    /// Where it is in the source.
    pub span: Span,
    /// The names of the variables in it.
    pub variables: Vec<String>,
}

impl Cmd {
    pub(super) fn new(script: &Script, simple: &Simple, map: &dyn Fn(Span) -> Span) -> Option<Self> {
        let (first, rest) = simple.words.split_first()?;
        let source = script.source.as_str();
        let literal = first.literal(source)?;
        // A test is part of the script's control flow, as `if` is.
        if literal == "[" {
            return None;
        }
        let name = match literal.as_ref() {
            "busybox" | "builtin" | "command" => match rest.first().and_then(|w| w.literal(source)) {
                Some(second) if !second.starts_with('-') => second.into_owned(),
                _ => literal.into_owned(),
            },
            _ => literal.into_owned(),
        };
        let mut flags = Vec::new();
        let mut open = true;
        let mut args = Vec::with_capacity(rest.len());
        for (i, word) in rest.iter().enumerate() {
            let text = word.rough(source);
            // Only what is literal makes a flag; an expansion in it counts as nothing.
            let known = word.literal(source).map_or_else(|| text.replace("${VAR}", ""), std::borrow::Cow::into_owned);
            if known == "--" {
                open = false;
            }
            if open {
                if let Some(long) = known.strip_prefix("--") {
                    flags.push((long.split('=').next().unwrap_or("").to_owned(), i));
                } else if let Some(short) = known.strip_prefix('-') {
                    flags.extend(short.chars().map(|c| (c.to_string(), i)));
                }
            }
            args.push(Arg { text, span: map(word.span), variables: variables(&word.parts) });
        }
        let end = simple.words.last().map_or(first.span, |w| w.span);
        Some(Self {
            name,
            name_span: map(first.span),
            args,
            flags,
            span: map(first.span.to(end)),
            env: simple.assignments.iter().map(|a| (a.name.clone(), a.value.rough(source))).collect(),
        })
    }

    /// Its name is one of these.
    pub fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    /// One of these is an argument.
    pub fn has_arg(&self, words: &[&str]) -> bool {
        self.args.iter().any(|a| words.contains(&a.text.as_str()))
    }

    /// One of these flags (without dashes) is given.
    pub fn has_flag(&self, flags: &[&str]) -> bool {
        self.flags.iter().any(|(f, _)| flags.contains(&f.as_str()))
    }

    /// How often a flag is given.
    pub fn count_flag(&self, flag: &str) -> usize {
        self.flags.iter().filter(|(f, _)| f == flag).count()
    }

    /// The name is one of these and one of the words is an argument.
    pub fn runs(&self, names: &[&str], words: &[&str]) -> bool {
        self.is(names) && self.has_arg(words)
    }

    /// Whether the argument at this index holds flags.
    pub fn is_flag(&self, index: usize) -> bool {
        self.flags.iter().any(|(_, i)| *i == index)
    }

    /// Arguments that are not flags, nor the argument after one of the flags in `with_value`.
    pub fn operands(&self, with_value: &[&str]) -> impl Iterator<Item = &Arg> {
        let skipped: Vec<usize> =
            self.flags.iter().filter(|(f, _)| with_value.contains(&f.as_str())).map(|(_, i)| i + 1).collect();
        self.args.iter().enumerate().filter(move |(i, _)| !self.is_flag(*i) && !skipped.contains(i)).map(|(_, a)| a)
    }

    /// The arguments after one of these flags.
    pub fn values_of(&self, flags: &[&str]) -> Vec<&str> {
        self.flags
            .iter()
            .filter(|(f, _)| flags.contains(&f.as_str()))
            .filter_map(|(_, i)| self.args.get(i + 1))
            .map(|a| a.text.as_str())
            .collect()
    }
}

/// The variables that parts of a word refer to.
fn variables(parts: &[crate::shell::Part]) -> Vec<String> {
    use crate::shell::PartKind;
    let mut names = Vec::new();
    for part in parts {
        match &part.kind {
            PartKind::Parameter(p) => names.push(p.name.clone()),
            PartKind::DoubleQuoted(parts) => names.extend(variables(parts)),
            _ => {}
        }
    }
    names
}
