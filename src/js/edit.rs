//! Editing services for JavaScript: offsets in UTF-16 both ways.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{error, options, text, to_js};
use crate::dockerfile::parse;
use crate::edit::{self, CompletionKind, CompletionOptions, Document, FoldKind, Symbol, SymbolKind, TokenKind};
use crate::lint::FindingEdit;
use crate::text::{LineIndex, Span};

/// A stretch of the text, in UTF-16 offsets.
#[derive(Debug, Clone, Copy, Serialize, tsify::Tsify)]
pub struct TextRange {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// Something that can be written at a place. `start` and `end` are UTF-16 offsets of what it replaces, in one line.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct Completion {
    /// What a list shows.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub detail: Option<String>,
    /// What it means, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub documentation: Option<String>,
    /// What is written.
    pub insert: String,
    /// Where what it replaces begins.
    pub start: u32,
    /// Where that ends.
    pub end: u32,
}

/// What the thing at a place is.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct Hover {
    /// Markdown.
    pub contents: String,
    /// Where the thing begins, in UTF-16 units.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// An entry of the outline, in UTF-16 offsets.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct DocumentSymbol {
    /// The stage's name or base, the instruction's keyword, the variable.
    pub name: String,
    /// What is shown after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub detail: Option<String>,
    /// What it is.
    pub kind: SymbolKind,
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Where its name begins.
    pub name_start: u32,
    /// Where its name ends.
    pub name_end: u32,
    /// What it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[tsify(optional)]
    pub children: Vec<DocumentSymbol>,
}

/// A place that names a stage or a variable, in UTF-16 offsets.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct Reference {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// It is defined here.
    pub definition: bool,
}

/// What would be renamed, in UTF-16 offsets.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct RenameTarget {
    /// Where it is named: at the place asked about.
    pub start: u32,
    /// Where that ends.
    pub end: u32,
    /// The name it has.
    pub name: String,
}

/// Lines that can be folded: from the end of the line that holds `start`, to `end`. UTF-16 offsets.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct FoldingRange {
    /// In the line that stays.
    pub start: u32,
    /// The end of the last line that goes.
    pub end: u32,
    /// What is folded.
    pub kind: FoldKind,
}

/// What a piece of text is, in UTF-16 offsets. It is inside one line.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct SemanticToken {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What it is, in the words of the Language Server Protocol.
    #[serde(rename = "type")]
    pub kind: TokenKind,
    /// `declaration` where a stage or variable is given its name.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[tsify(optional, type = "\"declaration\"[]")]
    pub modifiers: &'static [&'static str],
}

/// A text and its offsets.
struct Place<'a>(LineIndex<'a>);

impl Place<'_> {
    fn range(&self, span: Span) -> TextRange {
        TextRange { start: self.0.position(span.start).offset, end: self.0.position(span.end).offset }
    }

    fn symbol(&self, symbol: Symbol) -> DocumentSymbol {
        let (TextRange { start, end }, name) = (self.range(symbol.span), self.range(symbol.name_span));
        DocumentSymbol {
            name: symbol.name,
            detail: symbol.detail,
            kind: symbol.kind,
            start,
            end,
            name_start: name.start,
            name_end: name.end,
            children: symbol.children.into_iter().map(|c| self.symbol(c)).collect(),
        }
    }
}

/// Parses a text and asks about it.
fn ask<T: Serialize>(
    source: &JsValue,
    work: impl FnOnce(&Document<'_>, &Place<'_>) -> Option<T>,
) -> Result<JsValue, JsValue> {
    let source = text(source)?;
    let file = parse(&source);
    match work(&Document::new(&source, &file), &Place(LineIndex::new(&source))) {
        Some(answer) => to_js(&answer),
        None => Ok(JsValue::UNDEFINED),
    }
}

/// What can be written at an offset.
#[wasm_bindgen(unchecked_return_type = "Completion[]")]
pub fn completions(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    offset: u32,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "CompletionOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: CompletionOptions = options(given)?;
    ask(source, |document, place| {
        let found = edit::completions(document, place.0.byte_offset(offset), &given);
        let answer = found.into_iter().map(|c| {
            let TextRange { start, end } = place.range(c.span);
            let edit::Completion { label, kind, detail, documentation, insert, .. } = c;
            Completion { label, kind, detail, documentation, insert, start, end }
        });
        Some(answer.collect::<Vec<_>>())
    })
}

/// What the thing at an offset is.
#[wasm_bindgen(unchecked_return_type = "Hover | undefined")]
pub fn hover(#[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue, offset: u32) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        let found = edit::hover(document, place.0.byte_offset(offset))?;
        let TextRange { start, end } = place.range(found.span);
        Some(Hover { contents: found.contents, start, end })
    })
}

/// The outline.
#[wasm_bindgen(unchecked_return_type = "DocumentSymbol[]")]
pub fn symbols(#[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        Some(edit::symbols(document).into_iter().map(|s| place.symbol(s)).collect::<Vec<_>>())
    })
}

/// Where the thing at an offset is defined.
#[wasm_bindgen(unchecked_return_type = "TextRange | undefined")]
pub fn definition(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    offset: u32,
) -> Result<JsValue, JsValue> {
    ask(source, |document, place| Some(place.range(edit::definition(document, place.0.byte_offset(offset))?)))
}

/// Where the thing at an offset is named.
#[wasm_bindgen(unchecked_return_type = "Reference[]")]
pub fn references(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    offset: u32,
) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        let found = edit::references(document, place.0.byte_offset(offset));
        let answer = found.into_iter().map(|r| {
            let TextRange { start, end } = place.range(r.span);
            Reference { start, end, definition: r.definition }
        });
        Some(answer.collect::<Vec<_>>())
    })
}

/// What would be renamed at an offset.
#[wasm_bindgen(js_name = prepareRename, unchecked_return_type = "RenameTarget | undefined")]
pub fn prepare_rename(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    offset: u32,
) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        let found = edit::prepare_rename(document, place.0.byte_offset(offset))?;
        let TextRange { start, end } = place.range(found.span);
        Some(RenameTarget { start, end, name: found.name })
    })
}

/// The edits that rename the thing at an offset.
#[wasm_bindgen(unchecked_return_type = "TextEdit[]")]
pub fn rename(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    offset: u32,
    #[wasm_bindgen(js_name = newName)] new_name: &str,
) -> Result<JsValue, JsValue> {
    let mut refused = None;
    let answer = ask(source, |document, place| {
        let made = edit::rename(document, place.0.byte_offset(offset), new_name);
        let edits = made.map_err(|e| refused = Some(error(e.code(), &e.to_string(), &()))).ok()?;
        let edit = |e: crate::lint::rule::Edit| {
            let TextRange { start, end } = place.range(e.span);
            FindingEdit { start, end, text: e.text }
        };
        Some(edits.into_iter().map(edit).collect::<Vec<_>>())
    })?;
    refused.map_or(Ok(answer), Err)
}

/// What can be folded.
#[wasm_bindgen(unchecked_return_type = "FoldingRange[]")]
pub fn folding(#[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        let answer = edit::folding(document).into_iter().map(|f| {
            let TextRange { start, end } = place.range(f.span);
            FoldingRange { start, end, kind: f.kind }
        });
        Some(answer.collect::<Vec<_>>())
    })
}

/// What each piece of text is.
#[wasm_bindgen(js_name = semanticTokens, unchecked_return_type = "SemanticToken[]")]
pub fn semantic_tokens(#[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue) -> Result<JsValue, JsValue> {
    ask(source, |document, place| {
        let answer = edit::tokens(document).into_iter().map(|t| {
            let TextRange { start, end } = place.range(t.span);
            let modifiers: &[&str] = if t.definition { &["declaration"] } else { &[] };
            SemanticToken { start, end, kind: t.kind, modifiers }
        });
        Some(answer.collect::<Vec<_>>())
    })
}
