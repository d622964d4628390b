//! Dockerfiles for JavaScript: the tree, words.

use super::{error, options, text, to_js};
use crate::dockerfile::{
    expand::{Expander, Expansion},
    parse, report,
    syntax::Escape,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

/// How to expand a word.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExpandOptions {
    /// The file's escape character, `\` or a backquote.
    #[tsify(optional, type = "\"\\\\\" | \"`\"")]
    pub escape: Option<String>,
    /// Keep quotes in the result.
    #[tsify(optional)]
    pub raw_quotes: bool,
    /// Keep escape characters in the result.
    #[tsify(optional)]
    pub raw_escapes: bool,
    /// Leave references to unset variables as written.
    #[tsify(optional)]
    pub skip_unset: bool,
    /// Give quotes no meaning.
    #[tsify(optional)]
    pub skip_quotes: bool,
}

/// What became of a word.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedWord {
    /// The whole, as one word.
    pub word: String,
    /// Split at white space that was not quoted.
    pub words: Vec<String>,
    /// Variables that were asked for and set, sorted.
    pub matched: Vec<String>,
    /// Variables that were asked for and not set, sorted.
    pub unmatched: Vec<String>,
}

impl From<Expansion> for ExpandedWord {
    fn from(e: Expansion) -> Self {
        let list = |set: std::collections::BTreeSet<String>| set.into_iter().collect();
        Self { word: e.word, words: e.words, matched: list(e.matched), unmatched: list(e.unmatched) }
    }
}

/// Parses a Dockerfile.
#[wasm_bindgen(js_name = parse, unchecked_return_type = "ParsedDockerfile")]
pub fn parse_js(#[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue) -> Result<JsValue, JsValue> {
    let source = text(source)?;
    to_js(&report::report(&parse(&source), &source))
}

/// Expands the variables, quotes and escapes of a word.
#[wasm_bindgen(js_name = expandWord, unchecked_return_type = "ExpandedWord")]
pub fn expand_word(
    word: &str,
    #[wasm_bindgen(unchecked_param_type = "Record<string, string>")] env: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "ExpandOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let env: BTreeMap<String, String> = options(env)?;
    let given: ExpandOptions = options(given)?;
    let expander = Expander {
        escape: match given.escape.as_deref() {
            None | Some("\\") => Escape::Backslash,
            Some("`") => Escape::Backquote,
            Some(other) => {
                let message = format!("options: escape is a backslash or a backquote, not {other}");
                return Err(error("OPTIONS_INVALID", &message, &()));
            }
        },
        raw_quotes: given.raw_quotes,
        raw_escapes: given.raw_escapes,
        skip_unset: given.skip_unset,
        skip_quotes: given.skip_quotes,
    };
    let expanded = expander.expand(word, &env).map_err(|e| error(e.code(), &e.to_string(), &()))?;
    to_js(&ExpandedWord::from(expanded))
}
