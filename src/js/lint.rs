//! Lint, fix, rules and reports for JavaScript.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{error, options, required, text, to_js};
use crate::lint::report::{ReportFile, ReportFormat, ReportOptions, render};
use crate::lint::{self, Category, FixResult, Level, LintOptions, LintResult, ShellOptions, YamlError};

/// A rule as documentation shows it.
#[derive(Debug, Serialize, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RuleInfo {
    /// The code users know.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The default level.
    pub level: Level,
    /// What it is about.
    pub category: Category,
    /// The profiles in which it is on.
    pub profiles: Vec<lint::Profile>,
    /// One sentence.
    pub summary: String,
    /// The documentation, in Markdown.
    pub docs: String,
    /// Where more can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub url: Option<String>,
}

impl From<&lint::Rule> for RuleInfo {
    fn from(rule: &lint::Rule) -> Self {
        use lint::Profile::{All, Buildkit, Hadolint, Recommended, Strict};
        let profiles = [Recommended, Hadolint, Buildkit, Strict, All];
        Self {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            level: rule.level,
            category: rule.category,
            profiles: profiles.into_iter().filter(|p| rule.profiles.contains(*p)).collect(),
            summary: rule.summary().to_owned(),
            docs: dedent(rule.docs),
            url: rule.url(),
        }
    }
}

/// Doc comments begin each line with a space.
fn dedent(docs: &str) -> String {
    docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect::<Vec<_>>().join("\n")
}

fn config_error(e: YamlError) -> JsValue {
    #[derive(Serialize)]
    struct Details {
        line: usize,
    }
    error(e.code(), &format!("the configuration is not valid: {e}"), &Details { line: e.line })
}

/// Lints a Dockerfile.
#[wasm_bindgen(js_name = lint, unchecked_return_type = "LintResult")]
pub fn lint_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "LintOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: LintOptions = options(given)?;
    let result: LintResult = lint::lint(&text(source)?, &given).map_err(config_error)?;
    to_js(&result)
}

/// Applies the safe fixes.
#[wasm_bindgen(js_name = fix, unchecked_return_type = "FixResult")]
pub fn fix_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "LintOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: LintOptions = options(given)?;
    let bytes = text(source)?;
    let fixed: FixResult = lint::fix(&String::from_utf8_lossy(&bytes), &given).map_err(config_error)?;
    to_js(&fixed)
}

/// Lints the body of one RUN.
#[wasm_bindgen(js_name = lintShell, unchecked_return_type = "LintResult")]
pub fn lint_shell_js(
    script: &str,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "ShellOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: ShellOptions = options(given)?;
    to_js(&lint::lint_shell(script, &given))
}

/// All rules.
#[wasm_bindgen(unchecked_return_type = "RuleInfo[]")]
pub fn rules() -> Result<JsValue, JsValue> {
    to_js(&lint::rules::RULES.iter().map(|r| RuleInfo::from(*r)).collect::<Vec<_>>())
}

/// The rule of this code or name, in any case.
#[wasm_bindgen(unchecked_return_type = "RuleInfo | undefined")]
pub fn explain(code: &str) -> Result<JsValue, JsValue> {
    lint::rules::find(code).map_or(Ok(JsValue::UNDEFINED), |r| to_js(&RuleInfo::from(r)))
}

/// Prints findings in a format.
#[wasm_bindgen(js_name = renderReport)]
pub fn render_report(
    #[wasm_bindgen(unchecked_param_type = "ReportFormat")] format: &str,
    #[wasm_bindgen(unchecked_param_type = "ReportFile[]")] files: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "ReportOptions")] given: &JsValue,
) -> Result<String, JsValue> {
    #[derive(Deserialize)]
    struct Files {
        files: Vec<ReportFile>,
    }
    let given: ReportOptions = options(given)?;
    let format = ReportFormat::of(format).ok_or_else(|| {
        error(
            "ARGUMENT_INVALID",
            &format!("format: expected terminal, json, sarif, checkstyle, gnu or github, got {format}"),
            &(),
        )
    })?;
    let wrapper = js_sys::Object::new();
    js_sys::Reflect::set(&wrapper, &JsValue::from_str("files"), files)?;
    let files: Files = required(&wrapper)?;
    Ok(render(format, &files.files, given))
}
