//! What several rules about scripts need.

use std::borrow::Cow;

use crate::lint::context::{Dialect, ShellContext};
use crate::shell::{Command, CommandKind, List, Node, Part, PartKind, Pipeline, Role, Simple, Word};

/// The simple command of a node, with its command.
pub(crate) fn simple<'t>(node: &Node<'t>) -> Option<(&'t Simple, &'t Command)> {
    match node {
        Node::Command(command) => command.simple().map(|s| (s, *command)),
        _ => None,
    }
}

/// The name of a simple command, its directory left out; `None` where it is not literal.
pub(crate) fn name<'t>(cx: &ShellContext<'t>, simple: &Simple) -> Option<Cow<'t, str>> {
    let base = |path: &str| path.bytes().rposition(|b| b == b'/').map_or(0, |slash| slash + 1);
    // Almost every name is one literal part, and then nothing is copied.
    Some(match simple.words.first()?.literal(&cx.script.source)? {
        Cow::Borrowed(path) => Cow::Borrowed(path.get(base(path)..).unwrap_or("")),
        Cow::Owned(mut path) => Cow::Owned(path.split_off(base(&path))),
    })
}

/// The simple command of this name, and its arguments.
pub(crate) fn call<'t>(cx: &ShellContext<'_>, node: &Node<'t>, names: &[&str]) -> Option<(&'t Simple, &'t [Word])> {
    let (simple, _) = simple(node)?;
    let name = name(cx, simple)?;
    names.contains(&name.as_ref()).then(|| (simple, simple.words.get(1..).unwrap_or(&[])))
}

/// The rough text of a word.
pub(crate) fn rough(cx: &ShellContext<'_>, word: &Word) -> String {
    word.rough(&cx.script.source)
}

/// Letters of short flags and names of long ones, up to `--`.
pub(crate) fn flags(cx: &ShellContext<'_>, args: &[Word]) -> Vec<String> {
    let mut out = Vec::new();
    for arg in args {
        let text = arg.literal(&cx.script.source).unwrap_or_default();
        if text == "--" {
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            out.push(long.split('=').next().unwrap_or("").to_owned());
        } else if let Some(short) = text.strip_prefix('-') {
            out.extend(short.chars().map(String::from));
        }
    }
    out
}

/// Whether an expansion at this place is split by the shell, so that quotes would change something.
pub(crate) fn is_split(cx: &ShellContext<'_>, quoted: bool, parents: &[Node<'_>]) -> bool {
    if quoted {
        return false;
    }
    for (depth, node) in parents.iter().enumerate().rev() {
        match node {
            Node::Part(part, _) => match &part.kind {
                PartKind::DoubleQuoted(_) | PartKind::Arithmetic(_) | PartKind::Parameter(_) => return false,
                _ => {}
            },
            Node::Heredoc(_) => return false,
            Node::Word(word, role) => match role {
                Role::Value | Role::Subject | Role::Pattern | Role::Loop | Role::Test => return false,
                Role::Argument(_) => return !is_declared_value(cx, word, parents.get(..depth).unwrap_or(&[])),
                Role::Element | Role::CommandName | Role::Target => {}
            },
            Node::Command(_) => return true,
            _ => {}
        }
    }
    true
}

/// `export NAME=…` where the shell does not split the value.
fn is_declared_value(cx: &ShellContext<'_>, word: &Word, parents: &[Node<'_>]) -> bool {
    if cx.dialect == Dialect::Sh {
        return false;
    }
    let declares = parents.last().and_then(simple).and_then(|(s, _)| name(cx, s)).is_some_and(|n| is_declaration(&n));
    declares && crate::lint::flow::split_assignment(word, &cx.script.source).is_some()
}

/// Commands that take assignments as arguments.
pub(crate) fn is_declaration(name: &str) -> bool {
    matches!(name, "export" | "local" | "declare" | "readonly" | "typeset")
}

/// The part is all of the word that names a command.
pub(crate) fn is_whole_command_name(parents: &[Node<'_>]) -> bool {
    for node in parents.iter().rev() {
        match node {
            Node::Part(part, _) => match &part.kind {
                PartKind::DoubleQuoted(parts) if parts.len() == 1 => {}
                _ => return false,
            },
            Node::Word(word, role) => return *role == Role::CommandName && word.parts.len() == 1,
            _ => return false,
        }
    }
    false
}

/// The only command of a list, where that is simple.
pub(crate) fn only_simple(list: &List) -> Option<&Simple> {
    match list.items.as_slice() {
        [item] if item.and_or.rest.is_empty() => item.and_or.first.single()?.simple(),
        _ => None,
    }
}

/// The first command of the only pipeline of a list, where that is simple.
pub(crate) fn first_simple(list: &List) -> Option<(&Pipeline, &Simple)> {
    match list.items.as_slice() {
        [item] if item.and_or.rest.is_empty() => {
            let first = item.and_or.first.commands.first()?;
            Some((&item.and_or.first, first.simple()?))
        }
        _ => None,
    }
}

/// The body of a word that is one command substitution, quoted or not.
pub(crate) fn only_substitution(word: &Word) -> Option<(&List, &Part)> {
    match word.parts.as_slice() {
        [part] => match &part.kind {
            PartKind::CommandSubstitution { body, .. } => Some((body, part)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the node is tested: its status decides what runs next.
pub(crate) fn is_condition(node: &Node<'_>, parents: &[Node<'_>]) -> bool {
    let mut child: Node<'_> = *node;
    for parent in parents.iter().rev() {
        let inside = |list: &List| matches!(child, Node::List(l) if std::ptr::eq(l, list));
        let hit = match parent {
            Node::AndOr(and_or) => match child {
                Node::Pipeline(p) => {
                    !and_or.rest.is_empty() && !and_or.rest.last().is_some_and(|(_, l)| std::ptr::eq(l, p))
                }
                _ => false,
            },
            Node::List(list) => {
                // Only the last command of a condition decides.
                let Node::AndOr(and_or) = child else { continue };
                if !list.items.last().is_some_and(|i| std::ptr::eq(&raw const i.and_or, and_or)) {
                    child = Node::List(&EMPTY);
                    continue;
                }
                false
            }
            Node::Command(Command { kind, .. }) => match kind {
                CommandKind::If { branches, .. } => branches.iter().any(|(c, _)| inside(c)),
                CommandKind::While { condition, .. } => inside(condition),
                _ => false,
            },
            _ => false,
        };
        if hit {
            return true;
        }
        child = *parent;
    }
    false
}

static EMPTY: List = List { items: Vec::new(), span: crate::text::Span { start: 0, end: 0 } };

/// Words of `[ … ]` or `test`, and of `[[ … ]]`, in order.
pub(crate) fn test_words<'t>(cx: &ShellContext<'_>, node: &Node<'t>) -> Option<(Vec<&'t Word>, bool)> {
    let Node::Command(command) = node else { return None };
    match &command.kind {
        CommandKind::Simple(simple) => {
            let name = simple.words.first()?.literal(&cx.script.source)?;
            if !matches!(name.as_ref(), "[" | "test") {
                return None;
            }
            let mut words: Vec<&Word> = simple.words.iter().skip(1).collect();
            if name == "[" && words.last().is_some_and(|w| rough(cx, w) == "]") {
                words.pop();
            }
            Some((words, false))
        }
        CommandKind::Test(tokens) => Some((
            tokens
                .iter()
                .filter_map(|t| match t {
                    crate::shell::TestToken::Word(w) => Some(w),
                    crate::shell::TestToken::Operator(_) => None,
                })
                .collect(),
            true,
        )),
        _ => None,
    }
}
