//! What an editor shows of whole files. `<|>` marks the places that are asked about.
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write;

use layerwright::dockerfile::parse;
use layerwright::edit::{self, CompletionOptions, Document, Symbol, TokenKind};
use layerwright::text::Span;

const MARK: &str = "<|>";

/// Line and column of an offset, from 1.
fn at(text: &str, offset: u32) -> String {
    let before = &text[..offset as usize];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    format!("{}:{}", before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn span(text: &str, span: Span) -> String {
    format!("{} {:?}", at(text, span.start), span.str_of(text))
}

fn outline(symbols: &[Symbol], depth: usize, out: &mut String) {
    for symbol in symbols {
        let detail = symbol.detail.as_deref().map_or(String::new(), |d| format!("  ({d})"));
        let _ = writeln!(out, "{}{:?} {}{detail}", "  ".repeat(depth), symbol.kind, symbol.name);
        outline(&symbol.children, depth + 1, out);
    }
}

/// The text with a letter under each character that has a colour.
fn colours(text: &str, document: &Document<'_>) -> String {
    let mut below = vec![b' '; text.len()];
    for token in edit::tokens(document) {
        let letter = match token.kind {
            TokenKind::Keyword => b'k',
            TokenKind::Parameter => b'p',
            TokenKind::Variable => b'v',
            TokenKind::String => b's',
            TokenKind::Operator => b'o',
            TokenKind::Comment => b'c',
            TokenKind::Class => b'g',
            TokenKind::Type => b'i',
            TokenKind::Number => b'n',
            TokenKind::Property => b'l',
            TokenKind::Macro => b'd',
            TokenKind::Function => b'f',
        };
        let letter = if token.definition { letter.to_ascii_uppercase() } else { letter };
        below[token.span.range()].fill(letter);
    }
    let below = String::from_utf8(below).unwrap();
    let mut out = String::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let _ = write!(out, "{}\n{}\n", line.trim_end(), below[start..start + line.len()].trim_end());
        start += line.len();
    }
    out
}

fn shown(marked: &str) -> String {
    let text = marked.replace(MARK, "");
    let file = parse(text.as_bytes());
    let document = Document::new(text.as_bytes(), &file);
    let mut out = "outline\n\n".to_owned();
    outline(&edit::symbols(&document), 0, &mut out);
    out.push_str("\nfolds\n\n");
    for fold in edit::folding(&document) {
        let _ = writeln!(out, "{:?} {} to {}", fold.kind, at(&text, fold.span.start), at(&text, fold.span.end));
    }
    let _ = write!(out, "\ncolours\n\n{}", colours(&text, &document));
    for (number, (place, _)) in marked.match_indices(MARK).enumerate() {
        let offset = (place - number * MARK.len()) as u32;
        let line = text[..offset as usize].matches('\n').count();
        let _ = write!(out, "\n{}  {}\n\n", at(&text, offset), text.lines().nth(line).unwrap_or("").trim());
        let found = edit::completions(&document, offset, &CompletionOptions::default());
        for (i, c) in found.iter().take(8).enumerate() {
            let detail = c.detail.as_deref().map_or(String::new(), |d| format!("  ({d})"));
            let place = if i == 0 { format!(", in place of {}", span(&text, c.span)) } else { String::new() };
            let _ = writeln!(out, "write {:?}{detail}{place}", c.insert);
        }
        if found.len() > 8 {
            let _ = writeln!(out, "… {} in all", found.len());
        }
        if let Some(hover) = edit::hover(&document, offset) {
            let _ = writeln!(out, "about {}", span(&text, hover.span));
            for line in hover.contents.lines().filter(|l| !l.is_empty()) {
                let _ = writeln!(out, "    {line}");
            }
        }
        if let Some(place) = edit::definition(&document, offset) {
            let _ = writeln!(out, "defined at {}", span(&text, place));
        }
        for reference in edit::references(&document, offset) {
            let _ = writeln!(out, "named at {}", span(&text, reference.span));
        }
        match edit::rename(&document, offset, "renamed") {
            Ok(edits) => drop(writeln!(out, "renamed by {} edits", edits.len())),
            Err(edit::RenameError::Nothing) => {}
            Err(error) => drop(writeln!(out, "not renamed: {error}")),
        }
    }
    out
}

#[test]
fn files_are_shown_as_recorded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/edit");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    names.sort();
    for path in names.iter().filter(|p| p.extension().is_some_and(|e| e == "Dockerfile")) {
        let text = std::fs::read_to_string(path).unwrap();
        insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown(&text));
    }
}
