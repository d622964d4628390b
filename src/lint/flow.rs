//! What is known about a script's variables: whether a value can hold a space or a glob where it is used, and which
//! names are set and read at all.
//!
//! Values are followed through the script's control flow, as ShellCheck does: a value is clean where every way to the
//! place assigns something without spaces. `a && b && c` is read as `(a && b) && c`, so that at `c` the way past `b`
//! counts too; that is ShellCheck's model and is kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::context::ShellContext;
use crate::shell::{
    AndOr, Command, CommandKind, List, Node, Part, PartKind, Pipeline, Redirection, Simple, TestToken, Word, walk,
};
use crate::text::Span;

/// What is known about a script's variables.
#[derive(Debug, Default)]
pub struct Flow {
    /// For each expansion, by the offset of its `$`: the value holds no space and no glob whenever it is reached.
    clean: HashMap<u32, bool>,
    /// Names that the script sets, with the place of the last time.
    pub assigned: BTreeMap<String, Span>,
    /// Names that the script sets and that are reported where nothing reads them.
    pub plain: BTreeMap<String, Span>,
    /// Names that the script reads.
    pub read: HashSet<String>,
    /// Names read without a default, in order, each once, with their place.
    pub bare_reads: Vec<(String, Span)>,
    /// `set -e` (or `-o errexit`) is somewhere in the script.
    pub errexit: bool,
}

impl Flow {
    pub(super) fn new(cx: &ShellContext<'_>) -> Self {
        let mut flow = names(cx);
        let mut walker = Walker { cx, clean: HashMap::new(), functions: HashMap::new(), depth: 0, steps: 0 };
        let mut state = Some(State::new());
        walker.list(&cx.script.body, &mut state);
        flow.clean = walker.clean;
        flow
    }

    /// Whether the expansion at this offset is known to hold no space and no glob.
    pub fn is_clean(&self, dollar: u32) -> bool {
        self.clean.get(&dollar).copied().unwrap_or(false)
    }
}

/// What a value can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Empty,
    Clean,
    Dirty,
}

impl Value {
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Empty, x) | (x, Self::Empty) => x,
            (Self::Clean, Self::Clean) => Self::Clean,
            _ => Self::Dirty,
        }
    }

    fn of(text: &str) -> Self {
        if text.is_empty() {
            Self::Empty
        } else if text.contains([' ', '\t', '\n', '*', '?', '[']) {
            Self::Dirty
        } else {
            Self::Clean
        }
    }
}

type State = HashMap<String, Value>;

/// Variables that the shell itself keeps free of spaces.
const NO_SPACES: [&str; 36] = [
    "$",
    "-",
    "?",
    "!",
    "#",
    "BASHPID",
    "BASH_ARGC",
    "BASH_LINENO",
    "BASH_SUBSHELL",
    "EUID",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "LINENO",
    "OPTIND",
    "PPID",
    "RANDOM",
    "READLINE_ARGUMENT",
    "READLINE_MARK",
    "READLINE_POINT",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "UID",
    "COMP_CWORD",
    "COMP_KEY",
    "COMP_POINT",
    "COMP_TYPE",
    "COLUMNS",
    "HISTCMD",
    "LINES",
    "BASH_COMPAT",
    "BASH_ARGV0",
    "GROUPS",
    "DIRSTACK",
    "OPTERR",
];

/// Steps after which values count as unknown: loops and calls repeat their bodies.
const MAX_STEPS: usize = 1_000_000;

struct Walker<'c, 't> {
    cx: &'c ShellContext<'t>,
    clean: HashMap<u32, bool>,
    functions: HashMap<String, &'c Command>,
    depth: usize,
    steps: usize,
}

fn merge(a: Option<State>, b: Option<State>) -> Option<State> {
    let (a, mut b) = match (a, b) {
        (None, x) | (x, None) => return x,
        (Some(a), Some(b)) => (a, b),
    };
    // A name that one side does not set may hold anything there.
    for (name, value) in &mut b {
        let other = a.get(name).copied().unwrap_or(Value::Dirty);
        *value = match (*value, other) {
            (Value::Empty, x) | (x, Value::Empty) => x,
            (Value::Clean, Value::Clean) => Value::Clean,
            _ => Value::Dirty,
        };
    }
    for name in a.keys() {
        if !b.contains_key(name) {
            b.insert(name.clone(), Value::Dirty);
        }
    }
    Some(b)
}

impl<'c> Walker<'c, '_> {
    fn list(&mut self, list: &'c List, state: &mut Option<State>) {
        for item in &list.items {
            if item.background {
                let mut copy = state.clone();
                self.and_or(&item.and_or, &mut copy);
            } else {
                self.and_or(&item.and_or, state);
            }
        }
    }

    fn and_or(&mut self, and_or: &'c AndOr, state: &mut Option<State>) {
        self.pipeline(&and_or.first, state);
        for (_, pipeline) in &and_or.rest {
            let before = state.clone();
            self.pipeline(pipeline, state);
            *state = merge(before, state.take());
        }
    }

    fn pipeline(&mut self, pipeline: &'c Pipeline, state: &mut Option<State>) {
        if let Some(command) = pipeline.single() {
            self.command(command, state);
            return;
        }
        for command in &pipeline.commands {
            let mut copy = state.clone();
            self.command(command, &mut copy);
        }
    }

    fn command(&mut self, command: &'c Command, state: &mut Option<State>) {
        // States are copied where the flow forks: count what that costs.
        self.steps += 1 + state.as_ref().map_or(0, State::len);
        if self.steps > MAX_STEPS {
            *state = Some(State::new());
            self.clean.clear();
            return;
        }
        match &command.kind {
            CommandKind::Simple(simple) => {
                self.redirections(&command.redirections, state);
                self.simple(simple, state);
                return;
            }
            CommandKind::Brace(list) => self.list(list, state),
            CommandKind::Subshell(list) => {
                let mut copy = state.clone();
                self.list(list, &mut copy);
            }
            CommandKind::If { branches, otherwise } => {
                let mut ends: Option<State> = None;
                for (condition, body) in branches {
                    self.list(condition, state);
                    let mut taken = state.clone();
                    self.list(body, &mut taken);
                    ends = merge(ends, taken);
                }
                if let Some(list) = otherwise {
                    self.list(list, state);
                }
                *state = merge(ends, state.take());
            }
            CommandKind::For { name, words, body, .. } => {
                let mut value: Option<Value> = None;
                for word in words.iter().flatten() {
                    self.word(word, state);
                    let v = self.value_of(word, state, true);
                    value = Some(match value {
                        None => v,
                        Some(old) if old == Value::Dirty || v == Value::Dirty => Value::Dirty,
                        Some(old) => old.then(v),
                    });
                }
                let value = if words.is_none() { Value::Dirty } else { value.unwrap_or(Value::Empty) };
                self.repeat(state, |w, s| {
                    set(s, name, value);
                    w.list(body, s);
                });
            }
            CommandKind::ArithmeticFor(parts, body) => {
                self.parts(parts, state);
                self.repeat(state, |w, s| w.list(body, s));
            }
            CommandKind::While { condition, body, .. } => {
                self.list(condition, state);
                self.repeat(state, |w, s| {
                    w.list(body, s);
                    w.list(condition, s);
                });
            }
            CommandKind::Case { subject, arms } => {
                self.word(subject, state);
                let mut ends: Option<State> = None;
                let mut complete = false;
                for arm in arms {
                    let mut taken = state.clone();
                    self.list(&arm.body, &mut taken);
                    ends = merge(ends, taken);
                    complete |= arm.patterns.iter().any(|p| p.rough(&self.cx.script.source) == "*");
                }
                *state = if complete { ends } else { merge(ends, state.take()) };
            }
            CommandKind::Function { name, body, .. } => {
                self.functions.insert(name.clone(), body);
                // Not known yet who calls it: look at it with what is set now.
                let mut copy = state.clone();
                let kept = self.clean.clone();
                self.command(body, &mut copy);
                for (at, clean) in kept {
                    self.clean.insert(at, clean);
                }
            }
            CommandKind::Test(tokens) => {
                for token in tokens {
                    if let TestToken::Word(word) = token {
                        self.word(word, state);
                    }
                }
            }
            CommandKind::Arithmetic(parts) => {
                self.parts(parts, state);
                self.arithmetic(parts, state);
            }
            CommandKind::Missing => {}
        }
        self.redirections(&command.redirections, state);
    }

    /// A body that runs any number of times.
    fn repeat(&mut self, state: &mut Option<State>, body: impl Fn(&mut Self, &mut Option<State>)) {
        for _ in 0..2 {
            let mut inside = state.clone();
            body(self, &mut inside);
            *state = merge(state.take(), inside);
        }
    }

    fn redirections(&mut self, redirections: &'c [Redirection], state: &mut Option<State>) {
        for redirection in redirections {
            self.word(&redirection.target, state);
            if let Some(heredoc) = redirection.heredoc.and_then(|i| self.cx.script.heredocs.get(i)) {
                self.parts(&heredoc.parts, state);
            }
        }
    }

    fn simple(&mut self, simple: &'c Simple, state: &mut Option<State>) {
        for word in &simple.words {
            self.word(word, state);
        }
        let mut values = Vec::new();
        for assignment in &simple.assignments {
            self.word(&assignment.value, state);
            let mut value = self.value_of(&assignment.value, state, false);
            if assignment.append {
                value = self.lookup(&assignment.name, state).then(value);
            }
            if assignment.index.is_some() {
                value = Value::Dirty;
            }
            if simple.words.is_empty() {
                set(state, &assignment.name, value);
            }
            values.push((assignment.name.as_str(), value));
        }
        let source = self.cx.script.source.as_str();
        let Some(name) = simple.words.first().and_then(|w| w.literal(source)) else { return };
        let args = simple.words.get(1..).unwrap_or(&[]);
        match name.as_ref() {
            "exit" | "return" | "exec" if name != "exec" || !args.is_empty() => *state = None,
            "export" | "readonly" | "local" | "declare" | "typeset" => {
                let integer = args.iter().any(|a| {
                    let text = a.rough(source);
                    text.starts_with('-') && text.contains('i')
                });
                for arg in args {
                    if let Some((name, rest)) = split_assignment(arg, source) {
                        let value = if integer { Value::Clean } else { self.parts_value(&rest, state, false) };
                        set(state, &name, value);
                    } else if matches!(name.as_ref(), "local" | "declare" | "typeset") && arg.is_bare() {
                        let text = arg.rough(source);
                        if !text.starts_with('-') && name != "declare" {
                            set(state, &text, Value::Empty);
                        }
                    }
                }
            }
            "read" => {
                for name in operands(args, source, &['a', 'd', 'i', 'n', 'N', 'p', 't', 'u']) {
                    set(state, &name, Value::Dirty);
                }
            }
            "printf" => {
                if let [flag, target, ..] = args
                    && flag.rough(source) == "-v"
                {
                    set(state, &target.rough(source), Value::Dirty);
                }
            }
            "getopts" => {
                if let Some(target) = args.get(1) {
                    set(state, &target.rough(source), Value::Clean);
                }
                set(state, "OPTARG", Value::Dirty);
            }
            "mapfile" | "readarray" => {
                for name in operands(args, source, &['d', 'n', 'O', 's', 'u', 'C', 'c']) {
                    set(state, &name, Value::Dirty);
                }
            }
            "unset" => {
                for name in operands(args, source, &[]) {
                    set(state, &name, Value::Empty);
                }
            }
            "let" => {
                for arg in args {
                    let text = arg.rough(source);
                    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    set(state, &name, Value::Clean);
                }
            }
            "set" if args.iter().any(|a| a.rough(source) == "--") => {}
            other => {
                if let Some(body) = self.functions.get(other).copied()
                    && self.depth < 8
                {
                    self.depth += 1;
                    let mut inside = state.clone();
                    for (name, value) in values {
                        set(&mut inside, name, value);
                    }
                    self.command(body, &mut inside);
                    // `return` ends the function, not the script.
                    *state = inside.or(state.take());
                    self.depth -= 1;
                }
            }
        }
    }

    /// Marks the expansions of a word, and runs what is in its substitutions.
    fn word(&mut self, word: &'c Word, state: &mut Option<State>) {
        self.parts(&word.parts, state);
    }

    fn parts(&mut self, parts: &'c [Part], state: &mut Option<State>) {
        for part in parts {
            match &part.kind {
                PartKind::Parameter(p) => {
                    let clean = state.is_none() || self.lookup(&p.name, state) == Value::Clean;
                    let slot = self.clean.entry(part.span.start).or_insert(true);
                    *slot &= clean;
                    self.parts(p.index.as_deref().unwrap_or(&[]), state);
                    self.parts(&p.argument, state);
                    if matches!(p.operator, "=" | ":=") {
                        let value = self.parts_value(&p.argument.iter().collect::<Vec<_>>(), state, false);
                        let old = self.lookup(&p.name, state);
                        set(state, &p.name, if old == Value::Clean { value.then(Value::Clean) } else { Value::Dirty });
                    }
                }
                PartKind::DoubleQuoted(inner) | PartKind::ExtendedGlob(inner) | PartKind::Brace(inner) => {
                    self.parts(inner, state)
                }
                PartKind::Arithmetic(inner) => {
                    self.parts(inner, state);
                    self.arithmetic(inner, state);
                }
                PartKind::CommandSubstitution { body, .. } | PartKind::ProcessSubstitution(body) => {
                    let mut copy = state.clone();
                    self.list(body, &mut copy);
                }
                PartKind::Array(words) => {
                    for word in words {
                        self.word(word, state);
                    }
                }
                PartKind::Literal
                | PartKind::Escape
                | PartKind::SingleQuoted
                | PartKind::AnsiQuoted
                | PartKind::Glob => {}
            }
        }
    }

    /// Assignments inside arithmetic give numbers.
    fn arithmetic(&mut self, parts: &[Part], state: &mut Option<State>) {
        for part in parts {
            if !matches!(part.kind, PartKind::Literal) {
                continue;
            }
            for (name, op) in arithmetic_names(self.cx.text(part.span)) {
                if op {
                    set(state, &name, Value::Clean);
                }
            }
        }
    }

    fn lookup(&self, name: &str, state: &Option<State>) -> Value {
        if NO_SPACES.contains(&name) {
            return Value::Clean;
        }
        match state.as_ref().and_then(|s| s.get(name)) {
            Some(value) => *value,
            None if self.cx.known.get(name).copied().unwrap_or(false) => Value::Clean,
            None => Value::Dirty,
        }
    }

    fn value_of(&self, word: &Word, state: &Option<State>, in_loop: bool) -> Value {
        self.parts_value(&word.parts.iter().collect::<Vec<_>>(), state, in_loop)
    }

    fn parts_value(&self, parts: &[&Part], state: &Option<State>, in_loop: bool) -> Value {
        let source = self.cx.script.source.as_str();
        let mut value = Value::Empty;
        for part in parts {
            value = value.then(match &part.kind {
                PartKind::Parameter(p) if p.index.is_none() && p.operator.is_empty() && !p.length && !p.indirect => {
                    if in_loop {
                        Value::Dirty
                    } else {
                        self.lookup(&p.name, state)
                    }
                }
                PartKind::Arithmetic(_) => Value::Clean,
                PartKind::DoubleQuoted(inner) => self.parts_value(&inner.iter().collect::<Vec<_>>(), state, in_loop),
                PartKind::Literal => Value::of(part.span.str_of(source)),
                PartKind::Escape | PartKind::SingleQuoted | PartKind::AnsiQuoted => {
                    let mut text = String::new();
                    crate::shell::push_literal(std::slice::from_ref(*part), source, false, &mut text);
                    Value::of(&text)
                }
                _ => Value::Dirty,
            });
        }
        value
    }
}

fn set(state: &mut Option<State>, name: &str, value: Value) {
    if let Some(state) = state {
        state.insert(name.to_owned(), value);
    }
}

/// `NAME=…` as an argument of a declaring command: the name and the parts of the value.
pub fn split_assignment<'w>(word: &'w Word, source: &str) -> Option<(String, Vec<&'w Part>)> {
    let first = word.parts.first().filter(|p| matches!(p.kind, PartKind::Literal))?;
    let text = first.span.str_of(source);
    let (name, rest) = text.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !valid {
        return None;
    }
    // The first part's own text counts only where something follows the `=` in it.
    let parts = word.parts.iter().skip(usize::from(rest.is_empty())).collect();
    Some((name.to_owned(), parts))
}

/// Arguments that are not flags; the flags in `with_value` take the next one along.
fn operands(args: &[Word], source: &str, with_value: &[char]) -> Vec<String> {
    let mut out = Vec::new();
    let mut skip = false;
    for arg in args {
        let text = arg.rough(source);
        if std::mem::take(&mut skip) {
            continue;
        }
        if let Some(flags) = text.strip_prefix('-').filter(|f| !f.is_empty()) {
            skip = flags.ends_with(with_value);
            continue;
        }
        out.push(text);
    }
    out
}

/// The names in an arithmetic text, and whether each is assigned there.
fn arithmetic_names(text: &str) -> Vec<(String, bool)> {
    let b = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < b.len() {
        let start = i;
        if b[i].is_ascii_alphabetic() || b[i] == b'_' {
            while i < b.len() && (b[i].is_ascii_alphanumeric() || b[i] == b'_') {
                i += 1;
            }
            let rest = text[i..].trim_start();
            let op = rest.starts_with('=') && !rest.starts_with("==")
                || rest.starts_with("++")
                || rest.starts_with("--")
                || (rest.len() > 1 && rest.as_bytes()[1] == b'=' && b"+-*/%&|^".contains(&rest.as_bytes()[0]));
            out.push((text[start..i].to_owned(), op));
        } else if b[i].is_ascii_digit() {
            while i < b.len() && b[i].is_ascii_alphanumeric() {
                i += 1;
            }
        } else {
            i += 1;
        }
    }
    out
}

/// Which names are set and read, whatever the order.
fn names(cx: &ShellContext<'_>) -> Flow {
    let mut flow = Flow::default();
    let source = cx.script.source.as_str();
    let mut guarded: HashSet<String> = HashSet::new();
    let mut bare: Vec<(String, Span)> = Vec::new();
    walk(cx.script, &mut |node, parents| match node {
        Node::Assignment(a) => {
            let prefix = matches!(parents.last(), Some(Node::Command(Command { kind: CommandKind::Simple(s), .. })) if !s.words.is_empty());

            // Set for one command only, it is not set for the rest of the script.
            if !prefix {
                flow.assigned.insert(a.name.clone(), a.span);
                flow.plain.insert(a.name.clone(), a.span);
            }
        }
        Node::Command(command) => match &command.kind {
            CommandKind::For { name, name_span, .. } => {
                flow.assigned.insert(name.clone(), *name_span);
                flow.plain.insert(name.clone(), command.span);
            }
            CommandKind::Arithmetic(parts) => arithmetic_use(parts, source, &mut flow),
            CommandKind::ArithmeticFor(parts, _) => arithmetic_use(parts, source, &mut flow),
            CommandKind::Test(tokens) => {
                let mut negative = false;
                for token in tokens {
                    let TestToken::Word(word) = token else { continue };
                    if negative {
                        guard(word, &mut guarded);
                        let text = word.rough(source);
                        flow.read.insert(text.clone());
                        guarded.insert(text);
                    }
                    negative = matches!(word.rough(source).as_str(), "-n" | "-z" | "-v");
                }
            }
            CommandKind::Simple(simple) => simple_use(simple, source, &mut flow, &mut guarded),
            _ => {}
        },
        Node::Part(part, _) => match &part.kind {
            PartKind::Parameter(p) => {
                flow.read.insert(p.name.clone());
                if p.indirect {
                    // The name is made at run time: anything may be read.
                    flow.read.insert(format!("!{}", p.name));
                }
                let defaulted = matches!(p.operator, ":-" | "-" | ":+" | "+" | ":?" | "?" | ":=" | "=");
                if matches!(p.operator, ":=" | "=") {
                    flow.assigned.insert(p.name.clone(), part.span);
                }
                if defaulted {
                    guarded.insert(p.name.clone());
                } else {
                    bare.push((p.name.clone(), part.span));
                }
            }
            PartKind::Arithmetic(parts) => arithmetic_use(parts, source, &mut flow),
            _ => {}
        },
        _ => {}
    });
    let mut seen = HashSet::new();
    flow.bare_reads = bare.into_iter().filter(|(n, _)| !guarded.contains(n) && seen.insert(n.clone())).collect();
    flow
}

fn guard(word: &Word, guarded: &mut HashSet<String>) {
    fn inner(parts: &[Part], guarded: &mut HashSet<String>) {
        for part in parts {
            match &part.kind {
                PartKind::Parameter(p) => {
                    guarded.insert(p.name.clone());
                }
                PartKind::DoubleQuoted(parts) => inner(parts, guarded),
                _ => {}
            }
        }
    }
    inner(&word.parts, guarded);
}

fn arithmetic_use(parts: &[Part], source: &str, flow: &mut Flow) {
    for part in parts.iter().filter(|p| matches!(p.kind, PartKind::Literal)) {
        for (name, op) in arithmetic_names(part.span.str_of(source)) {
            if op {
                flow.assigned.insert(name.clone(), part.span);
            }
            flow.read.insert(name);
        }
    }
}

fn simple_use(simple: &Simple, source: &str, flow: &mut Flow, guarded: &mut HashSet<String>) {
    let Some(name) = simple.words.first().and_then(|w| w.literal(source)) else { return };
    let args = simple.words.get(1..).unwrap_or(&[]);
    match name.as_ref() {
        "[" | "test" => {
            for pair in args.windows(2) {
                if matches!(pair[0].rough(source).as_str(), "-n" | "-z" | "-v") {
                    guard(&pair[1], guarded);
                    let text = pair[1].rough(source);
                    flow.read.insert(text.clone());
                    guarded.insert(text);
                }
            }
        }
        "export" | "declare" | "typeset" | "local" | "readonly" => {
            let exports = name == "export" || args.iter().any(|a| a.rough(source).starts_with("-x"));
            for arg in args {
                if let Some((name, _)) = split_assignment(arg, source) {
                    flow.assigned.insert(name.clone(), arg.span);
                    if exports {
                        flow.read.insert(name);
                    } else {
                        flow.plain.insert(name, arg.span);
                    }
                } else {
                    let text = arg.rough(source);
                    if exports {
                        flow.read.insert(text);
                    } else if !text.starts_with('-') {
                        flow.assigned.insert(text, arg.span);
                    }
                }
            }
        }
        "read" => {
            for arg in args.iter().filter(|a| !a.rough(source).starts_with('-')) {
                let text = arg.rough(source);
                flow.assigned.insert(text.clone(), arg.span);
                flow.plain.insert(text, arg.span);
            }
        }
        "getopts" => {
            if let Some(arg) = args.get(1) {
                flow.assigned.insert(arg.rough(source), arg.span);
            }
        }
        "printf" => {
            if let [flag, target, ..] = args
                && flag.rough(source) == "-v"
            {
                flow.assigned.insert(target.rough(source), target.span);
            }
        }
        "mapfile" | "readarray" | "wait" => {
            for arg in args {
                flow.assigned.insert(arg.rough(source), arg.span);
            }
        }
        "let" => {
            for arg in args {
                for (name, op) in arithmetic_names(&arg.rough(source)) {
                    if op {
                        flow.assigned.insert(name.clone(), arg.span);
                    }
                    flow.read.insert(name);
                }
            }
        }
        "unset" | "trap" => {
            for arg in args {
                guarded.insert(arg.rough(source));
            }
        }
        "set" => {
            for arg in args {
                let text = arg.rough(source);
                if text == "--" {
                    break;
                }
                flow.errexit |=
                    text == "errexit" || text.starts_with('-') && !text.starts_with("--") && text.contains('e');
            }
        }
        "." | "source" | "eval" => {}
        _ => {}
    }
}
