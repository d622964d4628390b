//! Plans for JavaScript.

use super::dockerfile::ignore_error;
use super::{error, options, text, to_js};
use crate::check;
use crate::dockerfile::{parse, report};
use crate::plan::{self, report::PlanOptions};
use crate::text::LineIndex;
use wasm_bindgen::prelude::*;

/// Plans a build.
#[wasm_bindgen(js_name = plan, unchecked_return_type = "PlanReport")]
pub fn plan_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "PlanOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let source = text(source)?;
    let given: PlanOptions = options(given)?;
    let read = given.read().map_err(|e| error(e.code(), &e.to_string(), &()))?;
    let made = check::plan(&source, &parse(&source), &read, given.dockerignore.as_deref());
    if let Some(refused) = made.error.as_ref().filter(|_| !given.partial) {
        let details = report::ParsedDiagnostic::new(refused, &LineIndex::new(&source));
        let message = match &refused.help {
            Some(help) => format!("line {}: {}; {help}", refused.lines.from, refused.message),
            None => format!("line {}: {}", refused.lines.from, refused.message),
        };
        return Err(error(refused.code, &message, &details));
    }
    to_js(&plan::report::report(&made, &source, &given).map_err(|e| ignore_error(&e))?)
}
