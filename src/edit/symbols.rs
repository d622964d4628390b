//! The outline of a file.

use super::Document;
use crate::dockerfile::instruction::{Instruction, Pair};
use crate::dockerfile::syntax::{Heredoc, Node};
use crate::lint::context::Inst;
use crate::text::Span;

/// Something with a name and a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// What a list shows: the stage's name or base, the instruction's keyword, the variable.
    pub name: String,
    /// What is shown after it, in a line: the base, the command, the value.
    pub detail: Option<String>,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub span: Span,
    /// The part that names it.
    pub name_span: Span,
    /// What it holds, in order.
    pub children: Vec<Symbol>,
}

/// What a [`Symbol`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub enum SymbolKind {
    /// A parser directive.
    Directive,
    /// A stage with its instructions.
    Stage,
    /// An instruction.
    Instruction,
    /// A name that `ARG`, `ENV` or `LABEL` sets.
    Argument,
    /// A here-document.
    Heredoc,
}

/// Characters of a detail.
const DETAIL: usize = 80;

/// The directives, then what stands before the first stage, then the stages.
pub fn symbols(document: &Document<'_>) -> Vec<Symbol> {
    let leaf = |name: &str, detail: &str, kind, span, name_span| Symbol {
        name: name.to_owned(),
        detail: short(detail),
        kind,
        span,
        name_span,
        children: Vec::new(),
    };
    let mut out: Vec<Symbol> = document
        .file
        .directives
        .iter()
        .map(|d| leaf(d.name, &d.value, SymbolKind::Directive, d.span, d.name_span))
        .collect();
    for inst in document.cx.top() {
        if let (Instruction::From(from), Some(_)) = (&inst.read, inst.stage) {
            let name = from.name.unwrap_or(from.image);
            let name_span = if name.text.is_empty() { inst.node.keyword.span } else { name.span };
            let name = if name.text.is_empty() { inst.node.kind.name() } else { name.text };
            let detail = if from.name.is_some() { from.image.text } else { "" };
            let stage = leaf(name, detail, SymbolKind::Stage, inst.node.span, name_span);
            out.push(stage);
            continue;
        }
        let symbol = instruction(inst);
        match out.last_mut().filter(|s| s.kind == SymbolKind::Stage) {
            Some(stage) => {
                stage.span = stage.span.to(symbol.span);
                stage.children.push(symbol);
            }
            None => out.push(symbol),
        }
    }
    out
}

fn instruction(inst: &Inst<'_>) -> Symbol {
    let node = inst.node;
    let mut symbol = Symbol {
        name: node.keyword.text.to_uppercase(),
        detail: short(node.rest()),
        kind: SymbolKind::Instruction,
        span: node.span,
        name_span: node.keyword.span,
        children: Vec::new(),
    };
    if let Instruction::Arg(pairs) | Instruction::Env(pairs) | Instruction::Label(pairs) = &inst.read {
        symbol.children.extend(pairs.iter().filter(|p| !p.key.text.is_empty()).map(|p| argument(node, p)));
    }
    symbol.children.extend(node.heredocs.iter().map(|h| heredoc(node, h)));
    symbol
}

fn argument(node: &Node, pair: &Pair<'_>) -> Symbol {
    let value = pair.value.filter(|v| !v.text.is_empty());
    let end = value.map_or(pair.key.span, |v| v.span);
    Symbol {
        name: pair.key.text.to_owned(),
        detail: value.and_then(|v| short(v.text)),
        kind: SymbolKind::Argument,
        span: clamp(pair.key.span.to(end), node.span),
        name_span: pair.key.span,
        children: Vec::new(),
    }
}

fn heredoc(node: &Node<'_>, heredoc: &Heredoc) -> Symbol {
    Symbol {
        name: heredoc.name.clone().into_owned(),
        detail: heredoc.content.lines().find(|l| !l.trim().is_empty()).and_then(short),
        kind: SymbolKind::Heredoc,
        // One that is not closed ends with the file.
        span: clamp(heredoc.span.to(heredoc.terminator), node.span),
        name_span: heredoc.span,
        children: Vec::new(),
    }
}

fn clamp(span: Span, outer: Span) -> Span {
    Span { start: span.start.max(outer.start), end: span.end.min(outer.end).max(outer.start) }
}

/// The text as one short line; `None` where there is none.
fn short(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if count > 0 {
            out.push(' ');
        }
        if count + length > DETAIL {
            out.extend(word.chars().take(DETAIL.saturating_sub(count)));
            out.push('…');
            break;
        }
        out.push_str(word);
        count += length + 1;
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    #[test]
    fn the_outline_nests_instructions_in_stages() {
        let text = "# syntax=docker/dockerfile:1\nARG V=1 W\nFROM a:$V AS base\nENV A=1 B=\"2 3\"\nRUN <<E cat\nx\nE\nFROM base\n";
        let file = parse(text.as_bytes());
        let got = symbols(&Document::new(text.as_bytes(), &file));
        let names: Vec<_> = got.iter().map(|s| (s.name.as_str(), s.detail.as_deref(), s.kind)).collect();
        assert_eq!(
            names,
            [
                ("syntax", Some("docker/dockerfile:1"), SymbolKind::Directive),
                ("ARG", Some("V=1 W"), SymbolKind::Instruction),
                ("base", Some("a:$V"), SymbolKind::Stage),
                ("base", None, SymbolKind::Stage),
            ]
        );
        let inner: Vec<_> = got[2].children.iter().flat_map(|c| &c.children).map(|c| c.name.as_str()).collect();
        assert_eq!(inner, ["A", "B", "E"]);
        assert_eq!(got[2].children[0].children[1].span.str_of(text), "B=\"2 3\"");
        assert!(got[2].span.str_of(text).ends_with("x\nE"));
        assert_eq!(short(&"word ".repeat(40)).unwrap().chars().count(), 81);
    }
}
