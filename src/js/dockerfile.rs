//! Dockerfiles for JavaScript: the tree, words, `.dockerignore`.

use super::{error, from_js, options, text, to_js};
use crate::dockerfile::{
    dockerignore::{self, IgnoreError, Matcher},
    expand::{Expander, Expansion},
    format::{FormatOptions, format},
    parse, parse_tree, report,
    syntax::Escape,
    table,
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

/// The written part of a Dockerfile's instructions as numbers: see `dockerfile::table`.
#[wasm_bindgen(js_name = parseTable)]
pub fn parse_table(source: &str) -> Vec<u32> {
    table::table(&parse_tree(source.as_bytes()), source)
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

/// Formats a Dockerfile.
#[wasm_bindgen(js_name = format)]
pub fn format_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "FormatOptions")] given: &JsValue,
) -> Result<String, JsValue> {
    let source = text(source)?;
    let given: FormatOptions = options(given)?;
    let source = std::str::from_utf8(&source).map_err(|e| {
        let message = format!("byte {} is not UTF-8: save the file as UTF-8, then format it", e.valid_up_to());
        error("FORMAT_NOT_UTF8", &message, &())
    })?;
    Ok(format(source, &given))
}

pub(super) fn ignore_error(e: &IgnoreError) -> JsValue {
    error(e.code(), &e.to_string(), &())
}

/// What `.dockerignore` says about a path.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreDecision {
    /// Whether the path is left out of the build context.
    pub ignored: bool,
    /// The pattern that decides; absent where none applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

fn string_list(value: &JsValue, name: &str) -> Result<Vec<String>, JsValue> {
    from_js(value).map_err(|_| error("ARGUMENT_INVALID", &format!("{name}: expected an array of strings"), &()))
}

/// Reads a `.dockerignore` into its patterns.
#[wasm_bindgen(js_name = readDockerignore)]
pub fn read_dockerignore(text: &str) -> Vec<String> {
    dockerignore::read(text)
}

/// Whether patterns leave a path out of the build context, and which one decides.
#[wasm_bindgen(js_name = matchDockerignore, unchecked_return_type = "IgnoreDecision")]
pub fn match_dockerignore(
    #[wasm_bindgen(unchecked_param_type = "string[]")] patterns: &JsValue,
    path: &str,
) -> Result<JsValue, JsValue> {
    let patterns = string_list(patterns, "patterns")?;
    let decision = Matcher::new(&patterns).and_then(|m| m.decide(path)).map_err(|e| ignore_error(&e))?;
    to_js(&IgnoreDecision {
        ignored: decision.is_some_and(|d| d.ignored),
        pattern: decision.and_then(|d| patterns.get(d.pattern).cloned()),
    })
}

/// What of these paths a build sends with this `.dockerignore`. Directories end in `/`.
#[wasm_bindgen(js_name = contextPaths)]
pub fn context_paths(
    #[wasm_bindgen(unchecked_param_type = "string[]")] paths: &JsValue,
    #[wasm_bindgen(js_name = dockerignore)] text: &str,
) -> Result<Vec<String>, JsValue> {
    let paths = string_list(paths, "paths")?;
    let matcher = Matcher::new(&dockerignore::read(text)).map_err(|e| ignore_error(&e))?;
    matcher.walk(&paths).map_err(|e| ignore_error(&e))
}
